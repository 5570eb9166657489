import { type Failure, failure } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import type { Instant } from '../base/time.ts';
import { formatIdentity } from '../pki/identity.ts';
import { notifyOf, payloadOf } from '../wire/ike/lookup.ts';
import type { IkeMessage } from '../wire/ike/payload.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { close, fail, sayGoodbye } from './ending.ts';
import type { Engine } from './engine.ts';
import { startEap } from './login-eap.ts';
import { roundOf } from './own-proof.ts';
import { refusalIn } from './peer-refusal.ts';
import { ppkRefused, settlePpk } from './ppk-settlement.ts';
import type { RedirectTarget } from './redirect-target.ts';
import { redirected } from './redirected.ts';
import { refusedProof } from './refused-proof.ts';
import { roundDone } from './round-done.ts';
import type { AuthenticatingGateway, IkeState, JudgingGateway, Login, ProvenGateway } from './state.ts';
import {
  type GatewayClaim,
  processGatewayClaim,
  type SignedClaim,
  verifyGateway,
  verifyGatewayByKey,
  verifyGatewayByPsk,
} from './tasks/authenticate-gateway.ts';
import { deleteIkeSa } from './tasks/delete.ts';
import { redirectIn } from './tasks/redirect.ts';
import { answered, isQuestion, turnedAway } from './turned-away.ts';

/*
 * The answer to our first IKE_AUTH request: the gateway's proof, whatever ours was.
 */

/** Reads the gateway's claim and has it judged, or judges it itself. */
export function onGatewayResponse(
  engine: Engine,
  state: AuthenticatingGateway,
  message: IkeMessage,
  now: Instant,
): IkeState {
  if (isQuestion(state.course)) return answered(engine, state, payloadOf(message, 'EAP') !== undefined);
  const refusal = refusalIn(message, 'IKE');
  // Beside AUTH an error means the CHILD SA. @rfc 7296 2.21.2
  if (refusal !== undefined && payloadOf(message, 'AUTH') === undefined)
    return afterRefusal(engine, state, refusal, now);
  if (notifyOf(message, notifyType.ANOTHER_AUTH_FOLLOWS) !== undefined)
    return fail(engine, state, refusedMethod('more than one proof'));
  const wantedEap = roundOf(state).kind === 'eap';
  const goesOn = payloadOf(message, 'EAP') !== undefined || redirectIn(engine.config, message) !== undefined;
  if (wantedEap && !goesOn)
    return turnedAway(engine, state, failure('auth.wants-no-eap', namesOf(engine)), now);
  const settled = wantedEap ? state : { ...state, ...settlePpk(state, message) };
  if (!wantedEap && ppkRefused(settled))
    return fail(engine, settled, failure('auth.ppk-missing', unknownPpk));
  const claim = processGatewayClaim(message);
  if (!claim.ok) return fail(engine, settled, claim.error);
  return judge(engine, settled, claim.value, message, now);
}

const unknownPpk = { reason: 'it does not know the one with this name' } as const;

function afterRefusal(
  engine: Engine,
  state: AuthenticatingGateway,
  refusal: Failure,
  now: Instant,
): IkeState {
  if (refusal.code !== 'auth.refused') return close(engine, state, refusal);
  if (roundOf(state).kind !== 'eap')
    return turnedAway(engine, state, refusedProof(engine, state, refusal), now);
  const early = failure('auth.refused-early', { ...refusal.detail, ...namesOf(engine) });
  return turnedAway(engine, state, early, now);
}

function namesOf({ config }: Engine): { readonly asked: string; readonly identity: string } {
  const { localIdentity, remoteIdentity } = config;
  return {
    asked: remoteIdentity === undefined ? 'no name' : formatIdentity(remoteIdentity),
    identity: formatIdentity(localIdentity),
  };
}

function judge(
  engine: Engine,
  state: AuthenticatingGateway,
  claim: GatewayClaim,
  message: IkeMessage,
  now: Instant,
): IkeState {
  const { gateway: proofs } = state.course.way;
  const { kind: _, ...login } = state;
  switch (claim.kind) {
    case 'signed': {
      const known = proofs.keys.length > 0 && (claim.chain.length === 0 || !proofs.certificate);
      return known
        ? judgeByKey(engine, login, claim, message, now)
        : askForVerdict(engine, login, claim, message);
    }
    case 'shared-key': {
      if (!proofs.psk || login.psk === undefined)
        return fail(engine, state, refusedMethod('a pre-shared key'));
      const verified = verifyGatewayByPsk(login.association, claim, login.psk);
      if (!verified.ok) return fail(engine, state, verified.error);
      const weak = login.course.way.rounds.some(({ kind }) => kind === 'eap');
      const gateway = { identity: claim.identity, authentication: 'a pre-shared key', names: [] };
      const weaknesses = weak ? [...login.weaknesses, 'psk-gateway' as const] : login.weaknesses;
      return onGatewayProven(engine, { ...login, weaknesses }, gateway, message, now);
    }
    case 'none': {
      const packet = payloadOf(message, 'EAP')?.packet;
      if (packet === undefined || !proofs.eapOnly)
        return fail(engine, state, failure('auth.gateway-unproven', { side: 'remote' }));
      engine.rivals.settle();
      return startEap(engine, login, { identity: claim.identity }, packet, now);
    }
  }
}

function refusedMethod(method: string): Failure {
  return failure('auth.method-refused', { side: 'remote', method });
}

function judgeByKey(
  engine: Engine,
  login: Login,
  claim: SignedClaim,
  message: IkeMessage,
  now: Instant,
): IkeState {
  const { crypto } = engine.dependencies;
  const { keys } = login.course.way.gateway;
  const verified = verifyGatewayByKey(engine.config, crypto, login.association, claim, keys);
  if (!verified.ok) return fail(engine, { kind: 'authenticating-gateway', ...login }, verified.error);
  const authentication = `${verified.value}, by its raw public key`;
  const gateway = { identity: claim.identity, authentication, names: [] };
  return onGatewayProven(engine, login, gateway, message, now);
}

function askForVerdict(engine: Engine, login: Login, claim: SignedClaim, message: IkeMessage): IkeState {
  const state = { kind: 'authenticating-gateway', ...login } as const;
  if (!login.course.way.gateway.certificate) return fail(engine, state, refusedMethod('a certificate'));
  const { chain, lookups, ocspResponses, identity } = claim;
  if (chain.length + lookups.length === 0)
    return fail(engine, state, failure('auth.no-certificate', { side: 'remote' }));
  const ask = engine.ask({
    kind: 'certificate-verdict',
    chain,
    lookups,
    ocspResponses,
    claimed: identity,
  });
  return { ...login, kind: 'judging-gateway', ask, claim, message };
}

/** The certificate is good: if the signature is too, the login may go on. */
export function onGoodCertificate(
  engine: Engine,
  state: JudgingGateway,
  verdict: { readonly spki: Uint8Array; readonly names?: readonly string[] },
  now: Instant,
): IkeState {
  const { config, dependencies } = engine;
  const { kind: _, ask: __, claim, message, ...login } = state;
  const verified = verifyGateway(config, dependencies.crypto, login.association, claim, verdict.spki);
  if (!verified.ok) return fail(engine, state, verified.error);
  const sha1 = verified.value.endsWith('SHA-1');
  const weaknesses = sha1 ? [...login.weaknesses, 'sha1-signature' as const] : login.weaknesses;
  const gateway = {
    identity: claim.identity,
    authentication: verified.value,
    names: verdict.names ?? [],
  };
  return onGatewayProven(engine, { ...login, weaknesses }, gateway, message, now);
}

function onGatewayProven(
  engine: Engine,
  login: Login,
  gateway: ProvenGateway,
  message: IkeMessage,
  now: Instant,
): IkeState {
  engine.rivals.settle();
  // Now that it is known whose word that is. A gateway that does not know the rule does not keep it. @rfc 4555 3.9
  if (engine.config.natsAllowed === false && login.association.nat.local)
    return fail(engine, { kind: 'authenticating-gateway', ...login }, failure('peer.nat-forbidden'));
  const redirect = redirectIn(engine.config, message);
  if (redirect !== undefined) return onRedirect(engine, login, redirect, now);
  const packet = payloadOf(message, 'EAP')?.packet;
  if (roundOf(login).kind !== 'eap') return roundDone(engine, login, gateway, message, now);
  const missing = failure('peer.misbehaved', { rule: 'EAP begins beside the proof of the gateway' });
  return packet === undefined
    ? fail(engine, { kind: 'authenticating-gateway', ...login }, missing)
    : startEap(engine, login, gateway, packet, now);
}

/** A proven gateway sends us to another one, before it has let us in or after. @rfc 5685 6 */
function onRedirect(
  engine: Engine,
  login: Login,
  redirect: Result<RedirectTarget, Failure>,
  now: Instant,
): IkeState {
  const state = { kind: 'authenticating-gateway', ...login } as const;
  if (!redirect.ok) return fail(engine, state, redirect.error);
  const error = redirected(engine, redirect.value);
  if (roundOf(login).kind !== 'eap') return sayGoodbye(engine, login, error, now);
  engine.exchange.announce(exchangeType.INFORMATIONAL, [deleteIkeSa]);
  return close(engine, state, error);
}
