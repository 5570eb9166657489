import { failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Instant } from '../base/time.ts';
import { notifyOf, payloadOf, payloadsOf } from '../wire/ike/lookup.ts';
import type { IkeMessage, Payload, Spi } from '../wire/ike/payload.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { securityProtocol } from '../wire/registry/protocols.ts';
import { afterLastDeleted, afterLoss } from './child-adding.ts';
import { installChild, lingerChild, promoteChild, stopRekeying, unusedSpi } from './child-install.ts';
import type { Child } from './child-table.ts';
import { allowedSelectors } from './child-wishes.ts';
import { close } from './ending.ts';
import type { Engine } from './engine.ts';
import type { IkeLink } from './ike-link.ts';
import { onLinkDeleted, onPeerIkeRekey } from './ike-rekeying.ts';
import { forgetSleeping, sleepingFor } from './inactivity.ts';
import { afterTemporaryFailure } from './lifetimes.ts';
import { narrow } from './narrow.ts';
import { planRekey } from './own-exchanges.ts';
import { isReplacing, type Plan } from './own-task.ts';
import { ikeNotify } from './payload-list.ts';
import { resourceOf } from './resource-numbers.ts';
import { copyGone } from './resources.ts';
import { answerMobility } from './roaming.ts';
import type { Established, IkeState } from './state.ts';
import { reportAuthLifetime } from './tasks/auth-lifetime.ts';
import { readEspSpi } from './tasks/child-create.ts';
import { answerRekey, childNotify, rekeyedSpi } from './tasks/child-rekey.ts';
import { buildChildDelete, deletedSpis, deletesIkeSa } from './tasks/delete.ts';
import { redirectIn } from './tasks/redirect.ts';

/** Answers a request of the peer on an established IKE SA; `link` is the one that it came on. @rfc 7296 1.3 @rfc 7296 1.4 */
export function onEstablishedRequest(
  engine: Engine,
  state: Established,
  link: IkeLink,
  request: IkeMessage,
  now: Instant,
): IkeState {
  switch (request.header.exchange) {
    case exchangeType.INFORMATIONAL:
      return onInformational(engine, state, link, request, now);
    case exchangeType.CREATE_CHILD_SA:
      return onCreateChild(engine, state, link, request, now);
    default:
      link.exchange.respond(request, [ikeNotify(notifyType.INVALID_SYNTAX)]);
      return state;
  }
}

function onInformational(
  engine: Engine,
  state: Established,
  link: IkeLink,
  request: IkeMessage,
  now: Instant,
): IkeState {
  if (deletesIkeSa(request)) {
    link.exchange.respond(request, []);
    return onLinkDeleted(engine, state, link, now) ? state : close(engine, state, failure('peer.closed'));
  }
  reportAuthLifetime(engine, request);
  const redirect = redirectIn(engine.config, request);
  if (redirect?.ok === true) engine.emit({ kind: 'redirect', to: redirect.value });
  onInvalidSpi(state, request);
  const spis = deletedSpis(request);
  const deleted = spis.flatMap((spi) => state.children.byOutbound(spi) ?? []);
  noteUnseen(state, spis);
  // What we delete ourselves is answered without a Delete. @rfc 7296 2.25.1
  const present = [...new Set(deleted)].filter(
    ({ state: { kind } }) => kind !== 'deleting' && kind !== 'lingering',
  );
  const answer = present.length === 0 ? [] : [buildChildDelete(present.map((child) => child.inboundSpi))];
  link.exchange.respond(request, [...answer, ...answerMobility(engine, state, link, request)]);
  if (present.length === 0) return state;
  for (const child of present) onChildGone(engine, state, child, now);
  return afterDeletions(engine, state, present, now);
}

/** The peer gets packets of ours that it has no CHILD SA for: a rekey shows whether it has lost that one. @rfc 7296 1.5 */
function onInvalidSpi(state: Established, request: IkeMessage): void {
  const data = notifyOf(request, notifyType.INVALID_SPI)?.data;
  const spi = data?.length === 4 ? readEspSpi(data) : undefined;
  const child = spi?.ok === true ? state.children.byOutbound(spi.value) : undefined;
  if (child !== undefined) planRekey(state, child.inboundSpi);
}

/** A CHILD SA that we do not know may be the one that our request on the wire has made: its answer is lost or late. */
function noteUnseen(state: Established, spis: readonly Spi[]): void {
  if (!awaitsChild(state)) return;
  for (const spi of spis) {
    const isKnown = state.children.byOutbound(spi) !== undefined;
    if (!isKnown && state.goneUnseen.size < limits.spisPerDelete) state.goneUnseen.add(spi);
  }
}

function afterDeletions(engine: Engine, state: Established, gone: readonly Child[], now: Instant): IkeState {
  if (!state.children.alive)
    return replacementComes(engine, state) ? state : afterLastDeleted(engine, state, gone, now);
  for (const child of gone) copyGone(engine, state, child, now);
  for (const child of gone) {
    if (isReplacing(state.active, child)) continue;
    const next = afterLoss(engine, state, child.wish, failure('peer.closed'), now);
    if (next.kind !== 'established') return next;
  }
  return state;
}

function onChildGone(engine: Engine, state: Established, child: Child, now: Instant): void {
  lingerChild(engine, state, child, now);
  for (const other of state.children.all()) {
    if (other.state.kind === 'standby' && other.state.replaces === child.inboundSpi) {
      promoteChild(engine, state, other);
    }
    if (other.state.kind === 'replaced' && other.state.by === child.inboundSpi) {
      // The peer takes its replacement back: it lost a collision, and our own one is on its way; or we have to try again.
      other.state = { kind: 'live' };
      const at = afterTemporaryFailure(engine.dependencies.random, now);
      state.agenda.add(at, { kind: 'rekey-child', child: other.inboundSpi });
    }
  }
}

function replacementComes({ config }: Engine, { active, todo }: Established): boolean {
  const comes = (plan: Plan) =>
    plan.kind === 'create-child' || (plan.kind === 'add-child' && resourceOf(config, plan.wish) === 0);
  return (
    active?.kind === 'rekey-child' ||
    active?.kind === 'create-child' ||
    active?.kind === 'add-child' ||
    todo.some(comes)
  );
}

function onCreateChild(
  engine: Engine,
  state: Established,
  link: IkeLink,
  request: IkeMessage,
  now: Instant,
): IkeState {
  const refuse = (payload: Payload) => {
    link.exchange.respond(request, [payload]);
    return state;
  };
  // It is replaced already, or about to be. @rfc 7296 2.25.2
  if (link !== state.link) return refuse(ikeNotify(notifyType.TEMPORARY_FAILURE));
  if (asksForIkeSa(request)) return onPeerIkeRekey(engine, state, request, now);
  if (state.active?.kind === 'rekey-ike') return refuse(ikeNotify(notifyType.TEMPORARY_FAILURE));
  const rekey = notifyOf(request, notifyType.REKEY_SA);
  if (rekey === undefined) return addForPeer(engine, state, request, now);
  const spi = rekeyedSpi(rekey);
  if (!spi.ok) return refuse(ikeNotify(notifyType.INVALID_SYNTAX));
  const old = state.children.byOutbound(spi.value);
  // It may be the one that the peer made for us just now, and whose answer is still on its way: "not found" would end it there.
  if (old === undefined && awaitsChild(state)) return refuse(ikeNotify(notifyType.TEMPORARY_FAILURE));
  if (old === undefined || old.state.kind === 'lingering') {
    return refuse(childNotify(notifyType.CHILD_SA_NOT_FOUND, spi.value));
  }
  const closing = old.state.kind === 'deleting' || old.state.kind === 'replaced';
  if (closing || state.children.full) return refuse(ikeNotify(notifyType.TEMPORARY_FAILURE));
  return replaceForPeer(engine, state, old, request, now);
}

/** The peer's rekey of a CHILD SA that stands, even of one that we are rekeying ourselves. @rfc 7296 2.8.1 */
function replaceForPeer(
  engine: Engine,
  state: Established,
  old: Child,
  request: IkeMessage,
  now: Instant,
): IkeState {
  const { link, active } = state;
  const terms = { inboundSpi: unusedSpi(engine, state), selectors: old.selectors };
  const answer = answerRekey(engine.config, engine.dependencies, link.ike, terms, request);
  if (!answer.ok) {
    link.exchange.respond(request, [answer.error]);
    return state;
  }
  promoteChild(engine, state, old);
  const { child: made, payloads } = answer.value;
  const standing = { kind: 'standby', replaces: old.inboundSpi } as const;
  const child = installChild(engine, state, made, standing, now, old.wish);
  old.state = { kind: 'replaced', by: child.inboundSpi };
  stopRekeying(state, old);
  if (active?.kind === 'rekey-child' && active.old === old) {
    active.collision = { child, nonces: made.nonces };
  }
  link.exchange.respond(request, payloads);
  return state;
}

/** A CHILD SA that the peer wants beside the others: it may carry what ours may. @rfc 7296 1.3.1 */
function addForPeer(engine: Engine, state: Established, request: IkeMessage, now: Instant): IkeState {
  const { link, children } = state;
  if (children.full || !state.announced) {
    const isCopy = notifyOf(request, notifyType.SA_RESOURCE_INFO) !== undefined;
    const refusal = isCopy ? notifyType.TS_MAX_QUEUE : notifyType.NO_ADDITIONAL_SAS;
    link.exchange.respond(request, [ikeNotify(refusal)]);
    return state;
  }
  const selectors = allowedSelectors(engine.config, state.addresses);
  const terms = { inboundSpi: unusedSpi(engine, state), selectors };
  const answer = answerRekey(engine.config, engine.dependencies, link.ike, terms, request);
  if (!answer.ok) {
    link.exchange.respond(request, [answer.error]);
    return state;
  }
  const { child: made, payloads } = answer.value;
  const { remote } = made.parameters.selectors;
  // Some gateways replace a CHILD SA in this way: it must not send before the peer is known to have it.
  const rival = children
    .all()
    .find((child) => child.state.kind === 'live' && narrow(child.selectors.remote, remote).length > 0);
  const standing = rival === undefined ? live : { kind: 'standby' as const, replaces: rival.inboundSpi };
  // It may be made because the far side has something to say where ours has long had nothing.
  const wish = rival?.wish ?? sleepingFor(state, remote)?.wish;
  installChild(engine, state, made, standing, now, wish);
  if (wish !== undefined) forgetSleeping(engine, state, wish);
  link.exchange.respond(request, payloads);
  return state;
}

const live = { kind: 'live' } as const;

function awaitsChild({ active }: Established): boolean {
  return active?.kind === 'rekey-child' || active?.kind === 'create-child' || active?.kind === 'add-child';
}

/** A rekey of the IKE SA has neither selectors nor an SPI of ESP. @rfc 7296 1.3.2 */
function asksForIkeSa(request: IkeMessage): boolean {
  const [proposal] = payloadOf(request, 'SA')?.proposals ?? [];
  return proposal?.protocol === securityProtocol.IKE && payloadsOf(request, 'TSi').length === 0;
}
