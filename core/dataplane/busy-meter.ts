import { limits } from '../base/limits.ts';
import type { Instant } from '../base/time.ts';

/** Notices when one worker carries so much that another may help. The clock is asked once in a few thousand packets. */
export class BusyMeter {
  readonly #now: () => Instant;
  #next = 0;
  #at: Instant | undefined;
  #busy = false;

  constructor(now: () => Instant) {
    this.#now = now;
  }

  /** `octets`: carried in all. True when `limits.busyOctets` went by within `limits.busyMs`, and didn't before. */
  look(octets: number): boolean {
    if (octets < this.#next) return false;
    const at = this.#now();
    const before = this.#at;
    this.#at = at;
    this.#next = octets + limits.busyOctets;
    const was = this.#busy;
    this.#busy = before !== undefined && at - before < limits.busyMs;
    return this.#busy && !was;
  }
}
