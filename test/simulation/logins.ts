import { failure } from '../../core/base/errors.ts';
import { Secret } from '../../core/base/secret.ts';
import type { Weakness } from '../../core/base/weaknesses.ts';
import type { EapMethodKind } from '../../core/eap/method.ts';
import { gtcCodeMethod } from '../../core/eap/methods/gtc.ts';
import type { ClientProof, GatewayLogin } from '../../core/gateway/login-terms.ts';
import type { IkeAnswer, IkeAsk } from '../../core/ike/io.ts';
import type { LoginRound, LoginWay } from '../../core/ike/login-way.ts';
import type { PpkTerms } from '../../core/ike/ppk.ts';
import { Dice } from './dice.ts';
import { fakeSignature, simSpki } from './sim-crypto.ts';

/** How one run logs in, on both sides. */
export interface SimLogin {
  readonly rounds: readonly ClientProof[];
  readonly proof: GatewayLogin['proof'];
  /** FortiGate's second factor. */
  readonly code: boolean;
  /** `shared`: both know it and insist; `strange`: each knows one, and can do without. With one round alone. */
  readonly ppk: 'none' | 'shared' | 'strange';
  /** The client tries another way first, which the gateway turns away. */
  readonly detour: boolean;
}

const plain = { code: false, ppk: 'none', detour: false } as const;
const kinds: readonly SimLogin[] = [
  { ...plain, rounds: ['eap'], proof: 'signature' },
  { ...plain, rounds: ['eap'], proof: 'signature' },
  { ...plain, rounds: ['psk'], proof: 'psk' },
  { ...plain, rounds: ['psk'], proof: 'signature' },
  { ...plain, rounds: ['certificate'], proof: 'signature' },
  { ...plain, rounds: ['certificate', 'eap'], proof: 'signature' },
  { ...plain, rounds: ['eap', 'certificate'], proof: 'signature' },
  { ...plain, rounds: ['eap'], proof: 'eap' },
  { ...plain, rounds: ['eap'], proof: 'psk' },
  { ...plain, rounds: ['eap'], proof: 'psk', code: true },
];

/** By dice of its own: the rest of a story stays what it is. */
export function drawLogin(seed: number): SimLogin {
  const dice = new Dice(seed, 'login');
  const kind = dice.pick(kinds);
  const ppk = dice.pick(['none', 'none', 'shared', 'strange'] as const);
  const [first] = kind.rounds;
  return {
    ...kind,
    ppk: kind.rounds.length === 1 ? ppk : 'none',
    // A client that begins with EAP tries its certificate before that.
    detour: first === 'eap' && kind.proof === 'signature' && dice.chance(0.2),
  };
}

/** 32 octets, as many as a key of PRF_HMAC_SHA2_256 has: then the ledger sees whether they are overwritten. */
const pskText = 'what gateway and client both know';
const psk = pskText.slice(0, 32);
const ppkText = 'against the computers of tomorrow';
const codeText = '271828';
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const clientSpki = text('the public key of alice');
const clientCertificate = text('the certificate of alice');
const ppkIds = { shared: text('office'), strange: text('another office') } as const;

export function gatewayLogin({ rounds, proof, code, ppk }: SimLogin): GatewayLogin {
  return {
    rounds,
    proof,
    psk: Secret.fromText(psk),
    clients: [{ certificate: clientCertificate, spki: clientSpki }],
    ...(ppk === 'none'
      ? {}
      : { ppk: { id: ppkIds.shared, key: Secret.fromText(ppkText), required: ppk === 'shared' } }),
    ...(code ? { codes: new Map([['alice', Secret.fromText(codeText)]]) } : {}),
  };
}

export interface ClientLogin {
  readonly logins: readonly LoginWay[];
  readonly ppk?: PpkTerms;
}

export function clientLogin({ rounds, proof, code, ppk, detour }: SimLogin): ClientLogin {
  const gateway = {
    certificate: proof === 'signature',
    psk: proof === 'psk',
    eapOnly: proof === 'eap',
    keys: [],
  };
  const way: LoginWay = { gateway, rounds: rounds.map((kind) => roundOf(kind, code)) };
  const first: LoginWay = { gateway, rounds: [roundOf('certificate', false)] };
  return {
    logins: detour ? [first, way] : [way],
    ...(ppk === 'none' ? {} : { ppk: { id: ppkIds[ppk], required: ppk === 'shared' } }),
  };
}

/** What may follow the password. */
export function following({ code }: SimLogin): readonly EapMethodKind[] {
  return code ? [gtcCodeMethod] : [];
}

function roundOf(kind: ClientProof, fortiClient: boolean): LoginRound {
  if (kind !== 'certificate') return { kind, ...(kind === 'eap' ? { fortiClient } : {}) };
  return { kind: 'key', credentials: [{ spki: clientSpki, chain: [clientCertificate] }] };
}

/** Things that are asked for on this side, so that a slow user is as slow in every login. */
export function questionsOf({ rounds, proof, code, ppk }: SimLogin): number {
  const proofs = rounds.map((kind) => (kind === 'certificate' && ppk === 'strange' ? 2 : 1));
  const others = [proof !== 'eap', rounds.includes('eap') && proof === 'psk', code, ppk !== 'none'];
  return proofs.reduce((sum, count) => sum + count, 0) + others.filter(Boolean).length;
}

/** What the user knows and the store of certificates says; `wrong`: the user mistypes. */
export function answerTo(ask: IkeAsk, wrong: boolean): IkeAnswer {
  const typed = (right: string): IkeAnswer => ({
    kind: 'credential',
    secret: Secret.fromText(wrong ? 'wrong' : right),
  });
  switch (ask.kind) {
    case 'credential':
      return typed(ask.question.kind === 'passcode' ? codeText : 'correct horse');
    case 'shared-secret':
      return typed(ask.use === 'psk' ? psk : ppkText);
    case 'signature':
      return { kind: 'signature', signature: fakeSignature(ask.spki, ask.octets) };
    case 'certificate-verdict':
      return { kind: 'certificate-verdict', verdict: { ok: true, spki: simSpki } };
    case 'tls-step':
      return { kind: 'refused', error: failure('misuse', { reason: 'no TLS here' }) };
  }
}

/** What a login that stands must say of itself, as one text. */
export function proofsOf({ rounds, proof, code, ppk }: SimLogin): string {
  const signature = 'ECDSA P-256 with SHA-256';
  const eap = code ? 'EAP-MSCHAPv2, then EAP-GTC' : 'EAP-MSCHAPv2';
  const own = { eap, psk: 'a pre-shared key', certificate: signature } as const;
  const theirs = { signature, psk: 'a pre-shared key', eap: `${eap} alone` } as const;
  const weaknesses: readonly Weakness[] = [
    ...(ppk === 'strange' ? ['no-ppk' as const] : []),
    ...(proof === 'psk' && rounds.includes('eap') ? ['psk-gateway' as const] : []),
    ...(code ? ['unbound-eap' as const] : []),
  ];
  return saidProofs({
    localAuthentication: rounds.map((kind) => own[kind]).join(', then '),
    remoteAuthentication: theirs[proof],
    ppk: ppk === 'shared',
    weaknesses,
  });
}

export function saidProofs(summary: {
  readonly localAuthentication: string;
  readonly remoteAuthentication: string;
  readonly ppk: boolean;
  readonly weaknesses: readonly Weakness[];
}): string {
  const { localAuthentication, remoteAuthentication, ppk, weaknesses } = summary;
  const weak = [...weaknesses].sort().join(', ');
  return `${localAuthentication} | ${remoteAuthentication} | ${ppk ? 'PPK' : 'no PPK'} | ${weak}`;
}
