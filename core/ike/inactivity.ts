import { failure } from '../base/errors.ts';
import { after, type Instant, instant } from '../base/time.ts';
import type { Spi, TrafficSelector } from '../wire/ike/payload.ts';
import { deleteChild, removeChild } from './child-install.ts';
import type { Child } from './child-table.ts';
import { sayGoodbye } from './ending.ts';
import type { Engine } from './engine.ts';
import { narrow } from './narrow.ts';
import { isReplacing } from './own-task.ts';
import { resourceOf, sameOriginal } from './resource-numbers.ts';
import type { Established, IkeState } from './state.ts';

/*
 * CHILD SAs that nobody uses. One of our wishes goes to sleep: its DELETE goes out, its selectors stay, and the first packet
 * for them brings a new one. Or, where the profile wants that, the connection ends. @rfc 7296 1.4.1
 */

/** An exchange about it is under way; a moment later all is clear. */
const settleMs = 1_000;

/** The driver saw a packet of this CHILD SA, in whatever direction, at `at`. */
export function onChildCarried(state: Established, spi: Spi, at: Instant): void {
  const child = state.children.get(spi);
  if (child !== undefined && at > child.usedAt) child.usedAt = at;
}

/** Looks whether a CHILD SA has been idle for as long as the configuration allows. */
export function checkIdle(engine: Engine, state: Established, child: Child, now: Instant): IkeState {
  const { inactivityMs, whenInactive = 'sleep' } = engine.config;
  if (inactivityMs === undefined || child.wish === undefined) return state;
  const again = (at: Instant): IkeState => {
    state.agenda.add(at, { kind: 'check-idle', child: child.inboundSpi });
    return state;
  };
  const concerned = state.children.open.filter(
    ({ wish }) => whenInactive === 'close' || sameOriginal(engine.config, wish, child.wish),
  );
  const usedAt = Math.max(child.usedAt, ...concerned.map((each) => each.usedAt));
  const due = after(instant(usedAt), inactivityMs);
  if (due > now) return again(due);
  const seconds = Math.round(inactivityMs / 1_000);
  if (whenInactive === 'close') return sayGoodbye(engine, state, failure('tunnel.idle', { seconds }), now);
  if (child.state.kind !== 'live' || isBeingReplaced(state, child)) return again(after(now, settleMs));
  if (resourceOf(engine.config, child.wish) > 0) {
    // Its flows go by the others at once; when there is much to do again, it is made again.
    removeChild(engine, state, child);
    state.todo.push({ kind: 'delete-child', child: child.inboundSpi });
    return state;
  }
  if (concerned.length > 1) return again(after(now, settleMs));
  deleteChild(state, child);
  child.state = { kind: 'deleting', asleep: true };
  engine.emit({ kind: 'child-sleep', inboundSpi: child.inboundSpi });
  return state;
}

/** A packet waits for a CHILD SA that sleeps. */
export function wakeChild(state: Established, spi: Spi): void {
  const child = state.children.get(spi);
  const { wish } = child ?? {};
  if (child === undefined || wish === undefined || !state.children.sleeping.includes(child)) return;
  const { active, todo } = state;
  const asked = (active?.kind === 'add-child' ? [active.plan, ...todo] : todo).some(
    (plan) => plan.kind === 'add-child' && plan.wish === wish,
  );
  if (asked) return;
  state.wishTries[wish] = 0;
  todo.push({ kind: 'add-child', wish });
}

/** Something took the place of what slept for this wish, or nothing ever will. True when there was such a thing. */
export function forgetSleeping(engine: Engine, state: Established, wish: number | undefined): boolean {
  const forgotten = state.children.sleeping.filter((child) => child.wish === wish);
  for (const child of forgotten) removeChild(engine, state, child);
  return forgotten.length > 0;
}

/** The one that sleeps for some of these addresses of the gateway's side. */
export function sleepingFor(state: Established, remote: readonly TrafficSelector[]): Child | undefined {
  return state.children.sleeping.find(({ selectors }) => narrow(selectors.remote, remote).length > 0);
}

function isBeingReplaced({ active, todo }: Established, child: Child): boolean {
  return (
    isReplacing(active, child) ||
    todo.some((plan) => plan.kind === 'rekey-child' && plan.child === child.inboundSpi)
  );
}
