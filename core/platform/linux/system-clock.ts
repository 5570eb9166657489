import koffi from 'koffi';
import { type Duration, type Instant, instant } from '../../base/time.ts';

const library = koffi.load(null);
const clockGettime: (clock: number, into: Uint8Array) => number = library.func(
  'int clock_gettime(int clock, void *into)',
);
/** As CLOCK_MONOTONIC, and it goes on while the machine sleeps: keys and liveness grow old in a sleeping laptop too. */
const clockBoottime = 7;
const timespec = new Uint8Array(new ArrayBuffer(16));
const fields = new BigInt64Array(timespec.buffer);

/** Where the core's time comes from. */
export interface Clock {
  /** Never goes back; counts sleep. */
  now(): Instant;
  /** What a calendar shows, for people and certificates: milliseconds since 1970. */
  wall(): number;
}

export const systemClock: Clock = {
  now() {
    clockGettime(clockBoottime, timespec);
    return instant(Number(fields[0] ?? 0n) * 1_000 + Number(fields[1] ?? 0n) / 1e6);
  },
  wall: () => Date.now(),
};

/** Timers stand still while the machine sleeps; looking at the clock this often keeps them honest afterwards. */
const longestWait: Duration = 10_000;

/** Wakes somebody once at a given moment. It keeps the process alive while it is set. */
export class Alarm {
  readonly #clock: Clock;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Calls `wake` at `at` or soon after, never before, never within this call. A new call replaces the old. */
  set(at: Instant | undefined, wake: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (at !== undefined) this.#wait(at, wake);
  }

  #wait(at: Instant, wake: () => void): void {
    const left = Math.min(Math.max(Math.ceil(at - this.#clock.now()), 0), longestWait);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#clock.now() < at) this.#wait(at, wake);
      else wake();
    }, left);
  }
}
