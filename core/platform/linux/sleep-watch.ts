import type { Duration } from '../../base/time.ts';
import { systemClock } from './system-clock.ts';

/** For a kernel that does not tell of a jump of its clock. */
const lookEvery: Duration = 10_000;
/** A busy machine may be late by less than this. */
const shortestSleep: Duration = 2_000;

export interface SleepWatchClocks {
  /** Milliseconds that count sleep, and that do not. */
  readonly withSleep: () => number;
  readonly awake: () => number;
}

const systemClocks: SleepWatchClocks = {
  withSleep: () => systemClock.now(),
  // libuv's clock is CLOCK_MONOTONIC, which stands still while the machine sleeps.
  awake: () => performance.now(),
};

/**
 * Tells that this machine has slept: the network may be another one, and the gateway may have given up on us. It looks when
 * somebody says that the clock made a jump (`NetworkEvents`), and now and then by itself. It does not keep the process alive.
 */
export class SleepWatch {
  readonly #onWake: () => void;
  readonly #clocks: SleepWatchClocks;
  readonly #timer: ReturnType<typeof setInterval>;
  #slept: number;

  constructor(onWake: () => void, clocks: SleepWatchClocks = systemClocks) {
    this.#onWake = onWake;
    this.#clocks = clocks;
    this.#slept = this.#sleepSoFar();
    this.#timer = setInterval(() => this.look(), lookEvery).unref();
  }

  /** Tells of a sleep since the last look. */
  look(): void {
    const before = this.#slept;
    this.#slept = this.#sleepSoFar();
    if (this.#slept - before >= shortestSleep) this.#onWake();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sleepSoFar(): number {
    return this.#clocks.withSleep() - this.#clocks.awake();
  }
}
