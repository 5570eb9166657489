import { type IpAddress, prefixContains } from '../../base/address.ts';
import type { Failure } from '../../base/errors.ts';
import { ok, type Result } from '../../base/result.ts';
import type { PathCandidate } from '../../tunnel/paths/path.ts';
import { type Link, mainTable, type Route, routeTypes } from './netlink/rtnetlink.ts';
import { RtnetlinkClient } from './netlink/rtnetlink-client.ts';

/**
 * The ways from this machine to these addresses, outside the tunnel: those that the kernel itself would take for a packet with
 * `mark` first, in the order of `remotes`, then by every other interface whose routes lead there, by metric. Sends nothing.
 */
export function findPaths(
  remotes: readonly IpAddress[],
  mark: number,
  ignoreDevices: readonly string[],
): Result<readonly PathCandidate[], Failure> {
  const client = RtnetlinkClient.open();
  if (!client.ok) return client;
  using netlink = client.value;
  const found = netlink.links();
  if (!found.ok) return found;
  const links = found.value.filter(({ name, running }) => running && !ignoreDevices.includes(name));
  const best = remotes.map((remote) => wayTo(netlink, links, remote, mark));
  const others = remotes.flatMap((remote, i) => {
    const taken = best[i]?.interfaceIndex;
    return interfacesTowards(netlink, remote)
      .filter((index) => index !== taken)
      .map((index) => wayTo(netlink, links, remote, mark, index));
  });
  return ok([...best, ...others].filter((way) => way !== undefined));
}

function wayTo(
  netlink: RtnetlinkClient,
  links: readonly Link[],
  remote: IpAddress,
  mark: number,
  oif?: number,
): PathCandidate | undefined {
  const route = netlink.routeTo(remote, mark, oif);
  if (!route.ok || route.value.type !== routeTypes.unicast) return undefined;
  const { preferredSource } = route.value;
  const link = links.find(({ index }) => index === route.value.oif);
  if (link === undefined || preferredSource === undefined) return undefined;
  return {
    interfaceName: link.name,
    interfaceIndex: link.index,
    local: preferredSource,
    remote,
    linkMtu: link.mtu,
  };
}

/** Of the main table, where network managers put what each uplink offers. */
function interfacesTowards(netlink: RtnetlinkClient, remote: IpAddress): readonly number[] {
  const routes = netlink.routes(remote.family, mainTable);
  if (!routes.ok) return [];
  const leads = ({ destination, type, oif }: Route) =>
    type === routeTypes.unicast && oif !== undefined && prefixContains(destination, remote);
  const metric = (route: Route) => route.metric ?? 0;
  const sorted = routes.value.filter(leads).toSorted((a, b) => metric(a) - metric(b));
  return [...new Set(sorted.flatMap(({ oif }) => oif ?? []))];
}
