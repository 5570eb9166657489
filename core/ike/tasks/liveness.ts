import { after, type Duration, type Instant } from '../../base/time.ts';

/*
 * HDR, SK {}  -->
 *         <--  HDR, SK {}
 *
 * Any authenticated message or ESP packet of the peer proves that it lives; only silence needs a question. @rfc 7296 2.4
 */

const defaultLivenessMs = 10_000;

/** When an established peer is to be asked whether it lives. */
export class Liveness {
  readonly #quietMs: Duration;
  #dueAt: Instant;

  constructor(quietMs: Duration | undefined, now: Instant) {
    this.#quietMs = quietMs ?? defaultLivenessMs;
    this.#dueAt = after(now, this.#quietMs);
  }

  get dueAt(): Instant {
    return this.#dueAt;
  }

  /** The peer gave a sign of life at this moment. Late news of an earlier moment change nothing. */
  restart(at: Instant): void {
    const dueAt = after(at, this.#quietMs);
    if (dueAt > this.#dueAt) this.#dueAt = dueAt;
  }
}
