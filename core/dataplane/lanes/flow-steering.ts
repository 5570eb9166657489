/** So many sets of flows move on their own. */
const buckets = 256;
const mask = buckets - 1;

/** Octets that a flow hands over at a time, on average, from which on handing it over pays; and below which it no longer does. */
const heavyOctets = 1_024;
const lightOctets = 256;
/** One packet counts for so much of the average. */
const share = 0.25;

/** One way on, as `FlowSteering` sees it: octets, or whatever else counts up, given to it and done with. */
export interface Lane {
  readonly pushed: number;
  readonly done: number;
}

/**
 * Which lane a flow takes. A light one, such as the acknowledgements of a download, takes the first: another worker costs more than it
 * does. Each flow has one lane; it moves only after all its packets have left the old one, so that none overtakes another.
 * Pure: who asks tells afterwards what it did.
 */
export class FlowSteering {
  /** By bucket: its lane, or -1; and how much that lane had been given with the last packet of the bucket. */
  readonly #lane = new Int16Array(buckets).fill(-1);
  readonly #upTo = new Float64Array(buckets);
  /** By bucket: the average length, and whether that is much. */
  readonly #average = new Float64Array(buckets);
  readonly #heavy = new Uint8Array(buckets);

  /**
   * The lane for `length` octets of the flow `hash`: one of `wanted` (not empty; the first one, unless they are to `spread`), or the one that
   * the flow is still on, which may no longer be among them.
   */
  choose(
    hash: number,
    wanted: readonly number[],
    lanes: readonly (Lane | undefined)[],
    length: number,
    spread: boolean,
  ): number {
    const bucket = hash & mask;
    const isHeavy = this.#weigh(bucket, length);
    const to = wanted[spread && isHeavy ? (hash >>> 8) % wanted.length : 0] ?? 0;
    const on = this.#lane[bucket] ?? -1;
    if (on === to) return to;
    const old = on < 0 ? undefined : lanes[on];
    if (old !== undefined && old.done < (this.#upTo[bucket] ?? 0)) return on;
    this.#lane[bucket] = to;
    return to;
  }

  /** A packet of the flow was given to `lane`, which is the one chosen. */
  given(hash: number, lane: Lane): void {
    this.#upTo[hash & mask] = lane.pushed;
  }

  #weigh(bucket: number, length: number): boolean {
    const before = this.#average[bucket] ?? 0;
    const average = before === 0 ? length : before + (length - before) * share;
    this.#average[bucket] = average;
    if (average > heavyOctets) this.#heavy[bucket] = 1;
    else if (average < lightOctets) this.#heavy[bucket] = 0;
    return this.#heavy[bucket] === 1;
  }

  /** What is still on its way of this flow does not matter any more. */
  forget(hash: number): void {
    this.#lane[hash & mask] = -1;
  }
}
