import type { Duration } from '../../base/time.ts';
import { systemClock } from './system-clock.ts';

const lookEvery: Duration = 1_000;
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
 * Tells within a second that this machine has slept: the network may be another one, and the gateway may have given up
 * on us. It does not keep the process alive.
 */
export class SleepWatch {
  readonly #clocks: SleepWatchClocks;
  readonly #timer: ReturnType<typeof setInterval>;
  #slept: number;

  constructor(onWake: () => void, clocks: SleepWatchClocks = systemClocks) {
    this.#clocks = clocks;
    this.#slept = this.#sleepSoFar();
    this.#timer = setInterval(() => {
      const slept = this.#sleepSoFar();
      if (slept - this.#slept >= shortestSleep) onWake();
      this.#slept = slept;
    }, lookEvery).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sleepSoFar(): number {
    return this.#clocks.withSleep() - this.#clocks.awake();
  }
}
