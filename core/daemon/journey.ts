import { formatEndpoint, formatIpAddress } from '../base/address.ts';
import type { Instant } from '../base/time.ts';
import type { JourneyEntry } from '../rpc/values.ts';
import type { Doubt } from './session-deeds.ts';
import type { DaemonState } from './snapshot.ts';

export interface JourneyMoment {
  readonly attempt: number;
  /** Monotonic, and milliseconds since 1970. */
  readonly now: Instant;
  readonly wall: number;
  /** When the gateway last proved that it is there. */
  readonly provenAt: Instant | undefined;
  readonly doubt: Doubt | undefined;
  /** The network device that holds an address. */
  readonly deviceOf: (address: string) => string | undefined;
}

type Connected = Extract<DaemonState, { kind: 'connected' }>;

/** Makes the journey of a connection from its states: each change of the path that a user would call one. */
export class JourneyMaker {
  #proofBeforeLoss: Instant | undefined;

  /** What there is to note when `after` follows on `before`; nothing for most states. */
  next(before: DaemonState, after: DaemonState, moment: JourneyMoment): JourneyEntry | undefined {
    const { attempt, wall: at, now } = moment;
    if (after.kind === 'connected') return this.#connected(before, after, moment);
    if (after.kind === 'reconnecting') {
      if (before.kind === 'reconnecting') return undefined;
      this.#proofBeforeLoss = moment.provenAt ?? now;
      return { at, attempt, kind: 'lost', profile: after.profile.name, error: after.loss.cause };
    }
    if (after.kind !== 'disconnected' || !('profile' in before)) return undefined;
    const profile = before.profile.name;
    const { lastFailure } = after;
    if (lastFailure === undefined) return { at, attempt, kind: 'ended', profile };
    return { at, attempt, kind: 'failed', profile, error: lastFailure };
  }

  #connected(before: DaemonState, after: Connected, moment: JourneyMoment): JourneyEntry | undefined {
    const { attempt, wall: at, now } = moment;
    const path = { at, attempt, profile: after.profile.name, ...pathOf(after, moment) };
    if (before.kind === 'reconnecting') {
      const gapMs = Math.max(0, now - (this.#proofBeforeLoss ?? now));
      return { ...path, kind: 'restored', gapMs };
    }
    if (before.kind !== 'connected') return { ...path, kind: 'connected' };
    if (endpoints(before) === endpoints(after)) return undefined;
    return {
      ...path,
      kind: 'moved',
      ...gapOf(moment),
    };
  }
}

function pathOf({ details }: Connected, { deviceOf }: JourneyMoment) {
  const device = deviceOf(formatIpAddress(details.local.address));
  return {
    local: formatEndpoint(details.local),
    gateway: formatEndpoint(details.remote),
    ...(device === undefined ? {} : { device }),
  };
}

/** A move is told at the proof that ends the gap, or a little after it when several paths were tried. */
const recentMs = 10_000;

function gapOf({ doubt, now }: JourneyMoment): Pick<JourneyEntry, 'gapMs'> {
  if (doubt === undefined) return {};
  const { since, until = now } = doubt;
  return now - until > recentMs ? {} : { gapMs: Math.max(0, until - since) };
}

function endpoints({ details }: Connected): string {
  return `${formatEndpoint(details.local)} ${formatEndpoint(details.remote)}`;
}
