import { limits } from '../base/limits.ts';
import type { Instant } from '../base/time.ts';
import type { Spi } from '../wire/ike/payload.ts';
import type { SelectorPair } from '../wire/ike/selector-pair.ts';

/** Where a CHILD SA of an established IKE SA stands. Inbound packets are taken in every state. */
export type ChildState =
  /** We send on it. */
  | { readonly kind: 'live' }
  /** Made by the peer to replace `replaces`: we send on it when the peer has shown that it has it. */
  | { readonly kind: 'standby'; readonly replaces?: Spi }
  /** `by` takes over; the peer deletes this one. We may still send on it while `by` is on standby. */
  | { readonly kind: 'replaced'; readonly by: Spi }
  /** Our DELETE is on the wire, or waits its turn. `asleep`: nothing takes its place until a packet wants it. */
  | { readonly kind: 'deleting'; readonly asleep?: true }
  /** Deleted on both sides because nobody used it: a packet for its selectors has another one made. */
  | { readonly kind: 'asleep' }
  /** Deleted on both sides; kept for late packets. */
  | { readonly kind: 'lingering' };

export interface Child {
  readonly inboundSpi: Spi;
  readonly outboundSpi: Spi;
  readonly selectors: SelectorPair;
  /** Its algorithms in strongSwan's notation. */
  readonly notation: string;
  readonly madeAt: Instant;
  readonly lastChanceAt: Instant;
  /** Which of our wishes it fulfils; absent for one that the peer asked for. */
  wish: number | undefined;
  /** When it, or the one before it, last carried a packet as far as we know. */
  usedAt: Instant;
  state: ChildState;
  /** Refused rekeys in a row. */
  refusals: number;
  /** Whether its failed rekey was told already, and why it failed. */
  trouble?: string;
}

/** The CHILD SAs of one connection. They keep their place when the IKE SA is rekeyed. @rfc 7296 2.8 */
export class ChildTable {
  readonly #children = new Map<Spi, Child>();

  get full(): boolean {
    return this.#children.size >= limits.childSas;
  }

  /** Whether packets can still flow, now or after a waking. */
  get alive(): boolean {
    return this.open.length > 0 || this.sleeping.length > 0;
  }

  get open(): readonly Child[] {
    return this.all().filter(isOpen);
  }

  /** When a packet last went through what serves this wish. */
  lastUse(wish: number | undefined): Instant | undefined {
    const serving = this.open.filter((child) => wish !== undefined && child.wish === wish);
    return serving.map(({ usedAt }) => usedAt).toSorted((a, b) => b - a)[0];
  }

  get sleeping(): readonly Child[] {
    return this.all().filter(({ state }) => state.kind === 'asleep' || ('asleep' in state && state.asleep));
  }

  /** Whether packets of one of our wishes can still flow. */
  serves(wish: number | undefined): boolean {
    return this.all().some((child) => child.wish === wish && isOpen(child));
  }

  all(): readonly Child[] {
    return [...this.#children.values()];
  }

  add(child: Child): void {
    this.#children.set(child.inboundSpi, child);
  }

  get(inboundSpi: Spi): Child | undefined {
    return this.#children.get(inboundSpi);
  }

  /** The one that a peer means by the SPI that it receives on. */
  byOutbound(outboundSpi: Spi): Child | undefined {
    return this.all().find((child) => child.outboundSpi === outboundSpi && child.state.kind !== 'asleep');
  }

  remove(inboundSpi: Spi): void {
    this.#children.delete(inboundSpi);
  }
}

function isOpen({ state }: Child): boolean {
  return state.kind === 'live' || state.kind === 'standby';
}
