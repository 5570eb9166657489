/** So many sets of flows move on their own. */
const buckets = 256;
const mask = buckets - 1;

/** One way on, as `FlowSteering` sees it: octets, or whatever else counts up, given to it and done with. */
export interface Lane {
  readonly pushed: number;
  readonly done: number;
}

/**
 * Which lane a flow takes. Each flow has one; when lanes come or go, it moves only after all its packets have left the old
 * one, so that none overtakes another. Pure: who asks tells afterwards what it did.
 */
export class FlowSteering {
  /** By bucket: its lane, or -1; and how much that lane had been given with the last packet of the bucket. */
  readonly #lane = new Int16Array(buckets).fill(-1);
  readonly #upTo = new Float64Array(buckets);

  /**
   * The lane for a packet of the flow `hash`: one of `wanted` (not empty), or the one that the flow is still on, which may no longer be
   * among them.
   */
  choose(hash: number, wanted: readonly number[], lanes: readonly (Lane | undefined)[]): number {
    const bucket = hash & mask;
    const to = wanted[(hash >>> 8) % wanted.length] ?? 0;
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

  /** What is still on its way of this flow does not matter any more. */
  forget(hash: number): void {
    this.#lane[hash & mask] = -1;
  }
}
