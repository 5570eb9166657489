import { after, type Instant } from '../base/time.ts';
import type { Spi } from '../wire/ike/payload.ts';
import type { Child, ChildState } from './child-table.ts';
import type { Engine } from './engine.ts';
import type { ChildSaParameters } from './io.ts';
import { lifetimesOf, termOf } from './lifetimes.ts';
import { resourceOf } from './resource-numbers.ts';
import type { Established } from './state.ts';
import type { ChildSa } from './tasks/child-create.ts';
import { freshSpi } from './tasks/child-create.ts';

/*
 * What happens to a CHILD SA between its installation and its removal. Exchanges are elsewhere: these functions keep the
 * table, the timers and the driver in step.
 */

/** Installs a new CHILD SA. In any state but `live` nothing is sent on it yet. */
export function installChild(
  engine: Engine,
  state: Established,
  { parameters, notation }: ChildSa,
  standing: ChildState,
  now: Instant,
  wish?: number,
): Child {
  const { inbound, outbound, selectors } = parameters;
  const term = termOf(lifetimesOf(engine.config).child, engine.dependencies.random, now);
  const usedAt = state.children.lastUse(wish) ?? now;
  const child: Child = {
    inboundSpi: inbound.spi,
    outboundSpi: outbound.spi,
    selectors,
    notation,
    madeAt: now,
    lastChanceAt: term.lastChanceAt,
    wish,
    usedAt,
    state: standing,
    refusals: 0,
  };
  state.children.add(child);
  const { agenda } = state;
  agenda.add(term.rekeyAt, { kind: 'rekey-child', child: inbound.spi });
  agenda.add(term.lastChanceAt, { kind: 'recreate-child', child: inbound.spi });
  agenda.add(term.expiresAt, { kind: 'expire-child', child: inbound.spi });
  const { inactivityMs } = engine.config;
  if (inactivityMs !== undefined && wish !== undefined)
    agenda.add(after(usedAt, inactivityMs), { kind: 'check-idle', child: inbound.spi });
  const outboundOnStandby = standing.kind === 'live' ? {} : { outbound: 'standby' as const };
  const fulfils = wish === undefined ? {} : { wish };
  const resource = resourceOf(engine.config, wish);
  const serves = resource === 0 ? {} : { resource };
  engine.emit({ kind: 'child-install', child: parameters, ...outboundOnStandby, ...fulfils, ...serves });
  return child;
}

/** The peer has shown that it has the new CHILD SA: we send on it from now on. @rfc 7296 2.8 */
export function promoteChild(engine: Engine, state: Established, child: Child): void {
  if (child.state.kind !== 'standby') return;
  child.state = { kind: 'live' };
  engine.emit({ kind: 'child-switch-outbound', inboundSpi: child.inboundSpi });
  reportChild(engine, state, child);
}

/** Tells the user of the CHILD SA that took over. */
export function reportChild(engine: Engine, state: Established, child: Child): void {
  state.summary = { ...state.summary, espProposal: child.notation };
  engine.emit({ kind: 'rekeyed', what: 'child', summary: state.summary });
}

/** Deleted on both sides: it still takes late packets for a while. */
export function lingerChild(engine: Engine, state: Established, child: Child, now: Instant): void {
  child.state = { kind: 'lingering' };
  state.agenda.cancelChild(child.inboundSpi);
  const until = after(now, lifetimesOf(engine.config).linger);
  state.agenda.add(until, { kind: 'remove-child', child: child.inboundSpi });
}

export function removeChild(engine: Engine, state: Established, child: Child): void {
  state.agenda.cancelChild(child.inboundSpi);
  state.children.remove(child.inboundSpi);
  engine.emit({ kind: 'child-remove', inboundSpi: child.inboundSpi });
}

/** Our DELETE of it goes out as soon as the window allows. */
export function deleteChild(state: Established, child: Child): void {
  if (child.state.kind === 'deleting' || child.state.kind === 'lingering') return;
  child.state = { kind: 'deleting' };
  state.agenda.cancelChild(child.inboundSpi);
  state.todo.push({ kind: 'delete-child', child: child.inboundSpi });
}

/** No timer and no plan of ours rekeys it any more; its end stays in the calendar. */
export function stopRekeying(state: Established, child: Child): void {
  state.agenda.cancelChild(child.inboundSpi, 'rekey-child');
  state.agenda.cancelChild(child.inboundSpi, 'recreate-child');
  const kept = state.todo.filter(
    (plan) =>
      !(plan.kind === 'rekey-child' && plan.child === child.inboundSpi) &&
      !(plan.kind === 'create-child' && plan.replaces === child.inboundSpi),
  );
  state.todo.splice(0, state.todo.length, ...kept);
}

/** Overwrites the keys of a CHILD SA that nobody will install. */
export function wipeChildKeys({ inbound, outbound }: ChildSaParameters): void {
  for (const { key } of [inbound, outbound]) {
    key.encryption.fill(0);
    key.salt?.fill(0);
    key.integrity?.fill(0);
  }
}

/** A random inbound SPI that no CHILD SA of ours has. */
export function unusedSpi(engine: Engine, state: Established): Spi {
  const spi = freshSpi(engine.dependencies.random);
  return state.children.get(spi) === undefined ? spi : unusedSpi(engine, state);
}
