import { limits } from '../../../base/limits.ts';

/**
 * Waits until nothing has happened for `limits.networkQuietMs`, but no longer than `limits.networkLongestMs` after the first
 * thing: what changes with one cause is told once.
 */
export class TellSoon {
  readonly #tell: () => void;
  readonly #now: () => number;
  #firstAt = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `now`: milliseconds that never run backwards. */
  constructor(tell: () => void, now: () => number = () => performance.now()) {
    this.#tell = tell;
    this.#now = now;
  }

  /** Something happened. */
  note(): void {
    const now = this.#now();
    if (this.#timer === undefined) this.#firstAt = now;
    clearTimeout(this.#timer);
    const wait = Math.min(limits.networkQuietMs, this.#firstAt + limits.networkLongestMs - now);
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#tell();
      },
      Math.max(0, wait),
    );
  }

  /** Nothing is told any more, until something happens again. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
