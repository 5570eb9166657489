/** A whole processor without work for so many looks, and flows are spread. */
const idleToSpread = 1;
/** Less than this for as many looks, and they come back: sharing would only take time from what fills the machine. */
const idleToStay = 0.25;
const looks = 2;
/** Before the next try; twice as long each time that spreading did not last. In looks, a second each. */
const leastPause = 10;
const longestPause = 320;
const lasting = 60;

/**
 * Decides, look by look, whether flows are spread over several pairs of workers. They are only while the machine has idle processors; to spread
 * takes more of them than to go on, and what filled the machine is tried again less and less often. Pure: a look is its clock.
 */
export class SpreadPolicy {
  #isSpread = false;
  /** So many looks in a row spoke for the other state; and this state has lasted for so many. */
  #against = 0;
  #age = 0;
  #pause = 0;

  /** `idle`: how many processors had nothing to do since the last look, on average. True: spread. */
  look(idle: number): boolean {
    this.#age++;
    const speaksAgainst = this.#isSpread
      ? idle < idleToStay
      : idle >= idleToSpread && this.#age > this.#pause;
    this.#against = speaksAgainst ? this.#against + 1 : 0;
    if (this.#against < looks) return this.#isSpread;
    if (this.#isSpread) {
      const again = this.#age < lasting ? this.#pause * 2 : 0;
      this.#pause = Math.min(Math.max(again, leastPause), longestPause);
    }
    this.#become(!this.#isSpread);
    return this.#isSpread;
  }

  /** There is little to carry: nothing is spread any more, and what was learnt does not count against the next time. */
  rest(): void {
    this.#pause = 0;
    this.#become(false);
  }

  #become(isSpread: boolean): void {
    this.#isSpread = isSpread;
    this.#against = 0;
    this.#age = 0;
  }
}
