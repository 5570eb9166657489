import type { IpAddress } from '../../base/address.ts';
import { type Failure, failure } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { RtnetlinkClient } from './netlink/rtnetlink-client.ts';

/** How this machine reaches an address outside the tunnel. */
export interface SourceAddress {
  /** Our address that packets to there carry; what NAT detection hashes. @rfc 7296 2.23 */
  readonly local: IpAddress;
  readonly interfaceIndex: number;
  readonly interfaceName: string;
  /** Of that interface. */
  readonly mtu: number;
}

/**
 * Asks the kernel which local address and interface a packet to `remote` with `mark` would have. Sends nothing.
 * Fails with `system.network` when there is no way.
 */
export function sourceTowards(remote: IpAddress, mark: number): Result<SourceAddress, Failure> {
  const client = RtnetlinkClient.open();
  if (!client.ok) return client;
  using netlink = client.value;
  const route = netlink.routeTo(remote, mark);
  if (!route.ok) return route;
  const { oif, preferredSource } = route.value;
  const links = netlink.links();
  if (!links.ok) return links;
  const link = links.value.find((each) => each.index === oif);
  if (link === undefined || preferredSource === undefined)
    return err(failure('system.network', { call: 'route lookup', errno: 'EADDRNOTAVAIL' }));
  return ok({
    local: preferredSource,
    interfaceIndex: link.index,
    interfaceName: link.name,
    mtu: link.mtu,
  });
}
