import { limits } from '../../base/limits.ts';
import type { ProcessorTime } from '../../platform/linux/processor-time.ts';
import { SpreadPolicy } from './spread-policy.ts';

const lookMs = 1_000;
/** With less than half of what makes a worker busy, so often in a row, the watch ends: a busy worker begins it again. */
const quietOctets = limits.busyOctets / 2;
const quietLooks = 3;

export interface SpreadWatchParts {
  /** Carried so far by all pairs, in both directions. */
  readonly octets: () => number;
  readonly processorTime: () => ProcessorTime | undefined;
  readonly onChange: (isSpread: boolean) => void;
}

/** Looks at the machine once a second while there is much to carry, and says when flows are to be spread, and when no longer. */
export class SpreadWatch {
  readonly #parts: SpreadWatchParts;
  readonly #policy = new SpreadPolicy();
  #timer: NodeJS.Timeout | undefined;
  #isSpread = false;
  #octets = 0;
  #time: ProcessorTime | undefined;
  #quiet = 0;

  constructor(parts: SpreadWatchParts) {
    this.#parts = parts;
  }

  /** There is much to carry. */
  begin(): void {
    if (this.#timer !== undefined) return;
    this.#quiet = 0;
    this.#octets = this.#parts.octets();
    this.#time = this.#parts.processorTime();
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#policy.rest();
    this.#change(false);
  }

  #look(): void {
    const octets = this.#parts.octets();
    this.#quiet = octets - this.#octets < quietOctets ? this.#quiet + 1 : 0;
    this.#octets = octets;
    if (this.#quiet >= quietLooks) return this.end();
    const [before, time] = [this.#time, this.#parts.processorTime()];
    this.#time = time;
    // Where the system does not tell there is none to spare.
    const told = before !== undefined && time !== undefined && time.up > before.up;
    this.#change(this.#policy.look(told ? (time.idle - before.idle) / (time.up - before.up) : 0));
  }

  #change(isSpread: boolean): void {
    if (this.#isSpread === isSpread) return;
    this.#isSpread = isSpread;
    this.#parts.onChange(isSpread);
  }
}
