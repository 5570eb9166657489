import assert from 'node:assert/strict';
import { defaultIkeProposals } from '../../../core/crypto/default-proposals.ts';
import type { CryptoProvider, KeyExchangeSecret } from '../../../core/crypto/interfaces.ts';
import type { SecuredIke } from '../../../core/ike/association.ts';
import type { IkeConfig } from '../../../core/ike/config.ts';
import type { IkeOutput } from '../../../core/ike/io.ts';
import {
  type ChildKeys,
  deriveChildKeys,
  deriveIkeKeys,
  deriveRekeyedSkeyseed,
  type NoncePair,
  spiOctets,
} from '../../../core/ike/keymat.ts';
import { chosenIkeSuite, ikeProposals } from '../../../core/ike/negotiate.ts';
import { notifyOf, payloadOf } from '../../../core/wire/ike/lookup.ts';
import { decodeMessage, sealMessage, unsealMessage } from '../../../core/wire/ike/message.ts';
import type {
  IkeMessage,
  NotifyPayload,
  Payload,
  TrafficSelector,
  Transform,
} from '../../../core/wire/ike/payload.ts';
import { exchangeType } from '../../../core/wire/registry/exchange-types.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { type Output, Scenario, type Script } from './scenario.ts';
import { selector } from './scripted-responder.ts';

/** The lowest and the highest nonce that there is: they decide a collision. @rfc 7296 2.8.1 */
export const low = new Uint8Array(32);
export const high = new Uint8Array(32).fill(0xff);

const ecp256 = 19;
const aes256gcm16 = { type: 1, id: 20, keyBits: 256 } as const;

export function espOctets(spi: number): Uint8Array {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, spi);
  return octets;
}

/** N of type with the SPI of a CHILD SA. */
export function childNotify(type: number, spi: number): NotifyPayload {
  return { kind: 'N', protocol: 3, spi: espOctets(spi), type, data: new Uint8Array(0) };
}

/** One IKE SA as the peer has it; the peer may be its initiator. */
export class PeerLink {
  readonly ike: SecuredIke;
  readonly #initiator: boolean;
  readonly #scenario: Scenario;
  #nextId = 0;
  #nextIv = 1n << 32n;

  constructor(scenario: Scenario, ike: SecuredIke, initiator: boolean) {
    this.#scenario = scenario;
    this.ike = ike;
    this.#initiator = initiator;
  }

  /** What the engine sent on this IKE SA. */
  open(octets: Uint8Array): IkeMessage {
    const decoded = decodeMessage(octets);
    assert.ok(decoded.ok && decoded.value.encrypted !== undefined, 'a protected message');
    const { header } = decoded.value;
    assert.equal(header.initiatorSpi, this.ike.spis.initiator);
    assert.equal(header.responderSpi, this.ike.spis.responder);
    assert.equal(header.fromInitiator, !this.#initiator, 'the Initiator flag');
    const { cipher } = this.ike.suite;
    const key = cipher.open(this.#initiator ? this.ike.keys.responder : this.ike.keys.initiator);
    const message = unsealMessage(decoded.value.encrypted, { cipher, key });
    assert.ok(message.ok, 'sealed with the right key');
    return message.value;
  }

  /** What the engine sent last. */
  last(): IkeMessage {
    return this.open(this.#scenario.sent());
  }

  answer(payloads: readonly Payload[], octets = this.#scenario.sent()): void {
    this.#scenario.deliver(this.sealAnswer(payloads, octets));
  }

  sealAnswer(payloads: readonly Payload[], octets = this.#scenario.sent()): Uint8Array {
    const { messageId, exchange } = this.open(octets).header;
    return this.#seal(payloads, exchange, messageId, true);
  }

  request(payloads: readonly Payload[], exchange: number = exchangeType.INFORMATIONAL): void {
    this.#scenario.deliver(this.#seal(payloads, exchange, this.#nextId++, false));
  }

  #seal(payloads: readonly Payload[], exchange: number, messageId: number, isResponse: boolean): Uint8Array {
    const { suite, keys, spis } = this.ike;
    const iv = new Uint8Array(suite.cipher.ivOctets);
    new DataView(iv.buffer).setBigUint64(0, this.#nextIv++);
    const header = {
      initiatorSpi: spis.initiator,
      responderSpi: spis.responder,
      majorVersion: 2,
      minorVersion: 0,
      exchange,
      fromInitiator: this.#initiator,
      isResponse,
      messageId,
    };
    const key = suite.cipher.open(this.#initiator ? keys.initiator : keys.responder);
    return sealMessage({ header, payloads }, { cipher: suite.cipher, key }, iv);
  }
}

/** A CHILD SA as the peer has it. */
export interface PeerChild {
  /** The engine's inbound SPI. */
  readonly inbound: number;
  /** The peer's own. */
  readonly outbound: number;
  readonly keys: ChildKeys;
}

/** An established engine and a peer that rekeys: all that RFC 7296 2.8 lets two sides do to each other. */
export class RekeyScenario extends Scenario {
  link: PeerLink;
  #lastSpi = 0xd000_0000;
  #lastIkeSpi = 0xaa00n;

  constructor(config: Partial<IkeConfig> = {}, crypto?: CryptoProvider, script: Script = {}) {
    super(script, { earlyRekeyMs: 'off', livenessMs: 100_000_000, ...config }, crypto);
    this.to('established');
    const { suite, keys, initiatorSpi } = this.responder.association;
    const spis = { initiator: initiatorSpi, responder: this.responder.spi };
    this.link = new PeerLink(this, { suite, keys, spis }, false);
    this.fresh();
  }

  /** The CHILD SA of the login. */
  get first(): { readonly inbound: number; readonly outbound: number } {
    const { child } = this.installed(0);
    return { inbound: child.inbound.spi, outbound: child.outbound.spi };
  }

  installed(index: number): Output<'child-install'> {
    const output = this.all('child-install').at(index);
    assert.ok(output !== undefined, `${index} is installed`);
    return output;
  }

  rekeyFirst(): void {
    this.command({ kind: 'rekey-child', inboundSpi: this.first.inbound });
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (let at = this.ike.nextWakeup(); at !== undefined && at <= end; at = this.ike.nextWakeup()) {
      this.now = Math.max(this.now, at);
      this.timeout();
    }
    this.now = end;
  }

  /** <-- SK {SA, Nr, [KEr], TSi, TSr}: the answer to the engine's rekey, sealed but not delivered. */
  acceptChild(
    options: {
      readonly nonce?: Uint8Array;
      readonly group?: number;
      readonly octets?: Uint8Array;
      /** Granted on the peer's side, in place of all that was asked for. */
      readonly remote?: readonly TrafficSelector[];
    } = {},
  ): { readonly octets: Uint8Array; readonly child: PeerChild } {
    const { nonce = this.responder.random.octets(32), group = 0, octets = this.sent() } = options;
    const request = this.link.open(octets);
    const outbound = ++this.#lastSpi;
    const { shared, payloads } = this.#answerKe(request, group);
    const ke: Transform[] = [{ type: 4, id: group }];
    const proposal = {
      number: 1,
      protocol: 3,
      spi: espOctets(outbound),
      transforms: [aes256gcm16, ...ke, esn],
    };
    const nonces = { initiator: nonceOf(request), responder: nonce };
    const answer: Payload[] = [
      { kind: 'SA', proposals: [proposal] },
      { kind: 'Nonce', nonce },
      ...payloads,
      ...selectorsOf(request).map((payload) =>
        payload.kind === 'TSr' ? { ...payload, selectors: options.remote ?? payload.selectors } : payload,
      ),
    ];
    return {
      octets: this.link.sealAnswer(answer, octets),
      child: { inbound: espSpiIn(request), outbound, keys: this.#childKeys(nonces, shared) },
    };
  }

  /** <-- SK {N(REKEY_SA), SA, Ni, [KEi], TSi, TSr}, and what the engine's answer makes of it; `undefined` when it refuses. */
  rekeyChild(
    old: number,
    options: {
      readonly nonce?: Uint8Array;
      readonly group?: number;
      readonly change?: (payloads: Payload[]) => Payload[];
    } = {},
  ): PeerChild | undefined {
    const { nonce = this.responder.random.octets(32), group = 0, change = (same) => same } = options;
    const outbound = ++this.#lastSpi;
    const secret = group === 0 ? undefined : this.#generate(group);
    const ke: Transform[] = group === 0 ? [] : [{ type: 4, id: group }];
    this.link.request(
      change([
        childNotify(notifyType.REKEY_SA, old),
        {
          kind: 'SA',
          proposals: [
            { number: 1, protocol: 3, spi: espOctets(outbound), transforms: [aes256gcm16, ...ke, esn] },
          ],
        },
        { kind: 'Nonce', nonce },
        ...(secret === undefined
          ? []
          : ([{ kind: 'KE', group, publicValue: secret.publicValue }] satisfies Payload[])),
        { kind: 'TSi', selectors: [selector('0.0.0.0', '255.255.255.255')] },
        { kind: 'TSr', selectors: [selector('10.9.0.5', '10.9.0.5')] },
      ]),
      exchangeType.CREATE_CHILD_SA,
    );
    const answer = this.link.last();
    if (payloadOf(answer, 'SA') === undefined) return undefined;
    const nonces = { initiator: nonce, responder: nonceOf(answer) };
    const shared = secret === undefined ? new Uint8Array(0) : agreed(secret, answer);
    return { inbound: espSpiIn(answer), outbound, keys: this.#childKeys(nonces, shared) };
  }

  /** <-- SK {SA, Nr, KEr}: the answer to the engine's rekey of the IKE SA, and the new one. */
  acceptIke(options: { readonly nonce?: Uint8Array; readonly octets?: Uint8Array } = {}): {
    readonly octets: Uint8Array;
    readonly link: PeerLink;
  } {
    const { nonce = this.responder.random.octets(32), octets = this.sent() } = options;
    const request = this.link.open(octets);
    const [proposal] = payloadOf(request, 'SA')?.proposals ?? [];
    const initiator = ikeSpiIn(request);
    assert.ok(proposal !== undefined);
    const responder = ++this.#lastIkeSpi;
    const transforms = ikeTransforms;
    const { shared, payloads } = this.#answerKe(request, ecp256);
    const sa = { kind: 'SA', proposals: [{ ...proposal, spi: spiOctets(responder), transforms }] } as const;
    const answer = this.link.sealAnswer([sa, { kind: 'Nonce', nonce }, ...payloads], octets);
    const nonces = { initiator: nonceOf(request), responder: nonce };
    return { octets: answer, link: this.#newLink(nonces, { initiator, responder }, shared, false) };
  }

  /** <-- SK {SA, Ni, KEi}, and the IKE SA that the engine's answer makes; `undefined` when it refuses. */
  rekeyIke(options: { readonly nonce?: Uint8Array } = {}): PeerLink | undefined {
    const { nonce = this.responder.random.octets(32) } = options;
    const initiator = ++this.#lastIkeSpi;
    const secret = this.#generate(ecp256);
    const link = this.link;
    link.request(
      [
        {
          kind: 'SA',
          proposals: [{ number: 1, protocol: 1, spi: spiOctets(initiator), transforms: ikeTransforms }],
        },
        { kind: 'Nonce', nonce },
        { kind: 'KE', group: ecp256, publicValue: secret.publicValue },
      ],
      exchangeType.CREATE_CHILD_SA,
    );
    const answer = link.last();
    if (payloadOf(answer, 'SA') === undefined) return undefined;
    const nonces = { initiator: nonce, responder: nonceOf(answer) };
    const spis = { initiator, responder: ikeSpiIn(answer) };
    return this.#newLink(nonces, spis, agreed(secret, answer), true);
  }

  /** The type of the notify that the engine answered with. */
  refusal(link = this.link): number | undefined {
    return payloadOf(link.last(), 'N')?.type;
  }

  /** The driver's view at any time: no SPI installed twice, nothing switched or removed that is not there. Installed now. */
  checkDriver(): number[] {
    return checkDriver(this.outputs);
  }

  #newLink(nonces: NoncePair, spis: SecuredIke['spis'], shared: Uint8Array, initiator: boolean): PeerLink {
    const old = this.link.ike;
    const [offered] = ikeProposals(defaultIkeProposals);
    assert.ok(offered !== undefined);
    const chosen = { kind: 'SA', proposals: [{ ...offered, transforms: ikeTransforms }] } as const;
    const suite = chosenIkeSuite(this.responder.crypto, ikeProposals(defaultIkeProposals), chosen);
    assert.ok(suite.ok);
    const seed = deriveRekeyedSkeyseed({ prf: old.suite.prf, skD: old.keys.skD }, nonces, shared);
    const keys = deriveIkeKeys(suite.value, seed, nonces, spis);
    return new PeerLink(this, { spis, suite: suite.value, keys }, initiator);
  }

  #childKeys(nonces: NoncePair, shared: Uint8Array): ChildKeys {
    const cipher = this.responder.crypto.packetCipher(20, 256, 0);
    assert.ok(cipher !== undefined);
    const { suite, keys } = this.link.ike;
    return deriveChildKeys({ prf: suite.prf, cipher }, keys.skD, nonces, shared);
  }

  #answerKe(request: IkeMessage, group: number): { shared: Uint8Array; payloads: Payload[] } {
    if (group === 0) return { shared: new Uint8Array(0), payloads: [] };
    const secret = this.#generate(group);
    return {
      shared: agreed(secret, request),
      payloads: [{ kind: 'KE', group, publicValue: secret.publicValue }],
    };
  }

  #generate(group: number): KeyExchangeSecret {
    const method = this.responder.crypto.keyExchange(group);
    assert.ok(method !== undefined);
    return method.generate(this.responder.random);
  }
}

const esn = { type: 5, id: 0 } as const;

const ikeTransforms: readonly Transform[] = [aes256gcm16, { type: 2, id: 6 }, { type: 4, id: ecp256 }];

function agreed(secret: KeyExchangeSecret, message: IkeMessage): Uint8Array {
  const ke = payloadOf(message, 'KE');
  assert.ok(ke !== undefined, 'a KE payload');
  const shared = secret.agree(ke.publicValue);
  assert.ok(shared.ok);
  return shared.value;
}

function nonceOf(message: IkeMessage): Uint8Array {
  const nonce = payloadOf(message, 'Nonce')?.nonce;
  assert.ok(nonce !== undefined, 'a nonce');
  return nonce;
}

function espSpiIn(message: IkeMessage): number {
  const octets = payloadOf(message, 'SA')?.proposals[0]?.spi;
  assert.equal(octets?.length, 4);
  return Buffer.from(octets ?? []).readUInt32BE(0);
}

function ikeSpiIn(message: IkeMessage): bigint {
  const octets = payloadOf(message, 'SA')?.proposals[0]?.spi;
  assert.equal(octets?.length, 8);
  return Buffer.from(octets ?? []).readBigUInt64BE(0);
}

function selectorsOf(request: IkeMessage): Payload[] {
  const tsi = payloadOf(request, 'TSi');
  const tsr = payloadOf(request, 'TSr');
  return tsi === undefined || tsr === undefined ? [] : [tsi, tsr];
}

/** The same for any list of outputs. */
export function checkDriver(outputs: readonly IkeOutput[]): number[] {
  const ever = new Set<number>();
  const now = new Set<number>();
  for (const output of outputs) checkStep(output, ever, now);
  return [...now];
}

function checkStep(output: IkeOutput, ever: Set<number>, now: Set<number>): void {
  switch (output.kind) {
    case 'child-install': {
      const { spi } = output.child.inbound;
      assert.ok(!ever.has(spi), 'no SPI is used twice');
      ever.add(spi);
      now.add(spi);
      return;
    }
    case 'child-switch-outbound':
      assert.ok(now.has(output.inboundSpi), 'nothing is sent on what is removed');
      return;
    case 'child-remove':
      assert.ok(now.delete(output.inboundSpi), 'only what is there is removed');
      return;
    default:
  }
}

/** The SPI that the engine's REKEY_SA names. */
export function rekeyedSpi(message: IkeMessage): number | undefined {
  const spi = notifyOf(message, notifyType.REKEY_SA)?.spi;
  return spi === undefined ? undefined : Buffer.from(spi).readUInt32BE(0);
}
