import { type Failure, failure, formatFailure } from '../base/errors.ts';
import type { Instant } from '../base/time.ts';
import { payloadsOf } from '../wire/ike/lookup.ts';
import type { IkeMessage } from '../wire/ike/payload.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { isErrorNotify, notifyType } from '../wire/registry/notify-types.ts';
import { afterLoss, notRekeyed, takenBack } from './child-adding.ts';
import {
  deleteChild,
  installChild,
  lingerChild,
  removeChild,
  reportChild,
  unusedSpi,
} from './child-install.ts';
import type { Child } from './child-table.ts';
import type { Engine } from './engine.ts';
import { afterTemporaryFailure, retryAfter } from './lifetimes.ts';
import { offeredGroups } from './negotiate.ts';
import { losesCollision } from './nonce-order.ts';
import type { CreateChildTask, OwnTask, Plan, RekeyChildTask } from './own-task.ts';
import { refusalIn } from './peer-refusal.ts';
import { announceCopy } from './resource-numbers.ts';
import type { Established, IkeState } from './state.ts';
import { buildRekey, offerRekey, processRekey, type RekeyOffer, rekeySuites } from './tasks/child-rekey.ts';
import { buildChildDelete } from './tasks/delete.ts';
import { wantedGroup } from './tasks/key-exchange.ts';

/*
 * Our own exchanges about CHILD SAs: the new one is installed before the old one is deleted. @rfc 7296 2.8
 */

type ChildPlan<Kind extends Plan['kind']> = Extract<Plan, { readonly kind: Kind }>;

/** Sends CREATE_CHILD_SA for a CHILD SA that is still in use; for another one there is nothing to do. */
export function startChildRekey(
  engine: Engine,
  state: Established,
  plan: ChildPlan<'rekey-child'>,
  now: Instant,
): OwnTask | undefined {
  const old = state.children.get(plan.child);
  if (old?.state.kind !== 'live') return undefined;
  if (state.children.full) {
    state.agenda.add(afterTemporaryFailure(engine.dependencies.random, now), rekeyJob(plan));
    return undefined;
  }
  const terms = {
    inboundSpi: unusedSpi(engine, state),
    selectors: old.selectors,
    replaces: old.inboundSpi,
    notifies: announceCopy(engine.config, old.wish),
  };
  const offer = offerRekey(engine.config, engine.dependencies, terms, plan.group ?? state.childGroup);
  engine.exchange.request(exchangeType.CREATE_CHILD_SA, buildRekey(offer), now);
  return { kind: 'rekey-child', plan, old, offer };
}

/** The same without N(REKEY_SA). */
export function startChildCreate(
  engine: Engine,
  state: Established,
  plan: ChildPlan<'create-child'>,
  now: Instant,
): OwnTask {
  const terms = {
    inboundSpi: unusedSpi(engine, state),
    selectors: plan.selectors,
    notifies: announceCopy(engine.config, plan.wish),
  };
  const offer = offerRekey(engine.config, engine.dependencies, terms, plan.group ?? state.childGroup);
  engine.exchange.request(exchangeType.CREATE_CHILD_SA, buildRekey(offer), now);
  return { kind: 'create-child', plan, offer };
}

export function startChildDelete(engine: Engine, plan: ChildPlan<'delete-child'>, now: Instant): OwnTask {
  engine.exchange.request(exchangeType.INFORMATIONAL, [buildChildDelete([plan.child])], now);
  return plan;
}

/** The peer's answer to our rekey. */
export function onChildRekeyed(
  engine: Engine,
  state: Established,
  task: RekeyChildTask,
  message: IkeMessage,
  now: Instant,
): IkeState {
  const { old, offer, collision, plan } = task;
  const refusal = refusalIn(message, 'ESP');
  if (refusal !== undefined) return onRefused(engine, state, task, refusal, message, now);
  const made = processRekey(engine.dependencies, state.link.ike, offer, message);
  if (!made.ok) {
    dropAtPeer(state, offer);
    return onTrouble(engine, state, old, made.error, plan.early, now);
  }
  if (takenBack(state, made.value)) return onTakenBack(engine, state, task, now);
  state.childGroup = offer.keyExchange?.group;
  if (collision !== undefined && losesCollision(made.value.nonces, collision.nonces)) {
    // The peer may send on it until it has our DELETE. Its own one stays.
    deleteChild(state, installChild(engine, state, made.value, standby(old), now, old.wish));
    return state;
  }
  const child = installChild(engine, state, made.value, { kind: 'live' }, now, old.wish);
  if (collision !== undefined) yieldTo(state, collision.child, child);
  deleteChild(state, old);
  reportChild(engine, state, child);
  return state;
}

/** The peer's answer to our request for a CHILD SA from scratch. */
export function onChildCreated(
  engine: Engine,
  state: Established,
  task: CreateChildTask,
  message: IkeMessage,
  now: Instant,
): IkeState {
  const { plan, offer } = task;
  const old = state.children.get(plan.replaces);
  const refusal = refusalIn(message, 'ESP');
  if (refusal !== undefined && againWithGroup(engine, state, task, message)) return state;
  const made =
    refusal === undefined ? processRekey(engine.dependencies, state.link.ike, offer, message) : undefined;
  const isGone = made?.ok === true && takenBack(state, made.value);
  if (made?.ok !== true || isGone) {
    if (made?.ok === false) dropAtPeer(state, offer);
    const error = refusal ?? (made?.ok === false ? made.error : failure('peer.closed'));
    engine.emit({ kind: 'rekey-failed', what: 'child', error });
    if (old !== undefined) old.trouble = formatFailure(error);
    return afterLoss(engine, state, plan.wish, notRekeyed(formatFailure(error)), now);
  }
  // Meanwhile the peer has replaced the old one itself: one successor is enough.
  const needless = state.children.serves(plan.wish) && old?.state.kind !== 'live';
  const standing = needless ? ({ kind: 'standby', replaces: plan.replaces } as const) : live;
  const child = installChild(engine, state, made.value, standing, now, plan.wish);
  if (needless) deleteChild(state, child);
  else {
    if (old !== undefined) deleteChild(state, old);
    reportChild(engine, state, child);
  }
  return state;
}

/** The peer's answer to our DELETE: whatever it says, it has not got that CHILD SA any more. */
export function onChildDeleted(engine: Engine, state: Established, spi: number, now: Instant): IkeState {
  const child = state.children.get(spi);
  if (child?.state.kind !== 'deleting') return state;
  if (child.state.asleep === true) child.state = { kind: 'asleep' };
  else lingerChild(engine, state, child, now);
  return state;
}

function onRefused(
  engine: Engine,
  state: Established,
  task: RekeyChildTask,
  refusal: Failure,
  message: IkeMessage,
  now: Instant,
): IkeState {
  const { old, plan } = task;
  if (old.state.kind !== 'live') {
    // The peer replaced or deleted it meanwhile, and knows nothing to rekey.
    return afterLoss(engine, state, old.wish, failure('peer.closed'), now);
  }
  if (againWithGroup(engine, state, task, message)) return state;
  switch (errorOf(message)) {
    case notifyType.TEMPORARY_FAILURE:
      state.agenda.add(afterTemporaryFailure(engine.dependencies.random, now), rekeyJob(plan));
      return state;
    case notifyType.CHILD_SA_NOT_FOUND:
      removeChild(engine, state, old);
      state.todo.push(createPlan(old));
      return state;
    default:
      return onTrouble(engine, state, old, refusal, plan.early, now);
  }
}

/** The peer has deleted the new one, and its answer to our request came only after that. */
function onTakenBack(
  engine: Engine,
  state: Established,
  { old, plan }: RekeyChildTask,
  now: Instant,
): IkeState {
  if (old.state.kind !== 'live') return afterLoss(engine, state, old.wish, failure('peer.closed'), now);
  state.agenda.add(afterTemporaryFailure(engine.dependencies.random, now), rekeyJob(plan));
  return state;
}

/** From scratch, in place of one that the peer does not have or does not rekey. */
export function createPlan({ inboundSpi, selectors, wish }: Child): ChildPlan<'create-child'> {
  return { kind: 'create-child', replaces: inboundSpi, wish, selectors };
}

/** The rekey failed: the old one goes on, and unless it was only the early test, there will be another try. */
function onTrouble(
  engine: Engine,
  state: Established,
  old: Child,
  error: Failure,
  early: true | undefined,
  now: Instant,
): IkeState {
  engine.emit({ kind: 'rekey-failed', what: 'child', error });
  old.trouble = formatFailure(error);
  if (early === true || old.state.kind !== 'live') return state;
  old.refusals += 1;
  const at = retryAfter(old.refusals, now);
  if (at < old.lastChanceAt) state.agenda.add(at, { kind: 'rekey-child', child: old.inboundSpi });
  return state;
}

/** True when the peer asked for another group and gets it. */
function againWithGroup(
  engine: Engine,
  state: Established,
  { plan, offer }: RekeyChildTask | CreateChildTask,
  message: IkeMessage,
): boolean {
  const tried = [...(plan.tried ?? []), offer.keyExchange?.group ?? 0];
  const group = wantedGroup(message, offeredGroups(rekeySuites(engine.config)), tried);
  if (group !== undefined) state.todo.unshift({ ...plan, group, tried });
  return group !== undefined;
}

/** We won: the peer deletes the one that it made. */
function yieldTo(state: Established, redundant: Child, winner: Child): void {
  if (redundant.state.kind !== 'standby' && redundant.state.kind !== 'live') return;
  redundant.state = { kind: 'replaced', by: winner.inboundSpi };
  state.agenda.cancelChild(redundant.inboundSpi, 'rekey-child');
  state.agenda.cancelChild(redundant.inboundSpi, 'recreate-child');
}

/** The peer believes in a CHILD SA that we could not take. */
function dropAtPeer(state: Established, offer: RekeyOffer): void {
  state.todo.push({ kind: 'delete-child', child: offer.inboundSpi });
}

function rekeyJob(plan: ChildPlan<'rekey-child'>) {
  const early = plan.early === undefined ? {} : { early: plan.early };
  return { kind: 'rekey-child', child: plan.child, ...early } as const;
}

function standby(old: Child) {
  return { kind: 'standby', replaces: old.inboundSpi } as const;
}

const live = { kind: 'live' } as const;

function errorOf(message: IkeMessage): number | undefined {
  return payloadsOf(message, 'N').find(({ type }) => isErrorNotify(type))?.type;
}
