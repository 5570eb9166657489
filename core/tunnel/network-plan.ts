import type { IpAddress, IpPrefix } from '../base/address.ts';

/**
 * All that a connection changes on the machine, as one value: computed here, applied and undone by the platform,
 * written to a journal before it is applied. JSON-friendly through `core/platform/linux/journal`.
 */
export interface NetworkPlan {
  /** Name of the TUN device, at most 15 characters. */
  readonly device: string;
  readonly mtu: number;
  readonly addresses: readonly IpPrefix[];
  /** Destinations that go into the tunnel. A default route of a family is `0.0.0.0/0` or `::/0`. */
  readonly routes: readonly IpPrefix[];
  /** Packets with this firewall mark (our own UDP socket) never go into the tunnel. */
  readonly bypassMark: number;
  /** Routing table and rule priority that the platform may use for the tunnel's routes. */
  readonly table: number;
  readonly rulePriority: number;
  /** Families whose traffic must not leave beside a full tunnel although the gateway gave no address for them. */
  readonly blockFamilies: readonly (4 | 6)[];
  readonly dns?: DnsPlan;
}

export interface DnsPlan {
  readonly servers: readonly IpAddress[];
  /** Appended to short names. */
  readonly searchDomains: readonly string[];
  /** Only names in these domains go to `servers`; empty means all names do. */
  readonly routeDomains: readonly string[];
}

/** True when two plans ask for the same of the machine. Both are plain data, made by the same function. */
export function samePlan(a: NetworkPlan, b: NetworkPlan): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
