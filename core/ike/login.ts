import { type Failure, failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { Secret } from '../base/secret.ts';
import type { Instant } from '../base/time.ts';
import { utf8 } from '../base/utf8.ts';
import { readU16List } from '../base/words.ts';
import { formatIdentity } from '../pki/identity.ts';
import { notifyOf } from '../wire/ike/lookup.ts';
import type { IkeMessage } from '../wire/ike/payload.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { type Association, wipeAssociation } from './association.ts';
import { requestedAuthorities } from './credential-choice.ts';
import { close, fail } from './ending.ts';
import type { Engine } from './engine.ts';
import { fortiClientVendorIds } from './forticlient.ts';
import { freshIkeSpi } from './fresh-ike-spi.ts';
import type { IkeAnswer } from './io.ts';
import { shortPskOctets, speaksAsFortiClient } from './login-way.ts';
import { offeredGroups } from './negotiate.ts';
import { onSignature, signatureLack, startRound } from './own-proof.ts';
import { mixPpk } from './ppk.ts';
import { createProtection } from './protection.ts';
import type { RedirectTarget } from './redirect-target.ts';
import { redirected } from './redirected.ts';
import {
  type AwaitingSecret,
  type AwaitingSignature,
  type Course,
  type GatewayAbilities,
  type IkeState,
  type Init,
  isUnproven,
  type Login,
  type PpkState,
} from './state.ts';
import { offerChild } from './tasks/child-create.ts';
import { IkeInitTask } from './tasks/ike-init.ts';

/*
 * The way from `connect` to our first word in IKE_AUTH. Each function takes the state in which an event came and returns the
 * next one.
 */

/** Sends IKE_SA_INIT. */
export function startLogin(engine: Engine, course: Course, now: Instant): IkeState {
  const { config, dependencies, exchange } = engine;
  engine.rivals.settle();
  engine.emit({ kind: 'phase', phase: 'init' });
  const spi = freshIkeSpi(dependencies.random);
  const task = new IkeInitTask(config, dependencies, spi, {
    usePpk: wantsPpk(engine, course),
    vendorIds: speaksAsFortiClient(course.way) ? fortiClientVendorIds : [],
  });
  exchange.startInit(spi, offeredGroups(config.ikeProposals), (restart) => task.build(restart), now);
  return { kind: 'init', course, task };
}

/** Takes the answer to IKE_SA_INIT and, if it is one, sends who we are and what we want, once the secrets for that are there. */
export function onInitResponse(
  engine: Engine,
  state: Init,
  message: IkeMessage,
  octets: Uint8Array,
  now: Instant,
): IkeState {
  const { course, task } = state;
  const redirect = task.redirect(message);
  if (redirect !== undefined) return onInitRedirect(engine, state, redirect);
  const association = task.process(message, octets);
  if (!association.ok) {
    engine.exchange.rejectInit(association.error);
    return state;
  }
  const { init } = engine.exchange;
  const next = takeInit(engine, course, association.value, message, now);
  if (!next.ok) {
    engine.exchange.rejectInit(next.error);
    return state;
  }
  if (init !== undefined && isUnproven(next.value))
    engine.rivals.begin({ course, task, exchange: init }, message.header.responderSpi);
  else task.wipe();
  return next.value;
}

/**
 * Begins the login that this answer to IKE_SA_INIT makes. Fails when the answer lacks what our way needs; another one, perhaps the
 * gateway's, need not.
 */
export function takeInit(
  engine: Engine,
  course: Course,
  association: Association,
  message: IkeMessage,
  now: Instant,
): Result<IkeState, Failure> {
  const { config, dependencies, exchange } = engine;
  const { spis, suite, keys } = association;
  const abilities = readAbilities(message);
  const lack = lackOf(engine, course, abilities, message);
  if (lack !== undefined) {
    wipeAssociation(association);
    return err(lack);
  }
  exchange.acceptInit(spis, createProtection(suite.cipher, keys, dependencies.random));
  if (notifyOf(message, notifyType.IKEV2_FRAGMENTATION_SUPPORTED) !== undefined) {
    exchange.fragmentSizes.allow(config.remote.address.family);
  }
  engine.emit({ kind: 'phase', phase: 'authenticating-gateway' });
  const childless =
    config.childless === true && notifyOf(message, notifyType.CHILDLESS_IKEV2_SUPPORTED) !== undefined;
  const login: Login = {
    association,
    child: childless ? undefined : offerChild(config, dependencies.random),
    course,
    abilities,
    round: 0,
    proofs: [],
    weaknesses: [],
    ppk: { kind: 'none' },
  };
  return ok(gatherSecrets(engine, withPpkTerms(engine, login, message), now));
}

/** Nothing but our nonce vouches for it; whoever answers there must prove to be our gateway all the same. @rfc 5685 3 */
function onInitRedirect(engine: Engine, state: Init, to: Result<RedirectTarget, Failure>): IkeState {
  if (to.ok) return close(engine, state, redirected(engine, to.value));
  engine.exchange.rejectInit(to.error);
  return state;
}

function readAbilities(message: IkeMessage): GatewayAbilities {
  const hashes = notifyOf(message, notifyType.SIGNATURE_HASH_ALGORITHMS)?.data;
  return {
    ...(hashes === undefined ? {} : { hashes: readU16List(hashes) }),
    multipleAuth: notifyOf(message, notifyType.MULTIPLE_AUTH_SUPPORTED) !== undefined,
    authorities: requestedAuthorities(message),
  };
}

function lackOf(
  engine: Engine,
  course: Course,
  abilities: GatewayAbilities,
  message: IkeMessage,
): Failure | undefined {
  const [first, ...further] = course.way.rounds;
  if (further.length > 0 && !abilities.multipleAuth) return failure('auth.one-round-only');
  const needsPpk = engine.config.ppk?.required === true && wantsPpk(engine, course);
  if (needsPpk && notifyOf(message, notifyType.USE_PPK) === undefined)
    return failure('auth.ppk-missing', { reason: 'it does not know RFC 8784' });
  return first?.kind === 'key' ? signatureLack(engine, first, abilities) : undefined;
}

/** One PPK, one AUTH: how it goes with several rounds nobody has written down. A question has no use for it. */
function wantsPpk({ config }: Engine, { way, index }: Course): boolean {
  return config.ppk !== undefined && way.rounds.length === 1 && index >= 0;
}

function withPpkTerms(engine: Engine, login: Login, message: IkeMessage): Login {
  const terms = engine.config.ppk;
  if (terms === undefined || !wantsPpk(engine, login.course)) return login;
  return notifyOf(message, notifyType.USE_PPK) === undefined
    ? { ...login, weaknesses: [...login.weaknesses, 'no-ppk'] }
    : { ...login, ppk: { kind: 'offered', terms } };
}

/** Asks for the shared secrets that this way needs, one after the other. */
function gatherSecrets(engine: Engine, login: Login, now: Instant): IkeState {
  const { way } = login.course;
  const pskRound = way.rounds.find(({ kind }) => kind === 'psk');
  if ((pskRound !== undefined || way.gateway.psk) && login.psk === undefined) {
    const identity = formatIdentity(pskRound?.identity ?? engine.config.localIdentity);
    const ask = engine.ask({ kind: 'shared-secret', use: 'psk', identity });
    return { kind: 'awaiting-secret', ...login, ask, use: 'psk' };
  }
  if (login.ppk.kind === 'offered' && login.ppk.mixed === undefined) {
    const identity = utf8.decode(login.ppk.terms.id);
    const ask = engine.ask({ kind: 'shared-secret', use: 'ppk', identity });
    return { kind: 'awaiting-secret', ...login, ask, use: 'ppk' };
  }
  return startRound(engine, login, undefined, now);
}

/** What our first proof is made of, from the driver. */
export function onProofAnswer(
  engine: Engine,
  state: AwaitingSecret | AwaitingSignature,
  answer: IkeAnswer,
  now: Instant,
): IkeState {
  if (answer.kind === 'refused') return fail(engine, state, answer.error);
  if (state.kind === 'awaiting-secret')
    return answer.kind === 'credential' ? onSharedSecret(engine, state, answer.secret, now) : state;
  return answer.kind === 'signature' ? onSignature(engine, state, answer.signature, now) : state;
}

/** Takes a copy of the secret. */
function onSharedSecret(engine: Engine, state: AwaitingSecret, secret: Secret, now: Instant): IkeState {
  const { kind: _, ask: __, use, ...login } = state;
  if (secret.length === 0) return fail(engine, state, failure('secret.missing'));
  if (use === 'ppk') return gatherSecrets(engine, { ...login, ppk: mixed(login, secret) }, now);
  const short = secret.length < shortPskOctets;
  const weaknesses = short ? [...login.weaknesses, 'short-psk' as const] : login.weaknesses;
  return gatherSecrets(engine, { ...login, psk: new Secret(secret.expose()), weaknesses }, now);
}

function mixed({ ppk, association }: Login, secret: Secret): PpkState {
  if (ppk.kind !== 'offered') return ppk;
  return { ...ppk, mixed: mixPpk(association.suite.prf, association.keys, secret.expose()) };
}
