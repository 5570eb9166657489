import { type Failure, failure } from '../base/errors.ts';
import { after, type Instant } from '../base/time.ts';
import { notifyOf } from '../wire/ike/lookup.ts';
import type { IkeMessage } from '../wire/ike/payload.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { removeChild } from './child-install.ts';
import type { Child } from './child-table.ts';
import { childWishes } from './child-wishes.ts';
import type { IkeConfig } from './config.ts';
import type { Engine } from './engine.ts';
import { mostResources, originalOf, type Resources, resourceOf, sameOriginal } from './resource-numbers.ts';
import type { Established } from './state.ts';

/*
 * CHILD SAs with the selectors of one that stands, so that several threads can each have their own.
 *
 *  1. N(SA_RESOURCE_INFO) with the first CHILD SA: we would like several; in the answer: so would the gateway
 *  2. when the data plane is busy: CREATE_CHILD_SA with N(SA_RESOURCE_INFO) for each copy
 *  3. N(TS_MAX_QUEUE), or any other refusal: these are all
 *
 * @rfc 9611 3
 */

/** How long after a copy was made the loss of the original means that the gateway took it for a replacement. */
const replacedMs = 10_000;

export function beginResources({ resources }: IkeConfig): Resources {
  return { allowed: resources?.unannounced === true, madeAt: undefined };
}

/** The answer that made a CHILD SA may say that there can be more of it. */
export function noteResources({ resources }: Established, answer: IkeMessage): void {
  if (notifyOf(answer, notifyType.SA_RESOURCE_INFO) !== undefined) resources.allowed = true;
}

/** Plans a copy of every wish for every resource that has none. */
export function widen({ config }: Engine, state: Established): void {
  const most = state.resources.allowed ? mostResources(config) : 1;
  const wishes = childWishes(config).length;
  for (let wish = wishes; wish < wishes * most; wish++) {
    const isPlanned = state.todo.some((plan) => plan.kind === 'add-child' && plan.wish === wish);
    if (isPlanned || state.children.serves(wish)) continue;
    state.wishTries[wish] = 0;
    state.todo.push({ kind: 'add-child', wish });
  }
}

/** The CHILD SA to copy; `undefined` while there is none. */
export function originalChild({ config }: Engine, state: Established, wish: number): Child | undefined {
  const original = originalOf(config, wish);
  return state.children.all().find((child) => child.wish === original && child.state.kind === 'live');
}

/** No further copies; those that stand go on. */
export function refuseResources(engine: Engine, state: Established, error: Failure): void {
  const { config } = engine;
  state.resources.allowed = false;
  const kept = state.todo.filter((plan) => plan.kind !== 'add-child' || resourceOf(config, plan.wish) === 0);
  state.todo.splice(0, state.todo.length, ...kept);
  engine.emit({ kind: 'resource-refused', error });
}

/** The peer has deleted this CHILD SA, and nothing replaces it: its flows go by those with the same selectors at once. */
export function copyGone(engine: Engine, state: Established, gone: Child, now: Instant): void {
  const isReplaced = state.children.serves(gone.wish);
  const others = othersAlike(engine, state, gone);
  adoptCopy(engine, state, gone, now);
  if (!isReplaced && (others.length > 0 || resourceOf(engine.config, gone.wish) > 0))
    removeChild(engine, state, gone);
}

/** The live ones that have their traffic in common with it. */
function othersAlike({ config }: Engine, { children }: Established, { wish }: Child): readonly Child[] {
  return children
    .all()
    .filter((other) => other.state.kind === 'live' && sameOriginal(config, other.wish, wish));
}

/**
 * The peer has deleted this CHILD SA. If that was right after we made a copy of it, the copy has replaced it in the eyes of the
 * peer: it takes its place here too, and there will be no further ones.
 */
function adoptCopy(engine: Engine, state: Established, gone: Child, now: Instant): void {
  const { config } = engine;
  const { madeAt } = state.resources;
  if (gone.wish === undefined || madeAt === undefined || now > after(madeAt, replacedMs)) return;
  if (resourceOf(config, gone.wish) !== 0 || state.children.serves(gone.wish)) return;
  const [copy] = othersAlike(engine, state, gone);
  if (copy === undefined) return;
  copy.wish = gone.wish;
  refuseResources(engine, state, failure('peer.refused', { notify: 'DELETE' }));
}
