import { formatIpAddress } from '../base/address.ts';
import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import type { Instant } from '../base/time.ts';
import type { EapStep } from '../eap/peer.ts';
import { notifyOf, payloadOf } from '../wire/ike/lookup.ts';
import type { IkeMessage } from '../wire/ike/payload.ts';
import { notateId } from '../wire/ike/payloads/id.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { close, fail, sayGoodbye } from './ending.ts';
import type { Engine } from './engine.ts';
import { establish } from './established.ts';
import { freshIkeSpi } from './fresh-ike-spi.ts';
import { offeredGroups } from './negotiate.ts';
import { ikeNotify } from './payload-list.ts';
import { refusalIn } from './peer-refusal.ts';
import { createProtection } from './protection.ts';
import { formatTarget, type RedirectTarget } from './redirect-target.ts';
import { offerMobility } from './roaming.ts';
import type {
  AuthenticatingGateway,
  AwaitingCredential,
  EapLogin,
  IkeState,
  Init,
  JudgingGateway,
  LoggingIn,
  RequestingAddress,
} from './state.ts';
import {
  buildIdentities,
  firstEapPacket,
  processGatewayClaim,
  verifyGateway,
} from './tasks/authenticate-gateway.ts';
import { buildChildCreate, offerChild } from './tasks/child-create.ts';
import { buildConfigRequest } from './tasks/config-request.ts';
import { deleteIkeSa } from './tasks/delete.ts';
import { buildEapAuth, verifyEapAuth } from './tasks/eap-login.ts';
import { IkeInitTask } from './tasks/ike-init.ts';
import { redirectIn } from './tasks/redirect.ts';

/*
 * The way from `connect` to the end of IKE_AUTH. Each function takes the state in which an event came and returns the next one.
 */

/** Sends IKE_SA_INIT. */
export function startLogin(engine: Engine, now: Instant): IkeState {
  const { config, dependencies, exchange } = engine;
  engine.emit({ kind: 'phase', phase: 'init' });
  const spi = freshIkeSpi(dependencies.random);
  const task = new IkeInitTask(config, dependencies, spi);
  exchange.startInit(spi, offeredGroups(config.ikeProposals), (restart) => task.build(restart), now);
  return { kind: 'init', task };
}

/** Takes the answer to IKE_SA_INIT and, if it is one, sends who we are and what we want. */
export function onInitResponse(
  engine: Engine,
  state: Init,
  message: IkeMessage,
  octets: Uint8Array,
  now: Instant,
): IkeState {
  const { config, dependencies, exchange } = engine;
  const redirect = state.task.redirect(message);
  if (redirect !== undefined) return onInitRedirect(engine, state, redirect);
  const association = state.task.process(message, octets);
  if (!association.ok) {
    exchange.rejectInit(association.error);
    return state;
  }
  state.task.wipe();
  const { spis, suite, keys } = association.value;
  exchange.acceptInit(spis.responder, createProtection(suite.cipher, keys, dependencies.random));
  if (notifyOf(message, notifyType.IKEV2_FRAGMENTATION_SUPPORTED) !== undefined) {
    exchange.fragmentSizes.allow(config.remote.address.family);
  }
  engine.emit({ kind: 'phase', phase: 'authenticating-gateway' });
  const childless =
    config.childless === true && notifyOf(message, notifyType.CHILDLESS_IKEV2_SUPPORTED) !== undefined;
  const child = childless ? undefined : offerChild(config, dependencies.random);
  const payloads = [
    ...buildIdentities(config, dependencies.crypto),
    ...(config.initialContact === true ? [ikeNotify(notifyType.INITIAL_CONTACT)] : []),
    buildConfigRequest(config.wantedAddresses),
    ...(child === undefined ? [] : buildChildCreate(child)),
    ...offerMobility(config),
  ];
  exchange.request(exchangeType.IKE_AUTH, payloads, now);
  return { kind: 'authenticating-gateway', association: association.value, child };
}

/** Nothing but our nonce vouches for it; whoever answers there must prove to be our gateway all the same. @rfc 5685 3 */
function onInitRedirect(engine: Engine, state: Init, to: Result<RedirectTarget, Failure>): IkeState {
  if (to.ok) return close(engine, state, redirected(engine, to.value));
  engine.exchange.rejectInit(to.error);
  return state;
}

/** Tells where the gateway sends us, and answers why the login ends. */
function redirected(engine: Engine, to: RedirectTarget): Failure {
  engine.emit({ kind: 'redirect', to });
  const gateway = formatIpAddress(engine.config.remote.address);
  return failure('peer.redirected', { gateway, to: formatTarget(to) });
}

/** Takes the gateway's claim and asks the driver for its verdict on the certificates. */
export function onGatewayResponse(
  engine: Engine,
  state: AuthenticatingGateway,
  message: IkeMessage,
): IkeState {
  const refusal = refusalIn(message, 'IKE');
  if (refusal !== undefined) return close(engine, state, earlyRefusal(engine, refusal));
  const claim = processGatewayClaim(message);
  if (!claim.ok) return fail(engine, state, claim.error);
  const redirect = redirectIn(engine.config, message);
  if (redirect?.ok === false) return fail(engine, state, redirect.error);
  const eap = redirect === undefined ? firstEapPacket(message) : ok(new Uint8Array(0));
  if (!eap.ok) return fail(engine, state, eap.error);
  const { chain, identity } = claim.value;
  if (chain.length === 0) return fail(engine, state, failure('auth.no-certificate', { side: 'remote' }));
  const ask = engine.ask({ kind: 'certificate-verdict', chain, claimed: identity });
  const { association, child } = state;
  const judging = { association, child, ask, claim: claim.value, eapPacket: eap.value };
  return {
    kind: 'judging-gateway',
    ...judging,
    ...(redirect === undefined ? {} : { redirect: redirect.value }),
  };
}

/** Refused before any password: it is the names that the gateway does not like. */
function earlyRefusal({ config }: Engine, refusal: Failure): Failure {
  if (refusal.code !== 'auth.refused') return refusal;
  const { localIdentity, remoteIdentity } = config;
  return failure('auth.refused-early', {
    ...refusal.detail,
    asked: remoteIdentity === undefined ? 'no name' : notateId({ kind: 'IDr', ...remoteIdentity }),
    identity: notateId({ kind: 'IDi', ...localIdentity }),
  });
}

/** The certificate is good: if the signature is too, EAP may begin. */
export function onGoodCertificate(
  engine: Engine,
  state: JudgingGateway,
  spki: Uint8Array,
  now: Instant,
): IkeState {
  const { config, dependencies } = engine;
  const { association, child, claim } = state;
  const authentication = verifyGateway(config, dependencies.crypto, association, claim, spki);
  if (!authentication.ok) return fail(engine, state, authentication.error);
  if (state.redirect !== undefined) {
    engine.exchange.announce(exchangeType.INFORMATIONAL, [deleteIkeSa]);
    return close(engine, state, redirected(engine, state.redirect));
  }
  engine.emit({ kind: 'phase', phase: 'logging-in' });
  const gateway = { identity: claim.identity, authentication: authentication.value };
  const login: EapLogin = { association, child, gateway, eap: dependencies.createEapPeer(), rounds: 1 };
  return afterEapStep(engine, login, login.eap.handle(state.eapPacket), now);
}

/** Takes the gateway's next EAP packet. */
export function onEapResponse(engine: Engine, state: LoggingIn, message: IkeMessage, now: Instant): IkeState {
  const packet = payloadOf(message, 'EAP')?.packet;
  const refusal = refusalIn(message, 'IKE');
  if (packet === undefined) {
    const missing = failure('peer.misbehaved', { rule: 'an IKE_AUTH response goes on with EAP' });
    const error = state.failing ?? refusal;
    return error === undefined ? fail(engine, state, missing) : close(engine, state, error);
  }
  if (state.rounds >= limits.eapRounds) {
    const rule = `EAP ends within ${limits.eapRounds} rounds`;
    return fail(engine, state, failure('peer.misbehaved', { rule }));
  }
  const { association, child, gateway, eap } = state;
  const login: EapLogin = { association, child, gateway, eap, rounds: state.rounds + 1 };
  const step = eap.handle(packet);
  // EAP-Failure comes together with AUTHENTICATION_FAILED, and knows better why.
  if (refusal !== undefined && step.kind !== 'failure') return close(engine, state, state.failing ?? refusal);
  return afterEapStep(engine, login, step, now);
}

/** Hands what the user knows to EAP. */
export function onCredential(
  engine: Engine,
  state: AwaitingCredential,
  secret: Secret,
  now: Instant,
): IkeState {
  const { association, child, gateway, eap, rounds } = state;
  return afterEapStep(engine, { association, child, gateway, eap, rounds }, eap.answer(secret), now);
}

/** Takes the gateway's last word: its AUTH from EAP's key, our address, and the CHILD SA. */
export function onLastResponse(
  engine: Engine,
  state: RequestingAddress,
  message: IkeMessage,
  now: Instant,
): IkeState {
  const unproven = payloadOf(message, 'AUTH') === undefined;
  const refusal = refusalIn(message, unproven ? 'IKE' : 'ESP');
  if (unproven && refusal !== undefined) return close(engine, state, refusal);
  const bound = verifyEapAuth(state.association, state.gateway.identity, state.msk, message);
  if (!bound.ok) return fail(engine, state, bound.error);
  const redirect = redirectIn(engine.config, message);
  if (redirect !== undefined)
    return sayGoodbye(engine, state, redirect.ok ? redirected(engine, redirect.value) : redirect.error, now);
  // From here on the IKE SA stands, whatever became of the CHILD SA. @rfc 7296 2.21.2
  if (refusal !== undefined) return sayGoodbye(engine, state, refusal, now);
  return establish(engine, state, message, now);
}

function afterEapStep(engine: Engine, login: EapLogin, step: EapStep, now: Instant): IkeState {
  switch (step.kind) {
    case 'respond': {
      engine.exchange.request(exchangeType.IKE_AUTH, [{ kind: 'EAP', packet: step.packet }], now);
      const { failing } = step;
      return { kind: 'logging-in', ...login, ...(failing === undefined ? {} : { failing }) };
    }
    case 'ask': {
      const { identity, question } = step;
      const ask = engine.ask({ kind: 'credential', identity, question });
      return { kind: 'awaiting-credential', ...login, ask };
    }
    case 'success':
      return sendAuth(engine, login, step, now);
    case 'failure':
      return fail(engine, { kind: 'logging-in', ...login }, step.error);
  }
}

function sendAuth(
  engine: Engine,
  login: EapLogin,
  { method, msk }: Extract<EapStep, { readonly kind: 'success' }>,
  now: Instant,
): IkeState {
  const { association, child, gateway, eap } = login;
  eap.wipe();
  engine.emit({ kind: 'phase', phase: 'requesting-address' });
  const auth = buildEapAuth(association, engine.config.localIdentity, msk);
  engine.exchange.request(exchangeType.IKE_AUTH, [auth], now);
  const key = msk === undefined ? {} : { msk };
  return { kind: 'requesting-address', association, child, gateway, method, ...key };
}
