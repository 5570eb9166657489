import { limits } from '../base/limits.ts';
import type { Instant } from '../base/time.ts';

/** Notices when one worker carries so much that another may help. The clock is asked once in a few thousand packets. */
export class BusyMeter {
  readonly #now: () => Instant;
  #next = 0;
  #at: Instant | undefined;
  #told = false;

  constructor(now: () => Instant) {
    this.#now = now;
  }

  /** `octets`: carried in all. True once: when `limits.busyOctets` went by within `limits.busyMs`. */
  look(octets: number): boolean {
    if (octets < this.#next || this.#told) return false;
    const at = this.#now();
    const before = this.#at;
    this.#at = at;
    this.#next = octets + limits.busyOctets;
    this.#told = before !== undefined && at - before < limits.busyMs;
    return this.#told;
  }
}
