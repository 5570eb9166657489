import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import type { Failure } from '../../../core/base/errors.ts';
import { concat } from '../../../core/base/octets.ts';
import { Secret } from '../../../core/base/secret.ts';
import { instant } from '../../../core/base/time.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { signWith } from '../../../core/crypto/node/signatures.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import type { EapRun, IkeConfig } from '../../../core/ike/config.ts';
import { IkeSa } from '../../../core/ike/ike-sa.ts';
import type { IkeAnswer, IkeAsk, IkeOutput, IkeSummary } from '../../../core/ike/io.ts';
import { sharedSecretAuth } from '../../../core/ike/keymat.ts';
import type { GatewayProofs, LoginRound, LoginWay } from '../../../core/ike/login-way.ts';
import { type MixedKeys, mixPpk } from '../../../core/ike/ppk.ts';
import { notifyOf, payloadOf } from '../../../core/wire/ike/lookup.ts';
import type { IkeMessage, Payload } from '../../../core/wire/ike/payload.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { FakeEapPeer, testConfig } from './scenario.ts';
import { clear, gatewayIdentity, gatewayKey, msk, notify, ScriptedResponder } from './scripted-responder.ts';

const rsaSha256 = Buffer.from('0f300d06092a864886f70d01010b0500', 'hex');

let own: { publicKey: KeyObject; privateKey: KeyObject } | undefined;
export function ownKey(): { publicKey: KeyObject; privateKey: KeyObject } {
  own ??= generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return own;
}

export function spkiOf(key: KeyObject): Uint8Array {
  return new Uint8Array(
    createPublicKey(key.export({ type: 'spki', format: 'pem' })).export({ type: 'spki', format: 'der' }),
  );
}

const pskText = 'a pre-shared key of good length';
export const ppkText = 'a key against the computers of tomorrow';

export const rounds = {
  eap: { kind: 'eap' },
  psk: { kind: 'psk' },
  get key(): LoginRound {
    return {
      kind: 'key',
      credentials: [{ spki: spkiOf(ownKey().publicKey), chain: [Buffer.from('our certificate')] }],
    };
  },
} as const satisfies Record<string, LoginRound>;

export function way(
  kinds: readonly ('eap' | 'psk' | 'key')[],
  gateway: Partial<GatewayProofs> = {},
): LoginWay {
  return {
    rounds: kinds.map((kind) => rounds[kind]),
    gateway: { certificate: true, psk: false, eapOnly: false, keys: [], ...gateway },
  };
}

/** What a gateway does and wants. */
export interface Offer {
  readonly proof: 'certificate' | 'psk' | 'none';
  /** What it takes in each round; `nothing` refuses all. */
  readonly wants: readonly ('eap' | 'psk' | 'key' | 'nothing')[];
  readonly multipleAuth?: boolean;
  readonly ppk?: { readonly id: string; readonly text: string };
  /** It does not know RFC 7427. */
  readonly classic?: boolean;
  /** It wants a cookie, or this group, before anything else. `belated`: only once, and answers the request without it all the same. */
  readonly cookie?: boolean | 'belated';
  readonly group?: number;
}

export interface Outcome {
  readonly up: IkeSummary | undefined;
  readonly error: Failure | undefined;
  readonly asks: readonly IkeAsk['kind'][];
  readonly outputs: readonly IkeOutput[];
  readonly eapRuns: readonly EapRun[];
  readonly tookMs: number;
}

/** What somebody on the path says to a datagram of ours, before the gateway does. */
export type Forger = (octets: Uint8Array) => readonly Uint8Array[];

/** Plays a whole login of an engine with these ways at a gateway that does as `offer` says. */
export function play(
  logins: readonly LoginWay[],
  offer: Offer,
  config: Partial<IkeConfig> = {},
  forge: Forger = () => [],
): Outcome {
  const gateway = new OfferingGateway(offer);
  return drive(logins, config, (octets) => [...forge(octets), ...gateway.answer(octets)]);
}

/** Drives an engine to its end; `answer` is the other side. */
export function drive(
  logins: readonly LoginWay[],
  config: Partial<IkeConfig>,
  answer: (octets: Uint8Array) => readonly Uint8Array[],
  verdict: (ask: Extract<IkeAsk, { kind: 'certificate-verdict' }>) => boolean = () => true,
): Outcome {
  const eapRuns: EapRun[] = [];
  const outputs: IkeOutput[] = [];
  const start = 1_000;
  let now = start;
  const ike = new IkeSa(
    { ...testConfig, ...config, logins },
    {
      crypto: nodeCryptoProvider(),
      random: seededRandom(1),
      createEapPeer: (run) => {
        eapRuns.push(run);
        return new FakeEapPeer();
      },
    },
  );
  const inputs: (() => void)[] = [];
  ike.handle({ kind: 'command', command: { kind: 'connect' } }, instant(now));
  for (let steps = 0; steps < 200; steps++) {
    for (let output = ike.poll(); output !== undefined; output = ike.poll()) {
      outputs.push(output);
      const done = output;
      if (done.kind === 'transmit') {
        for (const octets of answer(done.octets))
          inputs.push(() => ike.handle({ kind: 'datagram', octets, via: 'nat-traversal' }, instant(now)));
      }
      if (done.kind === 'ask') {
        const reply = answerTo(done.ask, verdict);
        inputs.push(() => ike.handle({ kind: 'answer', id: done.id, answer: reply }, instant(now)));
      }
    }
    if (ike.state === 'established' || ike.state === 'closed') break;
    const next = inputs.shift();
    if (next !== undefined) next();
    else {
      const at = ike.nextWakeup();
      if (at === undefined) break;
      now = Math.max(now, at);
      ike.handle({ kind: 'timeout' }, instant(now));
    }
  }
  const established = outputs.find((output) => output.kind === 'established');
  const closed = outputs.find((output) => output.kind === 'closed');
  return {
    up: established?.summary,
    error: closed?.error,
    asks: outputs.flatMap((output) => (output.kind === 'ask' ? [output.ask.kind] : [])),
    outputs,
    eapRuns,
    tookMs: now - start,
  };
}

function answerTo(
  ask: IkeAsk,
  verdict: (ask: Extract<IkeAsk, { kind: 'certificate-verdict' }>) => boolean,
): IkeAnswer {
  switch (ask.kind) {
    case 'credential':
      return { kind: 'credential', secret: Secret.fromText('secret') };
    case 'shared-secret':
      return { kind: 'credential', secret: Secret.fromText(ask.use === 'psk' ? pskText : ppkText) };
    case 'signature':
      return { kind: 'signature', signature: signWith(ask.scheme, ownKey().privateKey, ask.octets) };
    case 'tls-step':
      throw new Error('the EAP of these tests has no TLS');
    case 'certificate-verdict': {
      const spki = new Uint8Array(gatewayKey().publicKey.export({ type: 'spki', format: 'der' }));
      const bad: Failure = { code: 'certificate.unknown-ca', family: 'authentication-failed', detail: {} };
      return {
        kind: 'certificate-verdict',
        verdict: verdict(ask) ? { ok: true, spki } : { ok: false, error: bad },
      };
    }
  }
}

export function isInit(octets: Uint8Array): boolean {
  return octets.subarray(8, 16).every((octet) => octet === 0);
}

function spiOctets({ spi }: ScriptedResponder): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64BE(spi);
  return octets;
}

/** The other half of IKE_AUTH, as the RFCs have it. */
class OfferingGateway {
  readonly #offer: Offer;
  readonly #responder = new ScriptedResponder();
  #round = 0;
  #first = true;
  /** Whom it asked for a cookie. */
  #asked: bigint | undefined;
  #eap: 'none' | 'challenge' | 'success' = 'none';

  constructor(offer: Offer) {
    this.#offer = offer;
  }

  answer(octets: Uint8Array): readonly Uint8Array[] {
    // An IKE_SA_INIT request has no SPI of ours yet.
    if (isInit(octets)) {
      const restart = this.#restart(octets);
      if (this.#offer.cookie !== 'belated') return [restart ?? this.#init(octets)];
      // Of one IKE_SA_INIT it answers the first request alone.
      const spi = Buffer.from(octets).readBigUInt64BE(0);
      if (restart === undefined) return spi === this.#asked ? [] : [this.#init(octets)];
      this.#asked = spi;
      return [restart, this.#init(octets)];
    }
    if (!Buffer.from(octets).subarray(8, 16).equals(spiOctets(this.#responder))) return [];
    const request = this.#responder.open(octets);
    if (request.header.exchange !== 35) return [];
    return [this.#responder.respond(octets, this.#auth(request))];
  }

  #restart(octets: Uint8Array): Uint8Array | undefined {
    const request = clear(octets);
    const { cookie, group } = this.#offer;
    const once = cookie === 'belated' && this.#asked !== undefined;
    if (cookie && !once && notifyOf(request, notifyType.COOKIE) === undefined)
      return this.#responder.clearResponse(octets, [notify(notifyType.COOKIE, Buffer.from('a cookie'))]);
    if (group === undefined || payloadOf(request, 'KE')?.group === group) return undefined;
    const wanted = Uint8Array.of(group >> 8, group & 0xff);
    return this.#responder.clearResponse(octets, [notify(notifyType.INVALID_KE_PAYLOAD, wanted)]);
  }

  #init(octets: Uint8Array): Uint8Array {
    const { multipleAuth = true, ppk, classic } = this.#offer;
    this.#round = 0;
    this.#first = true;
    this.#eap = 'none';
    return this.#responder.answerInit(octets, (payloads) => [
      ...payloads,
      ...(classic ? [] : [notify(notifyType.SIGNATURE_HASH_ALGORITHMS, Buffer.from('000200030004', 'hex'))]),
      ...(multipleAuth ? [notify(notifyType.MULTIPLE_AUTH_SUPPORTED)] : []),
      ...(ppk === undefined ? [] : [notify(notifyType.USE_PPK)]),
    ]);
  }

  #auth(request: IkeMessage): Payload[] {
    const refused = [notify(notifyType.AUTHENTICATION_FAILED)];
    const wanted = this.#offer.wants[this.#round];
    const auth = payloadOf(request, 'AUTH');
    if (this.#eap === 'challenge') {
      this.#eap = 'success';
      return [{ kind: 'EAP', packet: Buffer.from('success') }];
    }
    if (
      wanted === undefined ||
      wanted === 'nothing' ||
      (wanted === 'eap') !== (auth === undefined || this.#eap === 'success')
    )
      return refused;
    if (wanted === 'eap' && this.#eap === 'none') {
      this.#eap = 'challenge';
      return [...this.#proof(undefined), { kind: 'EAP', packet: Buffer.from('challenge') }];
    }
    const mixed = this.#mixed(request);
    if (!this.#isGood(request, wanted, mixed)) return refused;
    this.#round += 1;
    const proof = wanted === 'eap' ? this.#eapProof(mixed) : this.#proof(mixed);
    this.#eap = 'none';
    const more = notifyOf(request, notifyType.ANOTHER_AUTH_FOLLOWS) !== undefined;
    if (more) return proof;
    if (this.#round < this.#offer.wants.length) return refused;
    const used = mixed === undefined ? [] : [notify(notifyType.PPK_IDENTITY)];
    return [...proof, ...used, ...this.#responder.child()];
  }

  #mixed(request: IkeMessage): MixedKeys | undefined {
    const { ppk } = this.#offer;
    const asked = notifyOf(request, notifyType.PPK_IDENTITY)?.data;
    if (ppk === undefined || asked === undefined || Buffer.from(asked.subarray(1)).toString() !== ppk.id)
      return undefined;
    const { suite, keys } = this.#responder.association;
    return mixPpk(suite.prf, keys, Buffer.from(ppk.text));
  }

  #isGood(request: IkeMessage, wanted: string, mixed: MixedKeys | undefined): boolean {
    const { suite, keys } = this.#responder.association;
    const asked = notifyOf(request, notifyType.PPK_IDENTITY) !== undefined;
    const plain = asked && mixed === undefined;
    const data = plain ? notifyOf(request, notifyType.NO_PPK_AUTH)?.data : payloadOf(request, 'AUTH')?.data;
    if (data === undefined) return false;
    const covered = this.#responder.octetsOfInitiator(mixed?.skPi ?? keys.skPi);
    if (wanted === 'key') {
      const signature = this.#offer.classic ? data : data.subarray(1 + (data[0] ?? 0));
      const dsaEncoding = this.#offer.classic ? 'ieee-p1363' : 'der';
      return verify('sha256', covered, { key: ownKey().publicKey, dsaEncoding }, signature);
    }
    const secret = wanted === 'psk' ? Buffer.from(pskText) : msk;
    return Buffer.from(sharedSecretAuth(suite.prf, secret, covered)).equals(data);
  }

  #eapProof(mixed: MixedKeys | undefined): Payload[] {
    const { suite, keys } = this.#responder.association;
    const covered = this.#responder.octetsToSign(mixed?.skPr ?? keys.skPr);
    return [{ kind: 'AUTH', method: 2, data: sharedSecretAuth(suite.prf, msk, covered) }];
  }

  /** Once: later rounds go without. */
  #proof(mixed: MixedKeys | undefined): Payload[] {
    if (!this.#first) return [];
    this.#first = false;
    const { suite, keys } = this.#responder.association;
    const covered = this.#responder.octetsToSign(mixed?.skPr ?? keys.skPr);
    const identity: Payload = { kind: 'IDr', ...gatewayIdentity };
    switch (this.#offer.proof) {
      case 'none':
        return [identity];
      case 'psk':
        return [
          identity,
          { kind: 'AUTH', method: 2, data: sharedSecretAuth(suite.prf, Buffer.from(pskText), covered) },
        ];
      case 'certificate':
        return [
          identity,
          { kind: 'CERT', encoding: 4, data: createHash('sha256').update('a certificate').digest() },
          {
            kind: 'AUTH',
            method: 14,
            data: concat(rsaSha256, sign('sha256', covered, gatewayKey().privateKey)),
          },
        ];
    }
  }
}

/** For assertions: the code of the failure, or how the login went. */
export function told({ up, error }: Outcome): string {
  if (up !== undefined) return `${up.remoteAuthentication} | ${up.localAuthentication}`;
  assert.ok(error !== undefined, 'the login ends with a reason');
  return error.code;
}
