import assert from 'node:assert/strict';
import { instant } from '../../../core/base/time.ts';
import { utf8 } from '../../../core/base/utf8.ts';
import { defaultEspProposals, defaultIkeProposals } from '../../../core/crypto/default-proposals.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import type { Gateway, GatewayOutput } from '../../../core/gateway/io.ts';
import { selectorOf } from '../../../core/gateway/narrow.ts';
import type { Association } from '../../../core/ike/association.ts';
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
const now = instant(1_000);

/** A client that has done IKE_SA_INIT and then says whatever a test wants, well sealed. */
export class RawClient {
  readonly gateway: Gateway;
  readonly association: Association;
  readonly outputs: GatewayOutput[] = [];
  readonly #protection: Protection;
  #messageId = 1;

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
    gateway.handle(task.build({ group: 19 }), from, 'ike', now);
    const octets = this.#sent() ?? assert.fail('no answer to IKE_SA_INIT');
    const message = decodeMessage(octets);
    assert.ok(message.ok && message.value.encrypted === undefined);
    const association = task.process(message.value, octets);
    assert.ok(association.ok);
    this.association = association.value;
    const { suite, keys } = this.association;
    this.#protection = createProtection(suite.cipher, keys, random);
  }

  /** Sends a request and opens its answer; `undefined` when there is none. */
  request(exchange: number, payloads: readonly Payload[]): IkeMessage | undefined {
    const header = this.#header(exchange, this.#messageId++);
    const key = { cipher: this.#protection.cipher, key: this.#protection.outbound };
    const octets = sealMessage({ header, payloads }, key, this.#protection.nextIv());
    this.gateway.handle(octets, from, 'nat-traversal', now);
    const answer = this.#sent();
    return answer === undefined ? undefined : this.open(answer);
  }

  open(octets: Uint8Array): IkeMessage {
    const sealed = decodeMessage(octets);
    assert.ok(sealed.ok && sealed.value.encrypted !== undefined);
    const key = { cipher: this.#protection.cipher, key: this.#protection.inbound };
    const message = unsealMessage(sealed.value.encrypted, key);
    assert.ok(message.ok);
    return message.value;
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

  #header(exchange: number, messageId: number) {
    const { initiator, responder } = this.association.spis;
    return {
      initiatorSpi: initiator,
      responderSpi: responder,
      majorVersion: 2,
      minorVersion: 0,
      exchange,
      fromInitiator: true,
      isResponse: false,
      messageId,
    };
  }

  /** The last datagram that the gateway sent. */
  #sent(): Uint8Array | undefined {
    let last: Uint8Array | undefined;
    for (let output = this.gateway.poll(); output !== undefined; output = this.gateway.poll()) {
      this.outputs.push(output);
      if (output.kind === 'transmit') last = output.octets;
    }
    return last;
  }
}
