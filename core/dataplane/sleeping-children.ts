import type { InnerPacket } from '../esp/inner-packet.ts';
import type { ChildSelectors } from '../esp/selectors.ts';
import type { Spi } from '../wire/ike/payload.ts';

interface SleepingChild {
  readonly selectors: ChildSelectors;
  /** Told that a packet came for it. */
  wanted: boolean;
}

/** What packets children without keys would take, and the first one that came for any of them. */
export class SleepingChildren {
  readonly #children = new Map<Spi, SleepingChild>();
  #kept: Uint8Array | undefined;

  /** As it was read from the TUN device. */
  get kept(): Uint8Array | undefined {
    return this.#kept;
  }

  add(spi: Spi, selectors: ChildSelectors): void {
    this.#children.set(spi, { selectors, wanted: false });
  }

  /** Its packet is kept: another child may take it. */
  forget(spi: Spi): void {
    this.#children.delete(spi);
  }

  clear(): void {
    this.#children.clear();
    this.#kept = undefined;
  }

  /** Replaces the kept packet; one is enough, as who sends it sends again. */
  keep(packet: Uint8Array | undefined): void {
    this.#kept = packet;
  }

  /** The child that would take this packet, told once for each child. */
  wantedBy(octets: Uint8Array, packet: InnerPacket): Spi | undefined {
    for (const [spi, child] of this.#children) {
      if (child.wanted || !child.selectors.takesOutbound(octets, packet)) continue;
      child.wanted = true;
      return spi;
    }
    return undefined;
  }
}
