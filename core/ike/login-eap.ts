import { failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Instant } from '../base/time.ts';
import type { EapPeer, EapStep } from '../eap/peer.ts';
import { notifyOf, payloadOf } from '../wire/ike/lookup.ts';
import type { IkeMessage } from '../wire/ike/payload.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { close, fail } from './ending.ts';
import type { Engine } from './engine.ts';
import type { IkeAnswer } from './io.ts';
import { identityOf, isLastRound, ppkOf, roundOf } from './own-proof.ts';
import { refusalIn } from './peer-refusal.ts';
import { ppkRefused, settlePpk } from './ppk-settlement.ts';
import { refusedProof } from './refused-proof.ts';
import { roundDone } from './round-done.ts';
import type {
  AwaitingCredential,
  EapLogin,
  IkeState,
  LoggingIn,
  Login,
  ProvenGateway,
  RequestingAddress,
} from './state.ts';
import { buildEapAuth, verifyEapAuth } from './tasks/eap-login.ts';
import { buildProofNotifies } from './tasks/first-auth.ts';
import { mayCoverAnother, turnedAway } from './turned-away.ts';

/*
 * A round of EAP, from the gateway's first packet to its AUTH from the key that EAP made.
 */

/** Hands the first packet to a fresh EAP peer: one for mutual methods alone when the gateway is not proven. */
export function startEap(
  engine: Engine,
  login: Login,
  gateway: EapLogin['gateway'],
  packet: Uint8Array,
  now: Instant,
): IkeState {
  engine.emit({ kind: 'phase', phase: 'logging-in' });
  const gatewayProven = gateway.authentication !== undefined;
  const { course, round } = login;
  const eap = engine.dependencies.createEapPeer({ way: course.index, round, gatewayProven });
  return afterEapStep(engine, { ...login, gateway, eap, rounds: 1 }, eap.handle(packet), now);
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
  const { kind: _, failing: __, ...rest } = state;
  const login: EapLogin = { ...rest, rounds: state.rounds + 1 };
  const step = login.eap.handle(packet);
  // EAP-Failure comes together with AUTHENTICATION_FAILED, and knows better why.
  if (refusal !== undefined && step.kind !== 'failure') return close(engine, state, state.failing ?? refusal);
  return afterEapStep(engine, login, step, now);
}

/** Hands EAP what it asked for: what the user knows, a step of TLS, or why there is none. */
export function onEapAnswer(
  engine: Engine,
  state: AwaitingCredential,
  answer: IkeAnswer,
  now: Instant,
): IkeState {
  const { kind: _, ask: __, ...login } = state;
  const step = eapStepOf(login.eap, answer);
  return step === undefined ? state : afterEapStep(engine, login, step, now);
}

/** `undefined`: the answer is one to another question. */
function eapStepOf(eap: EapPeer, answer: IkeAnswer): EapStep | undefined {
  switch (answer.kind) {
    case 'credential':
      return eap.answer(answer.secret);
    case 'tls-step':
      return eap.tls(answer.result);
    case 'refused':
      return eap.refuse(answer.error);
    case 'signature':
    case 'certificate-verdict':
      return undefined;
  }
}

/** Takes the gateway's answer to our AUTH: its own AUTH from EAP's key where EAP came before, our address, and the CHILD SA. */
export function onLastResponse(
  engine: Engine,
  state: RequestingAddress,
  message: IkeMessage,
  now: Instant,
): IkeState {
  const { binding, method } = state;
  const refusal = refusalIn(message, 'IKE');
  // Beside AUTH, or from a gateway that owes none, an error may mean the CHILD SA alone. @rfc 7296 2.21.2
  const owed = binding !== undefined && payloadOf(message, 'AUTH') === undefined;
  if (refusal !== undefined && (owed || refusal.code === 'auth.refused')) {
    const error = refusedProof(engine, state, refusal);
    return mayCoverAnother(state, error)
      ? turnedAway(engine, state, error, now)
      : close(engine, state, error);
  }
  if (notifyOf(message, notifyType.ANOTHER_AUTH_FOLLOWS) !== undefined) {
    const more = failure('auth.method-refused', { side: 'remote', method: 'more than one proof' });
    return fail(engine, state, more);
  }
  const { kind: _, method: __, binding: ___, gateway, ...login } = { ...state, ...settlePpk(state, message) };
  if (ppkRefused(login)) {
    const reason = 'it does not know the one with this name';
    return fail(engine, { ...state, ...login }, failure('auth.ppk-missing', { reason }));
  }
  if (binding !== undefined) {
    const bound = verifyEapAuth(login.association, gateway.identity, binding.msk, message);
    if (!bound.ok) return fail(engine, { ...state, ...login }, bound.error);
    binding.msk?.fill(0);
  }
  const proven = provenBy(gateway, binding?.msk === undefined ? undefined : method);
  if (proven !== undefined) return roundDone(engine, login, proven, message, now);
  return fail(engine, { ...state, ...login }, failure('auth.gateway-unproven', { side: 'remote' }));
}

/** An unproven gateway is proven by a key that EAP made with it, and by nothing less. @rfc 5998 3 */
function provenBy(gateway: EapLogin['gateway'], method: string | undefined): ProvenGateway | undefined {
  if (gateway.authentication !== undefined) return gateway;
  if (method === undefined) return undefined;
  return { identity: gateway.identity, authentication: `${method} alone`, names: [] };
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
    case 'tls': {
      const { course, round } = login;
      const ask = engine.ask({ kind: 'tls-step', request: step.request, way: course.index, round });
      return { kind: 'awaiting-credential', ...login, ask };
    }
    case 'success':
      return sendAuth(engine, login, step, now);
    case 'failure': {
      const state = { kind: 'logging-in', ...login } as const;
      // No method in common: nothing was shown yet, and another way may have one.
      return step.error.code === 'auth.eap-method' && login.round === 0
        ? turnedAway(engine, state, step.error, now)
        : fail(engine, state, step.error);
    }
  }
}

function sendAuth(
  engine: Engine,
  eapLogin: EapLogin,
  { method, msk: made, chained }: Extract<EapStep, { readonly kind: 'success' }>,
  now: Instant,
): IkeState {
  const { gateway, eap, rounds: _, ...login } = eapLogin;
  eap.wipe();
  if (made === undefined && gateway.authentication === undefined) {
    const error = failure('auth.gateway-unproven', { side: 'remote' });
    return fail(engine, { kind: 'logging-in', ...eapLogin }, error);
  }
  const round = roundOf(login);
  const unbound = round.kind === 'eap' && round.unbound === true && gateway.authentication !== undefined;
  const msk = unbound ? undefined : made;
  if (unbound) made?.fill(0);
  if (isLastRound(login)) engine.emit({ kind: 'phase', phase: 'requesting-address' });
  const payloads = [eapAuth(engine, login, msk, true), ...ppkNotifies(engine, login, msk)];
  engine.exchange.request(exchangeType.IKE_AUTH, payloads, now);
  const weakness = unbound || chained === true ? 'unbound-eap' : 'keyless-eap';
  return {
    ...login,
    kind: 'requesting-address',
    gateway,
    method,
    proofs: [...login.proofs, method],
    ...(msk === undefined ? { weaknesses: [...login.weaknesses, weakness] } : {}),
    binding: msk === undefined ? {} : { msk },
  };
}

/** `mixed`: with the PPK, if one is offered. */
function eapAuth(engine: Engine, login: Login, msk: Uint8Array | undefined, mixed: boolean) {
  const { association, ppk } = login;
  const keys = mixed && ppk.kind === 'offered' ? { ...association.keys, ...ppk.mixed } : association.keys;
  return buildEapAuth({ ...association, keys }, identityOf(engine, login), msk);
}

function ppkNotifies(engine: Engine, login: Login, msk: Uint8Array | undefined) {
  const both = login.ppk.kind === 'offered' && !login.ppk.terms.required;
  const noPpkAuth = both ? eapAuth(engine, login, msk, false).data : undefined;
  return buildProofNotifies({ ...ppkOf(login, noPpkAuth), anotherFollows: !isLastRound(login) });
}
