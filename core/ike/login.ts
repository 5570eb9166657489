import { type Failure, failure } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import { Secret } from '../base/secret.ts';
import type { Instant } from '../base/time.ts';
import { utf8 } from '../base/utf8.ts';
import { formatIdentity } from '../pki/identity.ts';
import { notifyOf } from '../wire/ike/lookup.ts';
import { checkOccurrence } from '../wire/ike/message-rules.ts';
import type { IkeMessage } from '../wire/ike/payload.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import type { Association } from './association.ts';
import { requestedAuthorities } from './credential-choice.ts';
import { close, fail } from './ending.ts';
import type { Engine } from './engine.ts';
import { fortiClientVendorIds } from './forticlient.ts';
import { freshIkeSpi } from './fresh-ike-spi.ts';
import type { IkeOutput } from './io.ts';
import { shortPskOctets, speaksAsFortiClient } from './login-way.ts';
import { offeredGroups } from './negotiate.ts';
import { startRound } from './own-proof.ts';
import { mixPpk } from './ppk.ts';
import { createProtection } from './protection.ts';
import type { RedirectTarget } from './redirect-target.ts';
import { redirected } from './redirected.ts';
import { Rivals } from './rivals.ts';
import {
  type AuthenticatingGateway,
  type AwaitingSecret,
  type Course,
  type GatewayAbilities,
  type IkeState,
  type Init,
  type Login,
  type PpkState,
  wipeState,
} from './state.ts';
import { offerChild } from './tasks/child-create.ts';
import { IkeInitTask } from './tasks/ike-init.ts';
import { turnedAway } from './turned-away.ts';

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
  const next = takeInit(engine, course, association.value, message, now);
  if (followsRivals(next)) engine.rivals.begin(course, task, message.header.responderSpi);
  else task.wipe();
  return next;
}

/** Another answer to IKE_SA_INIT than the one that was taken: one of them is forged, and nobody knows which. @rfc 7296 2.4 */
export function onRivalInit(engine: Engine, message: IkeMessage, octets: Uint8Array, now: Instant): void {
  const init = engine.rivals.initFor(message.header.responderSpi);
  if (init === undefined || !checkOccurrence(message, false).ok) return;
  const association = init.task.process(message, octets);
  if (!association.ok) return;
  const { emit } = engine;
  const quiet = (output: IkeOutput) => (output.kind === 'transmit' ? emit(output) : undefined);
  const aside: Engine = { ...engine, exchange: engine.rivalExchange(), rivals: new Rivals(), emit: quiet };
  const next = takeInit(aside, init.course, association.value, message, now);
  if (followsRivals(next)) return engine.rivals.add(aside.exchange, next);
  wipeState(next);
  aside.exchange.close();
}

/** Nobody had to be asked for what our first IKE_AUTH request holds. */
function followsRivals(state: IkeState): state is AuthenticatingGateway {
  return (
    state.kind === 'authenticating-gateway' &&
    state.course.way.rounds[0]?.kind === 'eap' &&
    state.psk === undefined
  );
}

function takeInit(
  engine: Engine,
  course: Course,
  association: Association,
  message: IkeMessage,
  now: Instant,
): IkeState {
  const { config, dependencies, exchange } = engine;
  const { spis, suite, keys } = association;
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
    abilities: readAbilities(message),
    round: 0,
    proofs: [],
    weaknesses: [],
    ppk: { kind: 'none' },
  };
  const lacking = lackOf(login);
  if (lacking !== undefined)
    return turnedAway(engine, { kind: 'authenticating-gateway', ...login }, lacking, now);
  return withPpkTerms(engine, login, message, now);
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
    ...(hashes === undefined ? {} : { hashes: u16List(hashes) }),
    multipleAuth: notifyOf(message, notifyType.MULTIPLE_AUTH_SUPPORTED) !== undefined,
    authorities: requestedAuthorities(message),
  };
}

/** Two octets each. @rfc 7427 4 */
function u16List(octets: Uint8Array): readonly number[] {
  return Array.from(
    { length: octets.length >> 1 },
    (_, i) => ((octets[2 * i] ?? 0) << 8) | (octets[2 * i + 1] ?? 0),
  );
}

function lackOf({ course, abilities }: Login): Failure | undefined {
  const severalRounds = course.way.rounds.length > 1;
  return severalRounds && !abilities.multipleAuth ? failure('auth.one-round-only') : undefined;
}

/** One PPK, one AUTH: how it goes with several rounds nobody has written down. A question has no use for it. */
function wantsPpk({ config }: Engine, { way, index }: Course): boolean {
  return config.ppk !== undefined && way.rounds.length === 1 && index >= 0;
}

function withPpkTerms(engine: Engine, login: Login, message: IkeMessage, now: Instant): IkeState {
  const terms = engine.config.ppk;
  if (terms === undefined || !wantsPpk(engine, login.course)) return gatherSecrets(engine, login, now);
  if (notifyOf(message, notifyType.USE_PPK) !== undefined)
    return gatherSecrets(engine, { ...login, ppk: { kind: 'offered', terms } }, now);
  if (terms.required)
    return close(
      engine,
      { kind: 'authenticating-gateway', ...login },
      failure('auth.ppk-missing', { reason: 'it does not know RFC 8784' }),
    );
  return gatherSecrets(engine, { ...login, weaknesses: [...login.weaknesses, 'no-ppk'] }, now);
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

/** Takes a copy of the secret. */
export function onSharedSecret(
  engine: Engine,
  state: AwaitingSecret,
  secret: Secret,
  now: Instant,
): IkeState {
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
