import type { Instant } from '../../base/time.ts';
import type { Spi } from '../../wire/ike/payload.ts';

/** When each CHILD SA last carried a packet, told by counters that somebody looks at now and then. */
export class ActivityWatch {
  #counted: ReadonlyMap<Spi, number> = new Map();
  readonly #lastUses = new Map<Spi, Instant>();

  /** By inbound SPI; as exact as the looks are frequent. One that has carried nothing yet is not in it. */
  get lastUses(): ReadonlyMap<Spi, Instant> {
    return this.#lastUses;
  }

  /** `carried`: packets of each CHILD SA so far, both directions together. */
  look(carried: ReadonlyMap<Spi, number>, now: Instant): void {
    for (const [spi, packets] of carried)
      if (packets !== (this.#counted.get(spi) ?? 0)) this.#lastUses.set(spi, now);
    for (const spi of this.#lastUses.keys()) if (!carried.has(spi)) this.#lastUses.delete(spi);
    this.#counted = carried;
  }
}
