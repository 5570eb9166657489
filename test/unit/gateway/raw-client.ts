import assert from 'node:assert/strict';
import { after, type Instant, instant } from '../../../core/base/time.ts';
import { utf8 } from '../../../core/base/utf8.ts';
import { defaultEspProposals, defaultIkeProposals } from '../../../core/crypto/default-proposals.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import type { Gateway, GatewayOutput } from '../../../core/gateway/io.ts';
import type { ChannelKeys } from '../../../core/gateway/sa-channel.ts';
import type { Association } from '../../../core/ike/association.ts';
import { selectorOf } from '../../../core/ike/child-wishes.ts';
import { espProposals } from '../../../core/ike/negotiate.ts';
import { createProtection, type Protection } from '../../../core/ike/protection.ts';
import { IkeInitTask } from '../../../core/ike/tasks/ike-init.ts';
import { decodeMessage, sealMessage, unsealMessage } from '../../../core/wire/ike/message.ts';
import type { IkeMessage, Payload } from '../../../core/wire/ike/payload.ts';
import { exchangeType } from '../../../core/wire/registry/exchange-types.ts';
import { endpoint, prefix } from './network.ts';

const crypto = nodeCryptoProvider();
const random = seededRandom(99);
const from = endpoint('203.0.113.50', 5_000);

/** A client that has done IKE_SA_INIT and then says whatever a test wants, well sealed. */
export class RawClient {
  readonly gateway: Gateway;
  /** The IKE SA that IKE_SA_INIT made. */
  readonly association: Association;
  readonly outputs: GatewayOutput[] = [];
  now: Instant = instant(1_000);
  /** The IKE SA that `request` uses. */
  sa: RawIkeSa;

  constructor(gateway: Gateway) {
    this.gateway = gateway;
    const config = {
      local: endpoint('192.168.1.5', 5_000),
      remote: endpoint('198.51.100.1', 500),
      localIdentity: { type: 2, data: utf8.encode('alice') },
      trustAnchors: [],
      ikeProposals: defaultIkeProposals,
      espProposals: defaultEspProposals,
      remoteNetworks: [],
    };
    const createEapPeer = () => assert.fail('no EAP here');
    const task = new IkeInitTask(config, { crypto, random, createEapPeer }, 0x1234n);
    gateway.handle(task.build({ group: 19 }), from, 'ike', this.now);
    const octets = this.sent().at(-1) ?? assert.fail('no answer to IKE_SA_INIT');
    const message = decodeMessage(octets);
    assert.ok(message.ok && message.value.encrypted === undefined);
    const association = task.process(message.value, octets);
    assert.ok(association.ok);
    this.association = association.value;
    this.sa = new RawIkeSa({ role: 'initiator', ...association.value }, 1);
  }

  /** Sends a request and opens its answer; `undefined` when there is none. */
  request(exchange: number, payloads: readonly Payload[]): IkeMessage | undefined {
    this.send(this.sa.request(exchange, payloads));
    const answer = this.sent().at(-1);
    return answer === undefined ? undefined : this.sa.open(answer);
  }

  send(octets: Uint8Array): void {
    this.gateway.handle(octets, from, 'nat-traversal', this.now);
  }

  /** Lets time pass. */
  sleep(milliseconds: number): void {
    this.now = after(this.now, milliseconds);
    this.gateway.timeout(this.now);
  }

  /** What a client says first: who it is and what it wants. */
  static firstRequest(): readonly Payload[] {
    const everything = [selectorOf(prefix('0.0.0.0/0')), selectorOf(prefix('::/0'))];
    return [
      { kind: 'IDi', type: 2, data: utf8.encode('alice') },
      { kind: 'CP', type: 1, attributes: [{ type: 1, value: new Uint8Array(0) }] },
      { kind: 'SA', proposals: espProposals(defaultEspProposals, Uint8Array.of(1, 2, 3, 4)) },
      { kind: 'TSi', selectors: everything },
      { kind: 'TSr', selectors: everything },
    ];
  }

  authenticate(payloads: readonly Payload[]): IkeMessage | undefined {
    return this.request(exchangeType.IKE_AUTH, payloads);
  }

  /** The datagrams that the gateway has sent since the last call. */
  sent(): Uint8Array[] {
    const sent: Uint8Array[] = [];
    for (let output = this.gateway.poll(); output !== undefined; output = this.gateway.poll()) {
      this.outputs.push(output);
      if (output.kind === 'transmit') sent.push(output.octets);
    }
    return sent;
  }

  /** The CHILD SAs that are gone once nothing of theirs can be on its way any more, by the gateway's inbound SPI. */
  removed(): number[] {
    this.sleep(3_000);
    this.sent();
    return this.all('child-remove').map(({ inboundSpi }) => inboundSpi);
  }

  all<Kind extends GatewayOutput['kind']>(kind: Kind): Extract<GatewayOutput, { kind: Kind }>[] {
    return this.outputs.filter(
      (output): output is Extract<GatewayOutput, { kind: Kind }> => output.kind === kind,
    );
  }
}

/** One IKE SA by hand: it seals and opens, and counts its own requests. */
export class RawIkeSa {
  readonly keys: ChannelKeys;
  #nextId: number;
  readonly #protection: Protection;

  constructor(keys: ChannelKeys, firstId: number) {
    this.keys = keys;
    this.#nextId = firstId;
    const { initiator, responder } = keys.keys;
    const turned =
      keys.role === 'initiator' ? keys.keys : { ...keys.keys, initiator: responder, responder: initiator };
    this.#protection = createProtection(keys.suite.cipher, turned, random);
  }

  request(exchange: number, payloads: readonly Payload[]): Uint8Array {
    return this.#seal(exchange, false, this.#nextId++, payloads);
  }

  response({ header }: IkeMessage, payloads: readonly Payload[]): Uint8Array {
    return this.#seal(header.exchange, true, header.messageId, payloads);
  }

  open(octets: Uint8Array): IkeMessage {
    const sealed = decodeMessage(octets);
    assert.ok(sealed.ok && sealed.value.encrypted !== undefined);
    assert.equal(sealed.value.header.fromInitiator, this.keys.role === 'responder');
    const key = { cipher: this.#protection.cipher, key: this.#protection.inbound };
    const message = unsealMessage(sealed.value.encrypted, key);
    assert.ok(message.ok);
    return message.value;
  }

  #seal(exchange: number, isResponse: boolean, messageId: number, payloads: readonly Payload[]): Uint8Array {
    const { initiator, responder } = this.keys.spis;
    const header = {
      initiatorSpi: initiator,
      responderSpi: responder,
      majorVersion: 2,
      minorVersion: 0,
      exchange,
      fromInitiator: this.keys.role === 'initiator',
      isResponse,
      messageId,
    };
    const key = { cipher: this.#protection.cipher, key: this.#protection.outbound };
    return sealMessage({ header, payloads }, key, this.#protection.nextIv());
  }
}
