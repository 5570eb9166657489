import { formatIpPrefix } from '../../../base/address.ts';
import type { NetlinkMessage } from '../netlink/codec.ts';
import {
  decodeAddress,
  decodeLink,
  decodeRoute,
  decodeRule,
  type InterfaceAddress,
  type Link,
  messageTypes,
} from '../netlink/rtnetlink.ts';

/** Something about this machine's network is different from before. Plain JSON. */
export type NetworkChange =
  /** A link came, went, or changed its name, state or MTU. `running`: up, with a carrier. */
  | {
      readonly kind: 'link';
      readonly name: string;
      readonly index: number;
      readonly mtu: number;
      readonly running: boolean;
      readonly removed: boolean;
    }
  /** An address became usable, or went. */
  | {
      readonly kind: 'address';
      readonly index: number;
      readonly family: 4 | 6;
      readonly prefix: string;
      readonly removed: boolean;
    }
  | {
      readonly kind: 'route';
      readonly family: 4 | 6;
      readonly table: number;
      readonly destination: string;
      readonly interfaceIndex?: number;
      readonly removed: boolean;
    }
  | { readonly kind: 'rule'; readonly family: 4 | 6; readonly priority: number; readonly removed: boolean }
  /** The kernel had more to tell than fitted: look at everything again. */
  | { readonly kind: 'resync' };

/** The kernel's own table of addresses; what happens there is told as `address`. */
const localTable = 255;

export interface ChangeFilter {
  readonly ignoreDevices: readonly string[];
  readonly ignoreTables: readonly number[];
}

/**
 * Turns the kernel's notifications into changes. The kernel repeats itself (lifetimes of IPv6 addresses, statistics of
 * links), so links and addresses are remembered and told only when they differ.
 */
export class ChangeTracker {
  readonly #filter: ChangeFilter;
  readonly #links = new Map<number, Link>();
  readonly #addresses = new Set<string>();

  constructor(filter: ChangeFilter) {
    this.#filter = filter;
  }

  /** Takes the present state for granted: it is not a change. */
  reset(links: readonly Link[], addresses: readonly InterfaceAddress[]): void {
    this.#links.clear();
    this.#addresses.clear();
    for (const link of links) this.#links.set(link.index, link);
    for (const address of addresses) if (address.tentative !== true) this.#addresses.add(key(address));
  }

  /** The change that a notification tells, if it tells one. A message that cannot be read tells none. */
  note(message: NetlinkMessage): NetworkChange | undefined {
    switch (message.type) {
      case messageTypes.newLink:
        return this.#noteLink(message, false);
      case messageTypes.delLink:
        return this.#noteLink(message, true);
      case messageTypes.newAddress:
        return this.#noteAddress(message, false);
      case messageTypes.delAddress:
        return this.#noteAddress(message, true);
      case messageTypes.newRoute:
        return this.#noteRoute(message, false);
      case messageTypes.delRoute:
        return this.#noteRoute(message, true);
      case messageTypes.newRule:
        return noteRule(message, false);
      case messageTypes.delRule:
        return noteRule(message, true);
      default:
        return undefined;
    }
  }

  #noteLink(message: NetlinkMessage, removed: boolean): NetworkChange | undefined {
    const decoded = decodeLink(message);
    if (!decoded.ok || decoded.value === undefined) return undefined;
    const { index, name, mtu, running } = decoded.value;
    const before = this.#links.get(index);
    if (removed) this.#links.delete(index);
    else this.#links.set(index, decoded.value);
    const same = before?.name === name && before.mtu === mtu && before.running === running;
    if (removed ? before === undefined : same) return undefined;
    if (this.#ignores(index, name)) return undefined;
    return { kind: 'link', name, index, mtu, running: running && !removed, removed };
  }

  #noteAddress(message: NetlinkMessage, removed: boolean): NetworkChange | undefined {
    const decoded = decodeAddress(message);
    if (!decoded.ok || decoded.value === undefined) return undefined;
    const address = decoded.value;
    const known = this.#addresses.has(key(address));
    // While it is tentative nobody can use it; the kernel tells again when that is over.
    if (!removed && (known || address.tentative === true)) return undefined;
    if (removed && !known) return undefined;
    if (removed) this.#addresses.delete(key(address));
    else this.#addresses.add(key(address));
    if (this.#ignores(address.index)) return undefined;
    return {
      kind: 'address',
      index: address.index,
      family: address.prefix.address.family,
      prefix: formatIpPrefix(address.prefix),
      removed,
    };
  }

  #noteRoute(message: NetlinkMessage, removed: boolean): NetworkChange | undefined {
    const decoded = decodeRoute(message);
    if (!decoded.ok || decoded.value === undefined) return undefined;
    const { table, destination, oif, cloned } = decoded.value;
    if (cloned === true || table === localTable || this.#filter.ignoreTables.includes(table))
      return undefined;
    if (oif !== undefined && this.#ignores(oif)) return undefined;
    return {
      kind: 'route',
      family: destination.address.family,
      table,
      destination: formatIpPrefix(destination),
      ...(oif === undefined ? {} : { interfaceIndex: oif }),
      removed,
    };
  }

  #ignores(index: number, name = this.#links.get(index)?.name): boolean {
    return name !== undefined && this.#filter.ignoreDevices.includes(name);
  }
}

function noteRule(message: NetlinkMessage, removed: boolean): NetworkChange | undefined {
  const decoded = decodeRule(message);
  if (!decoded.ok || decoded.value === undefined) return undefined;
  return { kind: 'rule', family: decoded.value.family, priority: decoded.value.priority, removed };
}

function key(address: InterfaceAddress): string {
  return `${address.index} ${formatIpPrefix(address.prefix)}`;
}
