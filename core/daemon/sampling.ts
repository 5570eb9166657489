import { limits } from '../base/limits.ts';
import type { Instant } from '../base/time.ts';
import type { FlightRecorder, Reading } from './flight-recorder.ts';
import type { RunningSession } from './running-session.ts';

const everyMs = 1_000;

export interface SamplingParts {
  readonly recorder: Pick<FlightRecorder, 'read'>;
  /** Whether somebody looks at the samples. */
  readonly watched: () => boolean;
  /** The connection that is sampled; absent while there is none. */
  readonly session: () => Pick<RunningSession, 'busy' | 'takeRoundTrip' | 'probe'> | undefined;
  readonly reading: () => Reading;
}

/** Takes a sample of the connection each second; none while nothing moves and nobody looks. */
export class Sampling {
  readonly #parts: SamplingParts;
  #timer: NodeJS.Timeout | undefined;
  /** No samples are taken because nothing moves. */
  #resting = false;
  #lastRoundTripAt: Instant | undefined;

  constructor(parts: SamplingParts) {
    this.#parts = parts;
  }

  /** Takes samples from now on, until nothing moves and nobody looks; again after a rest. */
  on(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => {
      this.#sample();
      if (this.#parts.watched() || this.#parts.session()?.busy() !== false) return;
      this.off();
      this.#resting = true;
    }, everyMs).unref();
    this.#sample();
    this.#resting = false;
  }

  /** The connection is over, or stands no more. */
  off(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#resting = false;
  }

  #sample(): void {
    const session = this.#parts.session();
    if (session === undefined) return;
    const roundTripMs = session.takeRoundTrip();
    const reading = this.#parts.reading();
    if (roundTripMs !== undefined) this.#lastRoundTripAt = reading.now;
    this.#parts.recorder.read({
      ...reading,
      rested: this.#resting,
      ...(roundTripMs === undefined ? {} : { roundTripMs }),
    });
    const asked = this.#lastRoundTripAt ?? 0;
    if (!this.#parts.watched() || reading.now - asked < limits.watchedProbeMs) return;
    this.#lastRoundTripAt = reading.now;
    session.probe();
  }
}
