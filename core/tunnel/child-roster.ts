import type { ChildSaParameters } from '../ike/io.ts';
import type { Spi, TrafficSelector } from '../wire/ike/payload.ts';

/** What is remembered of a CHILD SA: no keys. */
export interface RosterChild {
  readonly inbound: { readonly spi: Spi };
  readonly outbound: { readonly spi: Spi };
  readonly remoteSelectors: readonly TrafficSelector[];
}

/** The CHILD SAs of a connection that the data plane has, and which of them sends. */
export class ChildRoster {
  /** By inbound SPI. */
  readonly #standby = new Map<Spi, RosterChild>();
  /** In the order in which they began to send. */
  readonly #sending = new Map<Spi, RosterChild>();

  /** The one that began to send last, or that will. */
  get current(): RosterChild | undefined {
    return [...this.#sending.values()].at(-1) ?? [...this.#standby.values()].at(-1);
  }

  add(parameters: ChildSaParameters, standby: boolean): void {
    const { inbound, outbound, selectors } = parameters;
    const child: RosterChild = {
      inbound: { spi: inbound.spi },
      outbound: { spi: outbound.spi },
      remoteSelectors: selectors.remote,
    };
    (standby ? this.#standby : this.#sending).set(inbound.spi, child);
  }

  switchTo(inboundSpi: Spi): void {
    const child = this.#standby.get(inboundSpi) ?? this.#sending.get(inboundSpi);
    this.remove(inboundSpi);
    if (child !== undefined) this.#sending.set(inboundSpi, child);
  }

  remove(inboundSpi: Spi): void {
    this.#standby.delete(inboundSpi);
    this.#sending.delete(inboundSpi);
  }
}
