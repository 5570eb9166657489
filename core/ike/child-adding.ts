import { type Failure, failure, formatFailure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { after, type Instant } from '../base/time.ts';
import { notifyOf } from '../wire/ike/lookup.ts';
import type { IkeMessage, Spi } from '../wire/ike/payload.ts';
import { type SelectorPair, sameSelectors } from '../wire/ike/selector-pair.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { installChild, reportChild, unusedSpi, wipeChildKeys } from './child-install.ts';
import type { Child } from './child-table.ts';
import { childWishes, furtherSelectors } from './child-wishes.ts';
import { sayGoodbye } from './ending.ts';
import type { Engine } from './engine.ts';
import { forgetSleeping } from './inactivity.ts';
import { afterTemporaryFailure, lifetimesOf, retryAfter } from './lifetimes.ts';
import { offeredGroups } from './negotiate.ts';
import type { AddChildTask, OwnTask, Plan } from './own-task.ts';
import { refusalIn } from './peer-refusal.ts';
import { announceResource, originalOf, resourceOf } from './resource-numbers.ts';
import { noteResources, originalChild, refuseResources } from './resources.ts';
import type { Established, IkeState } from './state.ts';
import type { ChildSa } from './tasks/child-create.ts';
import { buildRekey, offerRekey, processRekey, rekeySuites } from './tasks/child-rekey.ts';
import { wantedGroup } from './tasks/key-exchange.ts';

/*
 * CHILD SAs beside the one of the login, each with selectors of its own; and the first one, when the login made none.
 * @rfc 7296 1.3.1 @rfc 6023
 */

type AddPlan = Extract<Plan, { readonly kind: 'add-child' }>;

/** Plans a CHILD SA for each wish from this one on. */
export function planWishes({ config }: Engine, state: Established, from: number): void {
  for (let wish = from; wish < childWishes(config).length; wish++) {
    state.wishTries[wish] = 0;
    state.todo.push({ kind: 'add-child', wish });
  }
}

/** Sends CREATE_CHILD_SA for a wish that nothing fulfils. */
export function startChildAdd(
  engine: Engine,
  state: Established,
  plan: AddPlan,
  now: Instant,
): OwnTask | undefined {
  if (state.children.serves(plan.wish)) return undefined;
  if (state.children.full) {
    addLater(state, plan.wish, afterTemporaryFailure(engine.dependencies.random, now));
    return undefined;
  }
  const selectors = selectorsFor(engine, state, plan.wish, now);
  if (selectors === undefined) return undefined;
  const notifies = announceResource(engine.config, plan.wish);
  const offer = offerRekey(
    engine.config,
    engine.dependencies,
    { inboundSpi: unusedSpi(engine, state), selectors, notifies },
    plan.group ?? state.childGroup,
  );
  engine.exchange.request(exchangeType.CREATE_CHILD_SA, buildRekey(offer), now);
  return { kind: 'add-child', plan, offer };
}

/** What the CHILD SA of this wish is to carry; a copy carries what its original does, and waits for that. */
function selectorsFor(
  engine: Engine,
  state: Established,
  wish: number,
  now: Instant,
): SelectorPair | undefined {
  if (resourceOf(engine.config, wish) === 0) {
    const own = childWishes(engine.config)[wish];
    return own === undefined ? undefined : furtherSelectors(own, state.addresses);
  }
  if (!state.resources.allowed) return undefined;
  const original = originalChild(engine, state, wish);
  if (original === undefined) addLater(state, wish, afterTemporaryFailure(engine.dependencies.random, now));
  return original?.selectors;
}

/** The peer's answer to that. A refusal ends nothing but the wish, unless it was the first of all. @rfc 7296 1.3.1 */
export function onChildAdded(
  engine: Engine,
  state: Established,
  task: AddChildTask,
  message: IkeMessage,
  now: Instant,
): IkeState {
  const { plan, offer } = task;
  const refusal = refusalIn(message, 'ESP');
  if (refusal !== undefined) return onRefused(engine, state, task, refusal, message, now);
  const made = processRekey(engine.dependencies, state.link.ike, offer, message);
  if (!made.ok) {
    state.todo.push({ kind: 'delete-child', child: offer.inboundSpi });
    return giveUpWish(engine, state, plan.wish, made.error, now);
  }
  if (takenBack(state, made.value)) {
    state.agenda.add(retryAfter(1, now), { kind: 'add-child', wish: plan.wish });
    return state;
  }
  state.childGroup = offer.keyExchange?.group;
  // A copy that carries less than its original is no use to the flows of that.
  const isCopy = resourceOf(engine.config, plan.wish) > 0;
  if (isCopy && !sameSelectors(made.value.parameters.selectors, offer.selectors)) {
    wipeChildKeys(made.value.parameters);
    state.todo.push({ kind: 'delete-child', child: offer.inboundSpi });
    return giveUpWish(engine, state, plan.wish, narrowedCopy(), now);
  }
  if (isCopy) state.resources.madeAt = now;
  else noteResources(state, message);
  // The original may have gone meanwhile: then this one takes its place.
  const original = originalOf(engine.config, plan.wish);
  const wish = isCopy && !state.children.serves(original) ? original : plan.wish;
  const child = installChild(engine, state, made.value, { kind: 'live' }, now, wish);
  forgetSleeping(engine, state, wish);
  // What the user knows of it was about the one before.
  if (state.announced && wish === 0) reportChild(engine, state, child);
  if (!state.announced) announce(engine, state, child.notation, child.inboundSpi, now);
  return state;
}

/** The connection stands, with its first CHILD SA: the driver hears of it, and the early test of a rekey is set. */
export function announce(
  engine: Engine,
  state: Established,
  notation: string,
  first: Spi,
  now: Instant,
): void {
  state.announced = true;
  state.summary = { ...state.summary, espProposal: notation };
  const { early } = lifetimesOf(engine.config);
  if (early !== undefined) {
    state.agenda.add(after(now, early), { kind: 'rekey-child', child: first, early: true });
  }
  engine.emit({ kind: 'phase', phase: 'established' });
  engine.emit({ kind: 'established', summary: state.summary });
}

/**
 * A CHILD SA has gone and nothing took its place. What it carried is asked for anew, less and less often; without any CHILD SA
 * the tunnel is of no use to anybody and ends with `error`.
 */
export function afterLoss(
  engine: Engine,
  state: Established,
  wish: number | undefined,
  error: Failure,
  now: Instant,
): IkeState {
  if (!state.children.alive) return sayGoodbye(engine, state, error, now);
  if (wish === undefined || state.children.serves(wish)) return state;
  if (resourceOf(engine.config, wish) > 0 && !state.resources.allowed) return state;
  const tries = (state.wishTries[wish] ?? 0) + 1;
  state.wishTries[wish] = tries;
  if (tries > limits.childTries) return giveUpWish(engine, state, wish, error, now);
  addLater(state, wish, retryAfter(tries, now));
  return state;
}

/**
 * The peer has deleted these, and with them the last CHILD SA. The IKE SA stands, so others are asked for at once; one that deletes
 * these too, soon and again, wants us gone or logged in anew.
 */
export function afterLastDeleted(
  engine: Engine,
  state: Established,
  gone: readonly Child[],
  now: Instant,
): IkeState {
  const lasted = gone.some(({ madeAt }) => now - madeAt >= limits.reconnectLastingMs);
  state.remakes = lasted ? 1 : state.remakes + 1;
  const wishes = gone.flatMap(({ wish }) => (wish === undefined ? [] : originalOf(engine.config, wish)));
  if (wishes.length === 0 || state.remakes > limits.lastChildRemakes)
    return sayGoodbye(engine, state, failure('peer.closed'), now);
  for (const wish of new Set(wishes)) {
    state.wishTries[wish] = 0;
    state.todo.push({ kind: 'add-child', wish });
  }
  return state;
}

/** True when the peer has deleted this CHILD SA already: it was made by an answer that came late. Its keys are wiped. */
export function takenBack(state: Established, { parameters }: ChildSa): boolean {
  if (!state.goneUnseen.has(parameters.outbound.spi)) return false;
  wipeChildKeys(parameters);
  return true;
}

function onRefused(
  engine: Engine,
  state: Established,
  { plan, offer }: AddChildTask,
  refusal: Failure,
  message: IkeMessage,
  now: Instant,
): IkeState {
  const tried = [...(plan.tried ?? []), offer.keyExchange?.group ?? 0];
  const group = wantedGroup(message, offeredGroups(rekeySuites(engine.config)), tried);
  if (group !== undefined) {
    state.todo.unshift({ ...plan, group, tried });
    return state;
  }
  const tries = (state.wishTries[plan.wish] ?? 0) + 1;
  state.wishTries[plan.wish] = tries;
  if (notifyOf(message, notifyType.TEMPORARY_FAILURE) === undefined || tries > limits.childTries) {
    return giveUpWish(engine, state, plan.wish, refusal, now);
  }
  addLater(state, plan.wish, afterTemporaryFailure(engine.dependencies.random, now));
  return state;
}

function giveUpWish(
  engine: Engine,
  state: Established,
  wish: number,
  error: Failure,
  now: Instant,
): IkeState {
  forgetSleeping(engine, state, wish);
  // A connection that stood may yet come back by another login.
  const cause = state.announced ? notRekeyed(formatFailure(error)) : error;
  if (!state.children.alive) return sayGoodbye(engine, state, cause, now);
  if (resourceOf(engine.config, wish) > 0) refuseResources(engine, state, error);
  else engine.emit({ kind: 'child-refused', wish, error });
  return state;
}

function addLater(state: Established, wish: number, at: Instant): void {
  state.agenda.add(at, { kind: 'add-child', wish });
}

function narrowedCopy(): Failure {
  return failure('peer.misbehaved', { rule: 'a CHILD SA for another resource has the same selectors' });
}

/** The end of a CHILD SA without a successor. */
export function notRekeyed(reason: string): Failure {
  return failure('peer.not-rekeyed', { reason });
}
