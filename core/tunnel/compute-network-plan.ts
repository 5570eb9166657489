import { formatIpPrefix, type IpAddress, type IpPrefix, networkOf, prefixContains } from '../base/address.ts';
import { type Failure, failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { AssignedConfig } from '../ike/io.ts';
import type { TrafficSelector } from '../wire/ike/payload.ts';
import { prefixesOfRange } from './address-range.ts';
import type { DnsPlan, NetworkPlan } from './network-plan.ts';

/** What the profile wants done on this machine. */
export interface NetworkWishes {
  readonly device: string;
  readonly mtu: number;
  /** `mtu` is only where to begin: the size that the path allows is measured and set. */
  readonly measureMtu?: boolean;
  readonly dns: DnsWishes;
  /** Route only the subnets that the gateway names (INTERNAL_IP4/6_SUBNET), though its selectors allow more. */
  readonly onlyGatewaySubnets: boolean;
}

export interface DnsWishes {
  /** False: the resolver of the machine is left alone. */
  readonly use: boolean;
  /** In place of what the gateway names. */
  readonly servers: readonly IpAddress[] | undefined;
  /** Only names in these domains go through the tunnel, in place of what the gateway names; empty takes the gateway's. */
  readonly domains: readonly string[];
}

/** The firewall mark of our own packets, which never go into the tunnel; also the tunnel's routing table ("gd"). */
export const tunnelMark = 0x6764;
const rulePriority = 26_468;

/**
 * The plan for one connection: addresses from the configuration payload, routes from the narrowed selectors.
 * A family without an inner address gets no route. Fails with `peer.no-address` when there is no address at all.
 */
export function computeNetworkPlan(
  config: AssignedConfig,
  remoteSelectors: readonly TrafficSelector[],
  wishes: NetworkWishes,
): Result<NetworkPlan, Failure> {
  const families = new Set(config.addresses.map((prefix) => prefix.address.family));
  if (families.size === 0) return err(failure('peer.no-address'));
  const routes = destinations(config, remoteSelectors, wishes).filter((prefix) =>
    families.has(prefix.address.family),
  );
  const full = routes.some((prefix) => prefix.length === 0);
  const dns = dnsPlan(config, full, wishes.dns);
  const plan: NetworkPlan = {
    device: wishes.device,
    mtu: wishes.mtu,
    addresses: config.addresses,
    routes,
    bypassMark: tunnelMark,
    table: tunnelMark,
    rulePriority,
    // A full tunnel that carries one family must not let the other leak beside it.
    blockFamilies: full ? ([4, 6] as const).filter((family) => !families.has(family)) : [],
    ...(dns === undefined ? {} : { dns }),
  };
  return ok(plan);
}

function destinations(
  config: AssignedConfig,
  selectors: readonly TrafficSelector[],
  wishes: NetworkWishes,
): readonly IpPrefix[] {
  const allowed = withoutDuplicates(
    selectors.flatMap((selector) => prefixesOfRange(selector.start, selector.end)),
  );
  if (!wishes.onlyGatewaySubnets || config.subnets.length === 0) return allowed;
  // The gateway's name servers may lie outside the subnets that it names; they are still asked through the tunnel.
  const servers = dnsServers(config, wishes.dns).map(hostPrefix);
  const subnets = [...config.subnets.map(networkOf), ...servers];
  return withoutDuplicates(subnets.filter((subnet) => allowed.some((prefix) => covers(prefix, subnet))));
}

function covers(outer: IpPrefix, inner: IpPrefix): boolean {
  return outer.length <= inner.length && prefixContains(outer, inner.address);
}

function hostPrefix(address: IpAddress): IpPrefix {
  return { address, length: address.octets.length * 8 };
}

function dnsServers(config: AssignedConfig, wishes: DnsWishes): readonly IpAddress[] {
  return wishes.use ? (wishes.servers ?? config.dnsServers) : [];
}

/** The user's domains win; else a full tunnel takes every name, a split one only the gateway's domains if it names any. */
function dnsPlan(config: AssignedConfig, full: boolean, wishes: DnsWishes): DnsPlan | undefined {
  const servers = dnsServers(config, wishes);
  if (servers.length === 0) return undefined;
  const searchDomains = wishes.domains.length > 0 ? wishes.domains : config.dnsDomains;
  const takesAllNames = full && wishes.domains.length === 0;
  return { servers, searchDomains, routeDomains: takesAllNames ? [] : searchDomains };
}

function withoutDuplicates(prefixes: readonly IpPrefix[]): readonly IpPrefix[] {
  return [...new Map(prefixes.map((prefix) => [formatIpPrefix(prefix), prefix])).values()];
}
