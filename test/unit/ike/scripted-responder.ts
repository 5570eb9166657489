import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { concat } from '../../../core/base/octets.ts';
import type { CryptoProvider, KeyExchangeSecret, Random } from '../../../core/crypto/interfaces.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import {
  deriveChildKeys,
  deriveIkeKeys,
  deriveSkeyseed,
  type IkeKeys,
  type NoncePair,
  sharedSecretAuth,
} from '../../../core/ike/keymat.ts';
import { chosenIkeSuite, type IkeSuite } from '../../../core/ike/negotiate.ts';
import { signedOctets } from '../../../core/ike/signed-octets.ts';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import { decodeMessage, encodeMessage, sealMessage, unsealMessage } from '../../../core/wire/ike/message.ts';
import type {
  IkeHeader,
  IkeMessage,
  NotifyPayload,
  Payload,
  Proposal,
  TrafficSelector,
  Transform,
} from '../../../core/wire/ike/payload.ts';
import { sealOctets } from '../../../core/wire/ike/sk.ts';
import { exchangeType } from '../../../core/wire/registry/exchange-types.ts';

/** The octets in front of an RSA signature by method 14: length, then AlgorithmIdentifier of sha256WithRSAEncryption. */
const rsaSha256 = Buffer.from('0f300d06092a864886f70d01010b0500', 'hex');

let rsa: { publicKey: KeyObject; privateKey: KeyObject } | undefined;

/** The gateway's key pair, made once per test process. */
export function gatewayKey(): { publicKey: KeyObject; privateKey: KeyObject } {
  rsa ??= generateKeyPairSync('rsa', { modulusLength: 2048 });
  return rsa;
}

export const gatewayIdentity = { type: 2, data: Buffer.from('vpn.example') } as const;
export const msk = new Uint8Array(64).fill(0x5a);

export function notify(type: number, data: Uint8Array = new Uint8Array(0)): NotifyPayload {
  return { kind: 'N', protocol: 0, spi: new Uint8Array(0), type, data };
}

export function selector(start: string, end: string): TrafficSelector {
  const octets = (text: string) => Uint8Array.from(text.split('.').map(Number));
  return {
    protocol: 0,
    startPort: 0,
    endPort: 0xffff,
    start: { family: 4, octets: octets(start) },
    end: { family: 4, octets: octets(end) },
  };
}

/** The first transform of each type: what a simple responder takes. */
function firstOfEach(proposal: Proposal): Transform[] {
  const types = [...new Set(proposal.transforms.map((transform) => transform.type))];
  return types.flatMap((type) => proposal.transforms.find((transform) => transform.type === type) ?? []);
}

/**
 * The other side of the engine in these tests: it reads requests and builds the responses that a scenario asks for, right or
 * wrong. It keeps the keys of the IKE SA.
 */
export class ScriptedResponder {
  readonly crypto: CryptoProvider = nodeCryptoProvider();
  readonly random: Random;
  readonly spi: bigint;
  readonly nonce: Uint8Array;
  #init: { readonly request: Uint8Array; readonly response: Uint8Array } | undefined;
  #association:
    | {
        readonly suite: IkeSuite;
        readonly keys: IkeKeys;
        readonly nonces: NoncePair;
        readonly initiatorSpi: bigint;
      }
    | undefined;
  #sent = 0n;
  #identityOfInitiator: { type: number; data: Uint8Array } | undefined;
  #childSpi = 0;

  constructor(seed = 7, spi = 0x1122334455667788n) {
    this.spi = spi;
    this.random = seededRandom(seed);
    this.nonce = this.random.octets(32);
  }

  get association() {
    assert.ok(this.#association !== undefined, 'IKE_SA_INIT is done');
    return this.#association;
  }

  /** Our SPI in the engine's CHILD SA, and its own. */
  readonly childSpi = 0xc0ffee01;
  get childSpiOfInitiator(): number {
    return this.#childSpi;
  }

  /** HDR(SPIi, SPIr), SAr1, KEr, Nr, and `more`; `change` has the last word on the payloads. */
  answerInit(request: Uint8Array, change: (payloads: Payload[]) => Payload[] = (same) => same): Uint8Array {
    const message = clear(request);
    const sa = payloadOf(message, 'SA');
    const ke = payloadOf(message, 'KE');
    const nonce = payloadOf(message, 'Nonce');
    assert.ok(sa !== undefined && ke !== undefined && nonce !== undefined);
    const proposal = sa.proposals[0];
    assert.ok(proposal !== undefined);
    const transforms = firstOfEach(proposal).map((transform) =>
      transform.type === 4 ? { type: 4, id: ke.group } : transform,
    );
    const chosen = { kind: 'SA', proposals: [{ ...proposal, transforms }] } as const;
    const secret = this.#generate(ke.group);
    const payloads = change([
      chosen,
      { kind: 'KE', group: ke.group, publicValue: secret.publicValue },
      { kind: 'Nonce', nonce: this.nonce },
    ]);
    const response = this.clearResponse(request, payloads);
    const suite = chosenIkeSuite(this.crypto, sa.proposals, chosen);
    const shared = secret.agree(ke.publicValue);
    assert.ok(suite.ok && shared.ok);
    const nonces = { initiator: nonce.nonce, responder: this.nonce };
    const spis = { initiator: message.header.initiatorSpi, responder: this.spi };
    const skeyseed = deriveSkeyseed(suite.value.prf, nonces, shared.value);
    const keys = deriveIkeKeys(suite.value, skeyseed, nonces, spis);
    this.#association = { suite: suite.value, keys, nonces, initiatorSpi: spis.initiator };
    this.#init = { request, response };
    return response;
  }

  /** Anything in the clear as a response to IKE_SA_INIT. */
  clearResponse(
    request: Uint8Array,
    payloads: readonly Payload[],
    header: Partial<IkeHeader> = {},
  ): Uint8Array {
    const asked = clear(request).header;
    const responderSpi = payloads.some((payload) => payload.kind === 'SA') ? this.spi : 0n;
    return encodeMessage({
      header: { ...asked, responderSpi, fromInitiator: false, isResponse: true, ...header },
      payloads,
    });
  }

  /** Decrypts what the engine sent. */
  open(octets: Uint8Array): IkeMessage {
    const { suite, keys } = this.association;
    const decoded = decodeMessage(octets);
    assert.ok(decoded.ok && decoded.value.encrypted !== undefined, 'a protected message');
    const key = suite.cipher.open(keys.initiator);
    const message = unsealMessage(decoded.value.encrypted, { cipher: suite.cipher, key });
    assert.ok(message.ok, 'the engine sealed it with the right key');
    const identity = payloadOf(message.value, 'IDi');
    if (identity !== undefined) this.#identityOfInitiator = { type: identity.type, data: identity.data };
    const child = payloadOf(message.value, 'SA')?.proposals[0]?.spi;
    if (child !== undefined) this.#childSpi = Buffer.from(child).readUInt32BE(0);
    return message.value;
  }

  /** The response to the request in `octets`. */
  respond(octets: Uint8Array, payloads: readonly Payload[], header: Partial<IkeHeader> = {}): Uint8Array {
    const request = this.open(octets).header;
    return this.#seal({ ...request, fromInitiator: false, isResponse: true, ...header }, payloads);
  }

  /** A request of our own. */
  request(
    messageId: number,
    payloads: readonly Payload[],
    exchange: number = exchangeType.INFORMATIONAL,
  ): Uint8Array {
    const header: IkeHeader = {
      initiatorSpi: this.association.initiatorSpi,
      responderSpi: this.spi,
      majorVersion: 2,
      minorVersion: 0,
      exchange,
      fromInitiator: false,
      isResponse: false,
      messageId,
    };
    return this.#seal(header, payloads);
  }

  /** A request as one of two fragments, which we did not ask for. @rfc 7383 2.5 */
  fragment(messageId: number): Uint8Array {
    const { header } = this.#sealed(this.request(messageId, []));
    return this.#sealRaw(header, { first: 0, octets: new Uint8Array(8), fragment: { number: 1, total: 2 } });
  }

  /** The same message, with this inside: authentic, but whatever it is. `first` is the type of the first payload. */
  withInside(octets: Uint8Array, first: number, inside: Uint8Array): Uint8Array {
    const { header } = this.#sealed(octets);
    return this.#sealRaw(header, { first, octets: inside });
  }

  /** IDr, CERT, AUTH (RSA with SHA-256 by method 14), EAP. */
  proveIdentity(): Payload[] {
    const signature = sign('sha256', this.octetsToSign(), gatewayKey().privateKey);
    return [
      { kind: 'IDr', ...gatewayIdentity },
      { kind: 'CERT', encoding: 4, data: Buffer.from('a certificate') },
      { kind: 'AUTH', method: 14, data: concat(rsaSha256, signature) },
      { kind: 'EAP', packet: Buffer.from('challenge') },
    ];
  }

  /** AUTH from the MSK (or, when EAP made no key, from SK_pr), after checking that the engine's own is right; CP, SAr2, TSi, TSr. */
  finish(octets: Uint8Array, withKey = true): Payload[] {
    const { suite, keys, nonces } = this.association;
    assert.ok(this.#init !== undefined && this.#identityOfInitiator !== undefined);
    const theirs = signedOctets(suite.prf, {
      initMessage: this.#init.request,
      otherNonce: nonces.responder,
      skP: keys.skPi,
      identity: this.#identityOfInitiator,
    });
    const expected = sharedSecretAuth(suite.prf, withKey ? msk : keys.skPi, theirs);
    assert.deepEqual(payloadOf(this.open(octets), 'AUTH')?.data, expected, "the engine's AUTH");
    return [
      {
        kind: 'AUTH',
        method: 2,
        data: sharedSecretAuth(suite.prf, withKey ? msk : keys.skPr, this.octetsToSign()),
      },
      ...this.child(),
    ];
  }

  /** CP, SAr2, TSi, TSr. */
  child(): Payload[] {
    return [
      {
        kind: 'CP',
        type: 2,
        attributes: [
          { type: 1, value: Uint8Array.of(10, 9, 0, 5) },
          { type: 3, value: Uint8Array.of(10, 9, 0, 1) },
        ],
      },
      { kind: 'SA', proposals: [this.espChoice()] },
      { kind: 'TSi', selectors: [selector('10.9.0.5', '10.9.0.5')] },
      { kind: 'TSr', selectors: [selector('0.0.0.0', '255.255.255.255')] },
    ];
  }

  espChoice(): Proposal {
    const spi = new Uint8Array(4);
    new DataView(spi.buffer).setUint32(0, this.childSpi);
    const transforms = [
      { type: 1, id: 20, keyBits: 256 },
      { type: 5, id: 0 },
    ];
    return { number: 1, protocol: 3, spi, transforms };
  }

  /** The keys of the CHILD SA as this side has them. */
  childKeys() {
    const { suite, keys, nonces } = this.association;
    const cipher = this.crypto.packetCipher(20, 256, 0);
    assert.ok(cipher !== undefined);
    return deriveChildKeys({ prf: suite.prf, cipher }, keys.skD, nonces);
  }

  /** What the initiator's AUTH covers; `skPi` in place of the one of the association. */
  octetsOfInitiator(skPi: Uint8Array = this.association.keys.skPi): Uint8Array {
    const { suite, nonces } = this.association;
    assert.ok(this.#init !== undefined && this.#identityOfInitiator !== undefined);
    return signedOctets(suite.prf, {
      initMessage: this.#init.request,
      otherNonce: nonces.responder,
      skP: skPi,
      identity: this.#identityOfInitiator,
    });
  }

  /** What the gateway's AUTH covers. */
  octetsToSign(skPr: Uint8Array = this.association.keys.skPr): Uint8Array {
    const { suite, nonces } = this.association;
    assert.ok(this.#init !== undefined);
    return signedOctets(suite.prf, {
      initMessage: this.#init.response,
      otherNonce: nonces.initiator,
      skP: skPr,
      identity: gatewayIdentity,
    });
  }

  #sealed(octets: Uint8Array) {
    const decoded = decodeMessage(octets);
    assert.ok(decoded.ok && decoded.value.encrypted !== undefined);
    return decoded.value;
  }

  #sealRaw(header: IkeHeader, inner: Parameters<typeof sealOctets>[1]): Uint8Array {
    const { suite, keys } = this.association;
    const key = suite.cipher.open(keys.responder);
    const iv = this.random.octets(suite.cipher.ivOctets);
    return sealOctets(header, inner, { cipher: suite.cipher, key }, iv);
  }

  #generate(group: number): KeyExchangeSecret {
    const keyExchange = this.crypto.keyExchange(group);
    assert.ok(keyExchange !== undefined);
    return keyExchange.generate(this.random);
  }

  #seal(header: IkeHeader, payloads: readonly Payload[]): Uint8Array {
    const { suite, keys } = this.association;
    const iv = new Uint8Array(suite.cipher.ivOctets);
    new DataView(iv.buffer).setBigUint64(0, this.#sent++);
    const key = suite.cipher.open(keys.responder);
    return sealMessage({ header, payloads }, { cipher: suite.cipher, key }, iv);
  }
}

/** A message in the clear. */
export function clear(octets: Uint8Array): IkeMessage {
  const decoded = decodeMessage(octets);
  assert.ok(decoded.ok && decoded.value.encrypted === undefined, 'a message in the clear');
  return { header: decoded.value.header, payloads: decoded.value.payloads };
}
