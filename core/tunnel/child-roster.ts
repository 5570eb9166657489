import type { Instant } from '../base/time.ts';
import type { CipherShape } from '../crypto/interfaces.ts';
import type { ChildSaParameters } from '../ike/io.ts';
import { narrow } from '../ike/narrow.ts';
import type { Spi, TrafficSelector } from '../wire/ike/payload.ts';

/** What is remembered of a CHILD SA: no keys. */
export interface RosterChild {
  readonly inbound: { readonly spi: Spi };
  readonly outbound: { readonly spi: Spi };
  readonly remoteSelectors: readonly TrafficSelector[];
  /** Its sizes say what fits into a packet. */
  readonly cipher: CipherShape;
  /** Which of the profile's wishes it fulfils; the first comes with the login. Absent: the gateway asked for it. */
  readonly wish: number | undefined;
  /** The pair of workers that has it. */
  readonly pair: number;
  asleepSince?: Instant;
}

/** How the data plane is to take a CHILD SA. */
export interface ChildTerms {
  /** Nothing is sent on it before it is switched to. */
  readonly standby: boolean;
  /** The pair of workers that is to have it. */
  readonly pair: number;
}

/** The CHILD SAs of a connection that the data plane has, and which of them send. */
export class ChildRoster {
  /** By inbound SPI. */
  readonly #standby = new Map<Spi, RosterChild>();
  /** In the order in which they began to send. */
  readonly #sending = new Map<Spi, RosterChild>();
  /** What a CHILD SA carried that went without a successor: it still goes into the tunnel, not beside it. */
  #orphaned: readonly TrafficSelector[] = [];

  /** The one for the first wish that began to send last, or that will. */
  get current(): RosterChild | undefined {
    const all = [...this.#standby.values(), ...this.#sending.values()];
    return all.findLast(({ wish }) => wish === 0) ?? all.at(-1);
  }

  /** All that goes into the tunnel. */
  get remoteSelectors(): readonly TrafficSelector[] {
    const sending = this.#sending.size > 0 ? this.#sending : this.#standby;
    return [...[...sending.values()].flatMap(({ remoteSelectors }) => remoteSelectors), ...this.#orphaned];
  }

  /** The one of each pair of workers that began to send last; for the first wish, where there are several. */
  get ofPairs(): readonly RosterChild[] {
    const pairs = new Map<number, RosterChild>();
    for (const child of this.#sending.values()) if (child.pair !== 0) pairs.set(child.pair, child);
    const { current } = this;
    return [...(current === undefined ? [] : [current]), ...pairs.values()].toSorted(
      (a, b) => a.pair - b.pair,
    );
  }

  /** Those that further pairs of workers send on. */
  get ofFurtherPairs(): readonly RosterChild[] {
    return [...this.#sending.values()].filter(({ pair }) => pair !== 0);
  }

  add(parameters: ChildSaParameters, { standby, pair }: ChildTerms, wish: number | undefined): void {
    const { inbound, outbound, selectors } = parameters;
    const child: RosterChild = {
      inbound: { spi: inbound.spi },
      outbound: { spi: outbound.spi },
      remoteSelectors: selectors.remote,
      cipher: outbound.cipher,
      wish,
      pair,
    };
    (standby ? this.#standby : this.#sending).set(inbound.spi, child);
    if (!standby) this.#adopt(child);
  }

  switchTo(inboundSpi: Spi): void {
    const child = this.#standby.get(inboundSpi) ?? this.#sending.get(inboundSpi);
    this.#standby.delete(inboundSpi);
    this.#sending.delete(inboundSpi);
    if (child === undefined) return;
    this.#sending.set(inboundSpi, child);
    this.#adopt(child);
  }

  /** What it carries still goes into the tunnel, and wakes it. */
  sleep(inboundSpi: Spi, now: Instant): void {
    const child = this.#sending.get(inboundSpi);
    if (child !== undefined) child.asleepSince = now;
  }

  remove(inboundSpi: Spi): void {
    const child = this.#sending.get(inboundSpi);
    this.#standby.delete(inboundSpi);
    this.#sending.delete(inboundSpi);
    if (child === undefined) return;
    const others = [...this.#sending.values()];
    const hasHeir = others.some((other) => overlap(other.remoteSelectors, child.remoteSelectors));
    if (!hasHeir) this.#orphaned = [...this.#orphaned, ...child.remoteSelectors];
  }

  /** A CHILD SA for what had none: it says anew how much of that goes into the tunnel. */
  #adopt({ remoteSelectors }: RosterChild): void {
    this.#orphaned = this.#orphaned.filter((selector) => !overlap([selector], remoteSelectors));
  }
}

function overlap(a: readonly TrafficSelector[], b: readonly TrafficSelector[]): boolean {
  return narrow(a, b).length > 0;
}
