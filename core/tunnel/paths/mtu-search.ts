/**
 * Sizes of IP packets, in octets, that paths have: Ethernet, PPPoE, clouds and mobile networks, tunnels in tunnels, the least that
 * IPv6 allows, and a hotel or two.
 */
const knownSizes = [
  576, 1_124, 1_200, 1_280, 1_300, 1_340, 1_380, 1_400, 1_420, 1_440, 1_460, 1_480, 1_492, 1_500,
];

/**
 * Finds the largest packet that gets through, by halving: the largest that the link allows first, as that is right nearly everywhere.
 * Where a size was found before, that is asked first, then the next larger one, and all others only when either answer is a surprise.
 * `next` is what to try; undefined when `found` is the answer.
 */
export class MtuSearch {
  readonly #sizes: readonly number[];
  /** The largest that fits, by index; -1: none that was tried. */
  #fits = -1;
  #tooBig: number;
  #proven: number | undefined;
  /** What to ask before halving begins, by index. */
  readonly #first: number[];

  /** `before`: what was found earlier on this path. */
  constructor(linkMtu: number, before?: number) {
    const largest = Math.min(linkMtu, knownSizes.at(-1) ?? linkMtu);
    const known = before !== undefined && before < largest ? [before] : [];
    const sizes = new Set([...knownSizes.filter((size) => size < largest), ...known, largest]);
    this.#sizes = [...sizes].sort((a, b) => a - b);
    this.#tooBig = this.#sizes.length;
    const last = this.#sizes.length - 1;
    const at = before === undefined ? -1 : this.#sizes.indexOf(before);
    this.#first = at < 0 ? [last] : [at, Math.min(at + 1, last), last];
  }

  get next(): number | undefined {
    const index = this.#first.find((each) => each > this.#fits && each < this.#tooBig);
    if (index !== undefined) return this.#sizes[index];
    if (this.#tooBig - this.#fits <= 1) return undefined;
    return this.#sizes[Math.floor((this.#fits + this.#tooBig) / 2)];
  }

  /** Undefined while it goes on, and when nothing at all got through. */
  get found(): number | undefined {
    return this.next === undefined ? this.#proven : undefined;
  }

  /** The answer about `next`; what was sent had `proves` octets. */
  note(octets: number, fits: boolean, proves: number = octets): void {
    const index = this.#sizes.indexOf(octets);
    if (index < 0) return;
    if (fits && index > this.#fits) {
      this.#fits = index;
      this.#proven = proves;
    }
    if (!fits) this.#tooBig = Math.min(this.#tooBig, index);
  }
}
