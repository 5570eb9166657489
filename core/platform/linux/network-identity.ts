import { createHash } from 'node:crypto';
import { formatIpAddress } from '../../base/address.ts';
import type { Failure } from '../../base/errors.ts';
import { toHex } from '../../base/octets.ts';
import { ok, type Result } from '../../base/result.ts';
import type { PathCandidate } from '../../tunnel/paths/path.ts';
import { RtnetlinkClient } from './netlink/rtnetlink-client.ts';

/** Hexadecimal digits of a network's name. */
const nameDigits = 32;

/**
 * A name for the network that this way leads into, the same whenever this machine is in it: made of the first router's address and
 * link-layer address. It is a hash, so that the name of a place does not lie about in clear. `undefined` where links have no such
 * addresses, as on mobile networks, or while the kernel has not asked the router for its own. Sends nothing.
 */
export function networkOf(candidate: PathCandidate, mark: number): Result<string | undefined, Failure> {
  const client = RtnetlinkClient.open();
  if (!client.ok) return client;
  using netlink = client.value;
  const { remote, interfaceIndex } = candidate;
  const route = netlink.routeTo(remote, mark, interfaceIndex);
  if (!route.ok) return route;
  const router = route.value.gateway ?? remote;
  const hardware = netlink.neighbour(interfaceIndex, router);
  if (!hardware.ok) return hardware;
  if (hardware.value === undefined) return ok(undefined);
  const text = `${formatIpAddress(router)} ${toHex(hardware.value)}`;
  return ok(createHash('sha256').update(text).digest('hex').slice(0, nameDigits));
}
