import type { Duration, Instant } from '../base/time.ts';

/** A timer that comes a little early has not come for nothing. */
const early = 5;

/**
 * Decides when a NAT keepalive is due: when nothing was sent for the interval. Asked when it wants to be, with the time of the
 * last datagram, whoever sent it. @rfc 3948 4
 */
export class KeepaliveTimer {
  readonly #everyMs: Duration;

  constructor(everyMs: Duration) {
    this.#everyMs = Math.max(1, everyMs);
  }

  /** `due`: one must be sent now. `waitMs`: when to ask again, if nothing else is sent until then. */
  look(sentAt: Instant | undefined, now: Instant): { readonly due: boolean; readonly waitMs: Duration } {
    const silence = sentAt === undefined ? this.#everyMs : now - sentAt;
    const left = this.#everyMs - silence;
    return left <= early ? { due: true, waitMs: this.#everyMs } : { due: false, waitMs: left };
  }
}
