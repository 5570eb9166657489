import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { after, type Instant } from '../base/time.ts';
import { notifyOf } from '../wire/ike/lookup.ts';
import type { IkeMessage, Payload } from '../wire/ike/payload.ts';
import { notateSelector } from '../wire/ike/payloads/ts.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import type { Child } from './child-table.ts';
import { childWishes } from './child-wishes.ts';
import type { IkeConfig } from './config.ts';
import type { Engine } from './engine.ts';
import type { ChildSaParameters } from './io.ts';
import { ikeNotify } from './payload-list.ts';
import type { Established } from './state.ts';

/*
 * CHILD SAs with the selectors of one that stands, so that several threads can each have their own. Wish `w` of `n` has number
 * `w`, its copy for resource `r` has number `w + r * n`.
 *
 *  1. N(SA_RESOURCE_INFO) with the first CHILD SA: we would like several; in the answer: so would the gateway
 *  2. when the data plane is busy: CREATE_CHILD_SA with N(SA_RESOURCE_INFO) for each copy
 *  3. N(TS_MAX_QUEUE), or any other refusal: these are all
 *
 * @rfc 9611 3
 */

/** How long after a copy was made the loss of the original means that the gateway took it for a replacement. */
const replacedMs = 10_000;

/** What is known of the gateway's mind about copies. */
export interface Resources {
  /** It has said that it takes them, or the profile says to try. */
  allowed: boolean;
  madeAt: Instant | undefined;
}

/** Which resource the CHILD SA of this wish is for; 0 is the one that is always there. */
export function resourceOf(config: IkeConfig, wish: number | undefined): number {
  return Math.floor((wish ?? 0) / childWishes(config).length);
}

/** The wish that this one is a copy of; itself for resource 0. */
export function originalOf(config: IkeConfig, wish: number): number {
  return wish % childWishes(config).length;
}

/** How many resources we have, this one included. */
function mostResources(config: IkeConfig): number {
  const { most = 1 } = config.resources ?? {};
  // Each may be there twice while it is rekeyed.
  const room = Math.floor(limits.childSas / (2 * childWishes(config).length));
  return Math.max(1, Math.min(most, room));
}

/** N(SA_RESOURCE_INFO) for a request about the CHILD SA of this wish; the number is for the peer's log alone. @rfc 9611 5.1 */
export function announceResource(config: IkeConfig, wish: number | undefined): readonly Payload[] {
  if (wish === undefined || mostResources(config) === 1) return [];
  const resource = resourceOf(config, wish);
  return [ikeNotify(notifyType.SA_RESOURCE_INFO, Uint8Array.of(...(resource === 0 ? [] : [resource])))];
}

/** The same where it is one of several: a rekey of the only one needs no word of it. @rfc 9611 3 */
export function announceCopy(config: IkeConfig, wish: number | undefined): readonly Payload[] {
  return resourceOf(config, wish) === 0 ? [] : announceResource(config, wish);
}

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

/** A copy that carries less than its original is no use to the flows of that. */
export function sameSelectors(a: ChildSaParameters['selectors'], b: ChildSaParameters['selectors']): boolean {
  const key = ({ local, remote }: ChildSaParameters['selectors']) =>
    [...local.map(notateSelector), '|', ...remote.map(notateSelector)].join(' ');
  return key(a) === key(b);
}

/**
 * The peer has deleted this CHILD SA. If that was right after we made a copy of it, the copy has replaced it in the eyes of the
 * peer: it takes its place here too, and there will be no further ones.
 */
export function adoptCopy(engine: Engine, state: Established, gone: Child, now: Instant): void {
  const { config } = engine;
  const { madeAt } = state.resources;
  if (gone.wish === undefined || madeAt === undefined || now > after(madeAt, replacedMs)) return;
  if (resourceOf(config, gone.wish) !== 0 || state.children.serves(gone.wish)) return;
  const copy = state.children
    .all()
    .find(
      ({ wish, state: { kind } }) =>
        wish !== undefined && kind === 'live' && originalOf(config, wish) === gone.wish,
    );
  if (copy === undefined) return;
  copy.wish = gone.wish;
  refuseResources(engine, state, failure('peer.refused', { notify: 'DELETE' }));
}
