import { type Failure, failure } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import type { Instant } from '../base/time.ts';
import type { AuthPayload, Payload } from '../wire/ike/payload.ts';
import { authMethod } from '../wire/registry/authentication.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import type { IkeIdentity } from './config.ts';
import { chooseCredential } from './credential-choice.ts';
import { fail } from './ending.ts';
import type { Engine } from './engine.ts';
import { fortiClientConnect } from './forticlient.ts';
import { sharedSecretAuth } from './keymat.ts';
import { type KeyCredential, type LoginRound, speaksAsFortiClient } from './login-way.ts';
import { chooseSignature, type SignatureChoice } from './signature-choice.ts';
import { digitalSignatureData } from './signature-identifier.ts';
import { describeSignature } from './signature-method.ts';
import { signedOctets } from './signed-octets.ts';
import type { AwaitingSignature, GatewayAbilities, IkeState, Login, ProvenGateway } from './state.ts';
import { buildFirstAuth, buildFurtherAuth, type Proof } from './tasks/first-auth.ts';
import { turnedAway } from './turned-away.ts';

/*
 * What we prove in a round, without EAP. The gateway is known in every round but the first.
 */

/** The round that the login is in. */
export function roundOf({ course, round }: Login): LoginRound {
  const found = course.way.rounds[round];
  if (found === undefined) throw new RangeError(`a login without round ${round}`);
  return found;
}

export function isLastRound({ course, round }: Login): boolean {
  return round === course.way.rounds.length - 1;
}

export function identityOf(engine: Engine, login: Login): IkeIdentity {
  const own = credentialOf(engine, login)?.identity;
  return own ?? roundOf(login).identity ?? engine.config.localIdentity;
}

/** The key that a round proves us by, as the gateway's CERTREQ prefers it; `undefined` in a round without one. */
export function credentialOf({ dependencies: { crypto } }: Engine, login: Login): KeyCredential | undefined {
  const round = roundOf(login);
  if (round.kind !== 'key') return undefined;
  return chooseCredential(crypto, round.credentials, login.abilities.authorities);
}

type KeyRound = Extract<LoginRound, { readonly kind: 'key' }>;

/** Why our key cannot sign for a gateway with these abilities; `undefined` when it can. */
export function signatureLack(
  engine: Engine,
  round: KeyRound,
  abilities: GatewayAbilities,
): Failure | undefined {
  const own = chooseCredential(engine.dependencies.crypto, round.credentials, abilities.authorities);
  const choice = own && signatureFor(engine, round, own, abilities);
  return choice === undefined || choice.ok ? undefined : choice.error;
}

function signatureFor(
  { config, dependencies: { crypto } }: Engine,
  round: KeyRound,
  { spki }: KeyCredential,
  { hashes }: GatewayAbilities,
): Result<SignatureChoice, Failure> {
  return chooseSignature(crypto, spki, hashes, {
    rsaPss: round.rsaPss ?? false,
    allowSha1: config.acceptSha1Signatures ?? false,
  });
}

/** Begins a round: with AUTH, or without it, which asks for EAP. `gateway` is absent in the first round. */
export function startRound(
  engine: Engine,
  login: Login,
  gateway: ProvenGateway | undefined,
  now: Instant,
): IkeState {
  const round = roundOf(login);
  switch (round.kind) {
    case 'eap':
      return sendRound(engine, login, gateway, {}, now);
    case 'psk':
      return proveByPsk(engine, login, gateway, now);
    case 'key':
      return askForSignature(engine, login, gateway, round, now);
  }
}

function proveByPsk(
  engine: Engine,
  login: Login,
  gateway: ProvenGateway | undefined,
  now: Instant,
): IkeState {
  const { psk, association, ppk } = login;
  if (psk === undefined)
    return fail(
      engine,
      { kind: 'authenticating-gateway', ...login },
      failure('misuse', { reason: 'no key' }),
    );
  const make = (octets: Uint8Array) => sharedSecretAuth(association.suite.prf, psk.expose(), octets);
  const data = make(ownOctets(engine, login, true));
  const both = ppk.kind === 'offered' && !ppk.terms.required;
  const auth: AuthPayload = { kind: 'AUTH', method: authMethod.SHARED_KEY_MIC, data };
  const proof = { auth, ...(both ? { noPpkAuth: make(ownOctets(engine, login, false)) } : {}) };
  return sendRound(engine, proven(login, 'a pre-shared key'), gateway, proof, now);
}

function askForSignature(
  engine: Engine,
  login: Login,
  gateway: ProvenGateway | undefined,
  round: KeyRound,
  now: Instant,
): IkeState {
  const state = { kind: 'authenticating-gateway', ...login } as const;
  const credential = credentialOf(engine, login);
  if (credential === undefined) return fail(engine, state, failure('misuse', { reason: 'no credential' }));
  const choice = signatureFor(engine, round, credential, login.abilities);
  if (!choice.ok) return turnedAway(engine, state, choice.error, now);
  const { scheme } = choice.value;
  const ask = engine.ask({
    kind: 'signature',
    spki: credential.spki,
    scheme,
    octets: ownOctets(engine, login, true),
  });
  const known = gateway === undefined ? {} : { gateway };
  return { ...login, ...known, kind: 'awaiting-signature', ask, credential, choice: choice.value };
}

/** Sends what was signed; before that the octets without the PPK are signed too, where that may be left out. */
export function onSignature(
  engine: Engine,
  state: AwaitingSignature,
  signature: Uint8Array,
  now: Instant,
): IkeState {
  const { kind: _, gateway, ask: __, credential, choice, auth: before, ...login } = state;
  const { scheme, method } = choice;
  const data =
    method === authMethod.DIGITAL_SIGNATURE ? digitalSignatureData(scheme, signature) : signature.slice();
  if (before === undefined && login.ppk.kind === 'offered' && !login.ppk.terms.required) {
    const octets = ownOctets(engine, login, false);
    const ask = engine.ask({ kind: 'signature', spki: credential.spki, scheme, octets });
    return { ...state, ask, auth: data };
  }
  const kind = engine.dependencies.crypto.signatures.kindOf(credential.spki);
  const weak = 'hash' in scheme && scheme.hash === 'sha1';
  const signed: Login = {
    ...proven(login, describeSignature(scheme, kind)),
    ...(weak ? { weaknesses: [...login.weaknesses, 'sha1-signature'] } : {}),
  };
  const proof = {
    auth: { kind: 'AUTH', method, data: before ?? data } as const,
    ...(before === undefined ? {} : { noPpkAuth: data }),
    credential,
  };
  return sendRound(engine, signed, gateway, proof, now);
}

interface OwnProof {
  readonly auth?: AuthPayload;
  readonly noPpkAuth?: Uint8Array;
  readonly credential?: KeyCredential;
}

function sendRound(
  engine: Engine,
  login: Login,
  gateway: ProvenGateway | undefined,
  own: OwnProof,
  now: Instant,
): IkeState {
  const { config, dependencies, exchange } = engine;
  const { auth, credential } = own;
  const { way } = login.course;
  const proof: Proof = {
    identity: identityOf(engine, login),
    ...(auth === undefined ? {} : { auth, ...ppkOf(login, own.noPpkAuth) }),
    ...(credential === undefined ? {} : shownOf(credential)),
    anotherFollows: auth !== undefined && !isLastRound(login),
  };
  if (gateway === undefined) {
    const offers = {
      eapOnly: way.gateway.eapOnly,
      severalRounds: way.rounds.length > 1,
      ...(speaksAsFortiClient(way) ? { fortiClient: fortiClientOf(engine) } : {}),
    };
    const payloads = buildFirstAuth(config, dependencies.crypto, login.child, proof, offers);
    exchange.request(exchangeType.IKE_AUTH, payloads, now);
    return { kind: 'authenticating-gateway', ...login };
  }
  exchange.request(exchangeType.IKE_AUTH, buildFurtherAuth(proof), now);
  if (auth !== undefined) return { kind: 'requesting-address', ...login, gateway, method: '' };
  engine.emit({ kind: 'phase', phase: 'logging-in' });
  const eap = dependencies.createEapPeer({
    way: login.course.index,
    round: login.round,
    gatewayProven: true,
  });
  return { kind: 'logging-in', ...login, gateway, eap, rounds: 0 };
}

function fortiClientOf({ config, dependencies }: Engine): Payload {
  return fortiClientConnect(dependencies.random, config.local.address);
}

function shownOf({ chain, spki }: KeyCredential): Pick<Proof, 'chain' | 'rawKey'> {
  return chain.length === 0 ? { rawKey: spki } : { chain };
}

/** For an AUTH of ours: the PPK that it was made with. */
export function ppkOf({ ppk }: Login, noPpkAuth: Uint8Array | undefined): Pick<Proof, 'ppk'> {
  if (ppk.kind !== 'offered') return {};
  return { ppk: { id: ppk.terms.id, ...(noPpkAuth === undefined ? {} : { noPpkAuth }) } };
}

function proven(login: Login, by: string): Login {
  return { ...login, proofs: [...login.proofs, by] };
}

/** What our AUTH covers. `mixed`: with the PPK, if one is offered. @rfc 7296 2.15 @rfc 8784 3 */
function ownOctets(engine: Engine, login: Login, mixed: boolean): Uint8Array {
  const { suite, keys, initMessages, nonces } = login.association;
  const { ppk } = login;
  const skPi = mixed && ppk.kind === 'offered' ? (ppk.mixed?.skPi ?? keys.skPi) : keys.skPi;
  return signedOctets(suite.prf, {
    initMessage: initMessages.request,
    otherNonce: nonces.responder,
    skP: skPi,
    identity: identityOf(engine, login),
  });
}
