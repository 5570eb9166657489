import { after, type Duration, type Instant } from '../base/time.ts';
import type { Random } from '../crypto/interfaces.ts';
import type { IkeConfig } from './config.ts';

/** How long SAs live, in milliseconds; absent ones in the configuration have these values. */
export interface Lifetimes {
  /** From the installation of a CHILD SA to its hard end. */
  readonly child: Duration;
  readonly ike: Duration;
  /** From the login to the first rekey of the CHILD SA, which is a test; `undefined` leaves it out. */
  readonly early: Duration | undefined;
  /** How long an inbound CHILD SA outlives its DELETE, so that late packets still decrypt. */
  readonly linger: Duration;
}

const hourMs = 3_600_000;
/** Rekeying begins this long before the end at the latest: time for several tries. */
const mostMarginMs = 180_000;
const firstRetryMs = 10_000;
const temporaryPauseMs = 3_000;

export function lifetimesOf(config: IkeConfig): Lifetimes {
  const { earlyRekeyMs } = config;
  return {
    child: config.childLifetimeMs ?? hourMs,
    ike: config.ikeLifetimeMs ?? 4 * hourMs,
    early: earlyRekeyMs === 'off' ? undefined : (earlyRekeyMs ?? 30_000),
    linger: config.lingerMs ?? 3_000,
  };
}

/** When an SA that lives so long from now on is rekeyed, when it is tried for the last time, and when it ends. */
export interface Term {
  readonly rekeyAt: Instant;
  readonly lastChanceAt: Instant;
  readonly expiresAt: Instant;
}

/** Both sides have timers; chance keeps them from going off together. @rfc 7296 2.8 */
export function termOf(lifetime: Duration, random: Random, now: Instant): Term {
  const margin = Math.min(mostMarginMs, lifetime / 4);
  return {
    rekeyAt: after(now, Math.round(lifetime - margin - jitter(margin, random))),
    lastChanceAt: after(now, Math.round(lifetime - margin / 4)),
    expiresAt: after(now, lifetime),
  };
}

/** When to try again after so many refusals in a row: 10 s, 20 s, 40 s … */
export function retryAfter(refusals: number, now: Instant): Instant {
  return after(now, firstRetryMs * 2 ** Math.max(0, refusals - 1));
}

/** When to try again after TEMPORARY_FAILURE: 3 s to 6 s. @rfc 7296 2.25 */
export function afterTemporaryFailure(random: Random, now: Instant): Instant {
  return after(now, temporaryPauseMs + jitter(temporaryPauseMs, random));
}

/** 0 up to `most`, in milliseconds. */
function jitter(most: Duration, random: Random): Duration {
  const [high = 0, low = 0] = random.octets(2);
  return Math.floor((most * (high * 256 + low)) / 65_536);
}
