import { after, type Duration, type Instant } from '../base/time.ts';

/** How soon a request goes out again. `brisk`: the network has just changed, and traffic stands still until the answer comes. */
export type Pace = 'usual' | 'brisk';

const firstWaitMs: Readonly<Record<Pace, Duration>> = { usual: 2_000, brisk: 500 };
const backoff = 1.4;

/** How long to wait for an answer after the n-th transmission, n from 1: 2 s, 2.8 s, 3.92 s … @rfc 7296 2.1 */
function waitAfter(transmissions: number, pace: Pace = 'usual'): Duration {
  return Math.round(firstWaitMs[pace] * backoff ** (transmissions - 1));
}

/** When a request goes out again, until an answer comes or the tries are used up. */
export class RetransmitSchedule {
  #tries: number;
  #sent = 1;
  #dueAt: Instant;
  #pace: Pace;

  /** The request has just been sent for the first of `tries` times. */
  constructor(tries: number, now: Instant, pace: Pace = 'usual') {
    this.#tries = tries;
    this.#pace = pace;
    this.#dueAt = after(now, waitAfter(1, pace));
  }

  get dueAt(): Instant {
    return this.#dueAt;
  }

  /** At most `tries` transmissions in all from now on, counting those that have been; what was sent stays sent. */
  limitTo(tries: number): void {
    this.#tries = Math.min(this.#tries, tries);
  }

  /** The request has just been sent over a new path: as if for the first of `tries` times. */
  restart(tries: number, now: Instant, pace: Pace): void {
    this.#tries = tries;
    this.#sent = 1;
    this.#pace = pace;
    this.#dueAt = after(now, waitAfter(1, pace));
  }

  /** What is to be done at `now`. After `send`, the caller sends it at once. */
  check(now: Instant): 'wait' | 'send' | 'give-up' {
    if (now < this.#dueAt) return 'wait';
    if (this.#sent >= this.#tries) return 'give-up';
    this.#sent += 1;
    this.#dueAt = after(now, waitAfter(this.#sent, this.#pace));
    return 'send';
  }
}

/** One request on the wire that is one datagram: the same octets again and again. */
export class Retransmission extends RetransmitSchedule {
  readonly octets: Uint8Array;

  /** `octets` have just been sent for the first of `tries` times. */
  constructor(octets: Uint8Array, tries: number, now: Instant) {
    super(tries, now);
    this.octets = octets;
  }
}
