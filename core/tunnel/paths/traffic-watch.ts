import { after, type Instant, instant } from '../../base/time.ts';

/** So long may traffic go one way before the gateway is asked whether it is there. */
const silenceMs = 2_500;
/** What goes one way for good (a host that is down is pinged) must not cost a question every time. */
const pauseMs = 10_000;

/**
 * Notices a tunnel that takes packets and brings none: looked at about twice a second, with the datagrams that were sent so far
 * and when the last authentic one came in.
 */
export class TrafficWatch {
  #sent = 0;
  #sendingSince: Instant | undefined;
  #sentAt: Instant = instant(0);
  #quietUntil: Instant = instant(0);

  /** True when the gateway should be asked. */
  look(sent: number, receivedAt: Instant | undefined, now: Instant): boolean {
    const isSending = sent > this.#sent;
    this.#sent = sent;
    if (this.#sendingSince !== undefined && receivedAt !== undefined && receivedAt >= this.#sendingSince)
      this.#sendingSince = undefined;
    if (!isSending) return false;
    // A last word that needs no answer is no question of the packets that come much later.
    if (now - this.#sentAt > silenceMs) this.#sendingSince = undefined;
    this.#sentAt = now;
    this.#sendingSince ??= now;
    if (now - this.#sendingSince < silenceMs || now < this.#quietUntil) return false;
    this.#quietUntil = after(now, pauseMs);
    return true;
  }
}
