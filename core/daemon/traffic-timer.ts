/** Twice a second is often enough to notice a tunnel that brings nothing. */
const lookMs = 500;
/** Traffic that pauses for less goes on. */
const looksUntilRest = 10;

export interface TrafficTimerParts {
  /** Packets so far, of both directions. */
  readonly packets: () => number;
  /** Has `wake` called when the next packet passes. */
  readonly awaitTraffic: () => void;
  readonly onLook: () => void;
}

/** Ticks while packets go through the tunnel, and rests while none do: an idle tunnel wakes nobody. */
export class TrafficTimer {
  readonly #parts: TrafficTimerParts;
  #timer: NodeJS.Timeout | undefined;
  #packets = 0;
  #quietLooks = 0;

  /** Begins to tick. */
  constructor(parts: TrafficTimerParts) {
    this.#parts = parts;
    this.wake();
  }

  /** Packets went through a moment ago. */
  get busy(): boolean {
    return this.#timer !== undefined;
  }

  wake(): void {
    this.#quietLooks = 0;
    this.#timer ??= setInterval(() => this.#look(), lookMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    this.#parts.onLook();
    const packets = this.#parts.packets();
    this.#quietLooks = packets === this.#packets ? this.#quietLooks + 1 : 0;
    this.#packets = packets;
    if (this.#quietLooks < looksUntilRest) return;
    this.stop();
    this.#parts.awaitTraffic();
  }
}
