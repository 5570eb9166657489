import { limits } from '../../base/limits.ts';
import { after, type Duration, type Instant, instant } from '../../base/time.ts';

/**
 * What is to be done about a tunnel that takes packets and brings none, while the gateway answers IKE: ESP is lost on the way, or one
 * of the two data planes is broken. From the mildest means to the strongest:
 *
 * - wait: the gateway has not answered since either; whether it is there is being asked
 * - knock: send something inside that is answered where all is well
 * - rekey: new keys, new sequence numbers, a new SPI
 * - login: anew, from another port, perhaps at another gateway
 */
export type Remedy = 'wait' | 'knock' | 'rekey' | 'login';

/** One tunnel's silence, and how often it cost a login. Traffic that needs no answer looks the same: hence the bounds. */
export class EspSilence {
  #since: Instant | undefined;
  #stalledAt: Instant = instant(0);
  #rekeyedAt: Instant | undefined;
  #logins = 0;
  #noLoginBefore: Instant = instant(0);

  /** Since when packets go one way only, once that is more than an accident. */
  get since(): Instant | undefined {
    return this.#rekeyedAt === undefined ? undefined : this.#since;
  }

  /** Packets go in and none comes out. `provenAt`: when the gateway last proved that it is there. */
  stalled(provenAt: Instant | undefined, now: Instant): Remedy {
    // Packets that wait for no answer come now and then.
    if (now - this.#stalledAt > limits.espSilenceGapMs) this.#forget();
    this.#stalledAt = now;
    this.#since ??= now;
    if (provenAt === undefined || provenAt < this.#since) return 'wait';
    if (this.#rekeyedAt === undefined) {
      if (now - this.#since < limits.espSilenceMs) return 'knock';
      this.#rekeyedAt = now;
      return 'rekey';
    }
    if (now - this.#rekeyedAt < limits.espSilenceMs || now < this.#noLoginBefore) return 'knock';
    this.#noLoginBefore = after(now, pauseAfter(this.#logins));
    this.#logins += 1;
    this.#forget();
    return 'login';
  }

  /** Authentic ESP came in at `at`. True when that ends a silence that was worth telling. */
  heard(at: Instant): boolean {
    if (this.#since === undefined || at <= this.#since) return false;
    const told = this.since !== undefined;
    this.#forget();
    this.#logins = 0;
    return told;
  }

  #forget(): void {
    this.#since = undefined;
    this.#rekeyedAt = undefined;
  }
}

function pauseAfter(logins: number): Duration {
  return Math.min(limits.espSilenceLoginPauseMs * 2 ** Math.min(logins, 30), limits.espSilenceLongestPauseMs);
}
