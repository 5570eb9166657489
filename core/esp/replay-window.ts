/**
 * The anti-replay window over sequence numbers, of 32 bits or extended (up to 2^53 - 1): a ring of 32-bit words with one word to spare, so that the
 * window slides by clearing words and never shifts bits. @rfc 4303 3.4.3 @rfc 6479
 *
 * `accepts` before decryption, `commit` after the ICV was right: a forged packet must not move the window.
 */
export class ReplayWindow {
  readonly size: number;
  readonly #words: Uint32Array;
  /** Words minus one, a mask for the ring. Bit operators see the low 32 bits, and 2^32 is a whole number of rounds. */
  readonly #ring: number;
  #highest = 0;

  /** `size` in packets, at least 32; the ring takes the next power of two. */
  constructor(size: number) {
    if (!Number.isInteger(size) || size < 32) throw new RangeError('a replay window has at least 32 packets');
    let words = 2;
    while ((words - 1) * 32 < size) words *= 2;
    this.size = size;
    this.#words = new Uint32Array(words);
    this.#ring = words - 1;
  }

  /** The highest sequence number that was committed; 0 before the first. */
  get highest(): number {
    return this.#highest;
  }

  /** False for 0 (never sent), for one left of the window, and for one seen before. */
  accepts(sequence: number): boolean {
    if (sequence === 0) return false;
    if (sequence > this.#highest) return true;
    if (this.#highest - sequence >= this.size) return false;
    return ((this.#words[(sequence >>> 5) & this.#ring] ?? 0) & (1 << (sequence & 31))) === 0;
  }

  /** Marks a sequence number that `accepts` took and whose packet was authentic. */
  commit(sequence: number): void {
    if (sequence > this.#highest) {
      const words = this.#words;
      const count = Math.min(Math.floor(sequence / 32) - Math.floor(this.#highest / 32), words.length);
      for (let i = 1; i <= count; i++) words[((sequence >>> 5) - count + i) & this.#ring] = 0;
      this.#highest = sequence;
    }
    const at = (sequence >>> 5) & this.#ring;
    this.#words[at] = (this.#words[at] ?? 0) | (1 << (sequence & 31));
  }
}
