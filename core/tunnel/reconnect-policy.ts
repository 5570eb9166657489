import { type Failure, type FailureCode, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { after, type Duration, type Instant, instant } from '../base/time.ts';
import type { Random } from '../crypto/interfaces.ts';

/** Losses that a new login may mend, whatever became of the network or the gateway meanwhile. */
const mendable: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'peer.dead',
  'peer.silent',
  'peer.unreachable',
  'peer.closed',
  'peer.esp-silent',
  'peer.not-rekeyed',
  // The next network may have none.
  'peer.nat-forbidden',
  'peer.redirected',
  'peer.redirect-loop',
  'tunnel.renewal-late',
  // A gateway that starts, is full, or still holds the address of the lost connection.
  'peer.refused',
  'peer.no-address',
  'gateway.unresolved',
  // Whom to ask may be out of reach on this network.
  'certificate.revocation-unknown',
  'certificate.not-fetched',
  'system.network',
  'system.call',
  'system.address-changed',
  'dataplane.stopped',
]);

/**
 * True when trying again may help. Never after either side's proof of identity failed: repeating a refused password locks
 * accounts, and a gateway that isn't the right one does not become it. Nor after a rule, a bug or a broken protocol.
 */
export function mayReconnect(error: Failure): boolean {
  return mendable.has(error.code);
}

/**
 * How long to wait before a try, counted from 1: the first one goes at once, then 1 s, 2 s, 4 s up to the ceiling, each
 * shortened by up to a half at random so that the clients of a restarted gateway do not come all together.
 */
export function waitBefore(attempt: number, random: Random): Duration {
  if (attempt <= 1) return 0;
  const doubled = limits.reconnectFirstWaitMs * 2 ** Math.min(attempt - 2, 30);
  const most = Math.min(doubled, limits.reconnectLongestWaitMs);
  const [octet = 0] = random.octets(1);
  return Math.round(most * (1 - octet / 512));
}

/** What a user may know of a connection that was lost and is to come back. */
export interface LossDetails {
  /** What ended the connection. */
  readonly cause: Failure;
  /** What ended the last try. */
  readonly lastFailure?: Failure;
  readonly since: Instant;
  /** Logins that were begun since, the present one included. */
  readonly tries: number;
  /** Absent while a try is under way. */
  readonly nextTryAt?: Instant;
}

/** From the loss of a connection until it stands again or is given up. */
export class Loss {
  readonly #since: Instant;
  readonly #cause: Failure;
  #lastFailure: Failure | undefined;
  #tries = 0;
  /** Where the waiting goes on when connections do not last. */
  #rung: number;
  #triedAt: Instant | undefined;
  #nextTryAt: Instant | undefined;

  /** `earlier`: the loss before this one, when the connection between them did not last. */
  constructor(cause: Failure, now: Instant, random: Random, earlier: Loss | undefined) {
    this.#cause = cause;
    this.#since = now;
    this.#rung = earlier === undefined ? 0 : earlier.#rung;
    this.#climb(now, random);
  }

  /** A try failed: sets when to try next. */
  failed(error: Failure, now: Instant, random: Random): void {
    this.#lastFailure = error;
    this.#climb(now, random);
  }

  #climb(now: Instant, random: Random): void {
    this.#rung += 1;
    this.#nextTryAt = after(now, waitBefore(this.#rung, random));
  }

  begin(now: Instant): void {
    this.#tries += 1;
    this.#triedAt = now;
    this.#nextTryAt = undefined;
  }

  /** The network is another one: what failed before says nothing. Changes that come in a burst start one try. */
  hurry(now: Instant): void {
    this.#rung = Math.min(this.#rung, 1);
    const earliest = this.#triedAt === undefined ? now : after(this.#triedAt, limits.reconnectFirstWaitMs);
    const soon = instant(Math.max(now, earliest));
    if (this.#nextTryAt === undefined || soon < this.#nextTryAt) this.#nextTryAt = soon;
  }

  get nextTryAt(): Instant | undefined {
    return this.#nextTryAt;
  }

  get details(): LossDetails {
    const nextTryAt = this.#nextTryAt;
    const lastFailure = this.#lastFailure;
    return {
      cause: this.#cause,
      since: this.#since,
      tries: this.#tries,
      ...(lastFailure === undefined ? {} : { lastFailure }),
      ...(nextTryAt === undefined ? {} : { nextTryAt }),
    };
  }
}

/** Why a connection is lost whose end here is no longer ours. */
export function addressChanged(from: string, to: string): Failure {
  return failure('system.address-changed', { from, to });
}
