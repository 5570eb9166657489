import type { InnerPacket } from '../esp/inner-packet.ts';
import type { OutboundSa } from '../esp/outbound-sa.ts';
import { ChildSelectors } from '../esp/selectors.ts';
import type { SocketAddress } from '../platform/linux/socket-address.ts';
import type { Spi } from '../wire/ike/payload.ts';
import { type SelectorPair, selectorsKey } from '../wire/ike/selector-pair.ts';
import type { ChildUse } from './child-use.ts';
import { FlowSteering } from './lanes/flow-steering.ts';

/** A CHILD SA that this worker sends on. */
export interface OutboundChild {
  readonly child: Spi;
  readonly sa: OutboundSa;
  readonly selectors: ChildSelectors;
  readonly remote: SocketAddress;
  readonly use: ChildUse;
}

/** The CHILD SAs with the same selectors: of one pair of workers, or of several that share the flows. */
export interface OutboundBundle {
  readonly selectors: ChildSelectors;
  /** The newest one of this worker. */
  readonly own: OutboundChild | undefined;
  /** The pairs that have one. */
  readonly pairs: readonly number[];
  /** Absent: all goes to `own`. */
  readonly steering: FlowSteering | undefined;
}

interface Entry {
  readonly child: Spi;
  readonly key: string;
  readonly selectors: ChildSelectors;
  readonly pair: number;
  readonly own: OutboundChild | undefined;
}

/** The CHILD SAs that packets leave by, and which of them takes a packet. */
export class OutboundChildren {
  /** The pair of this worker. */
  readonly #pair: number;
  /** Those that send, the newest first. */
  #sending: Entry[] = [];
  /** Those that wait for `switchTo`. */
  #standby: Entry[] = [];
  /** For packets of either version, in the order in which they are asked. */
  #bundles4: OutboundBundle[] = [];
  #bundles6: OutboundBundle[] = [];
  #steerings = new Map<string, FlowSteering>();

  constructor(pair: number) {
    this.#pair = pair;
  }

  /** Adds one of this worker's, in front of those with the same selectors. */
  add(own: OutboundChild, selectors: SelectorPair, standby: boolean): void {
    const entry = {
      child: own.child,
      key: selectorsKey(selectors),
      selectors: own.selectors,
      pair: this.#pair,
      own,
    };
    if (standby) this.#standby.push(entry);
    else this.#sending.unshift(entry);
    this.#order();
  }

  /** Packets of these selectors may go to another pair, which has this CHILD SA. */
  addElsewhere(child: Spi, selectors: SelectorPair, pair: number): void {
    this.remove(child);
    const entry = { child, key: selectorsKey(selectors), selectors: new ChildSelectors(selectors), pair };
    this.#sending.push({ ...entry, own: undefined });
    this.#order();
  }

  /** Sends on this one from now on. */
  switchTo(child: Spi): void {
    const found = this.#find(child);
    if (found === undefined) return;
    this.#take(child);
    this.#sending.unshift(found);
    this.#order();
  }

  remove(child: Spi): void {
    this.#find(child)?.own?.sa.close();
    this.#take(child);
    this.#order();
  }

  get(child: Spi): OutboundChild | undefined {
    return this.#find(child)?.own;
  }

  /** Of this worker's or another's. */
  selectorsOf(child: Spi): ChildSelectors | undefined {
    return this.#find(child)?.selectors;
  }

  /** Whether nothing can leave. */
  get empty(): boolean {
    return this.#sending.length === 0;
  }

  clear(): void {
    for (const { sa } of this.all) sa.close();
    this.#sending = [];
    this.#standby = [];
    this.#order();
  }

  /** This worker's own. */
  get all(): readonly OutboundChild[] {
    return [...this.#sending, ...this.#standby].flatMap(({ own }) => own ?? []);
  }

  for(octets: Uint8Array, packet: InnerPacket): OutboundBundle | undefined {
    const bundles = packet.version === 4 ? this.#bundles4 : this.#bundles6;
    for (const bundle of bundles) if (bundle.selectors.takesOutbound(octets, packet)) return bundle;
    return undefined;
  }

  /** A packet leaves by the narrowest that takes it; among equals that is the newest. */
  #order(): void {
    const keys = new Set(this.#sending.map(({ key }) => key));
    const steerings = new Map<string, FlowSteering>();
    const bundles = [...keys].map((key): OutboundBundle => {
      const entries = this.#sending.filter((entry) => entry.key === key);
      const pairs = [...new Set(entries.map(({ pair }) => pair))].sort((a, b) => a - b);
      // Once the flows were shared it stays: what is still on its way elsewhere must not be overtaken.
      const isShared = pairs.some((pair) => pair !== this.#pair) || this.#steerings.has(key);
      const steering = isShared ? (this.#steerings.get(key) ?? new FlowSteering()) : undefined;
      if (steering !== undefined) steerings.set(key, steering);
      const own = entries.find((entry) => entry.own !== undefined)?.own;
      const { selectors } = entries[0] as Entry;
      return { selectors, own, pairs, steering };
    });
    const narrowest = (family: 4 | 6): OutboundBundle[] =>
      bundles.toSorted((a, b) => a.selectors.breadth[family] - b.selectors.breadth[family]);
    this.#steerings = steerings;
    this.#bundles4 = narrowest(4);
    this.#bundles6 = narrowest(6);
  }

  #find(child: Spi): Entry | undefined {
    const named = (entry: Entry) => entry.child === child;
    return this.#sending.find(named) ?? this.#standby.find(named);
  }

  #take(child: Spi): void {
    const others = (entry: Entry) => entry.child !== child;
    this.#sending = this.#sending.filter(others);
    this.#standby = this.#standby.filter(others);
  }
}
