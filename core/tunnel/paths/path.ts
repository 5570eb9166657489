import type { Endpoint, IpAddress } from '../../base/address.ts';
import { sameAddress } from '../../base/address.ts';
import type { Instant } from '../../base/time.ts';
import type { PathId } from '../../ike/io.ts';

/** A way to the gateway that this machine has: an interface with an address of ours, and one address of the gateway. */
export interface PathCandidate {
  readonly interfaceName: string;
  readonly interfaceIndex: number;
  readonly local: IpAddress;
  readonly remote: IpAddress;
  /** Of the interface, in octets: no packet on this path is larger. */
  readonly linkMtu: number;
}

/** A candidate with a socket of its own. */
export interface Path {
  readonly id: PathId;
  readonly candidate: PathCandidate;
  /** Our address and port; absent while the socket is being opened. */
  local?: Endpoint;
  /** When the gateway last answered by it. */
  provenAt?: Instant;
  /** Its interface, address or route is gone. */
  gone: boolean;
}

/**
 * - proven: the gateway has answered on the path in use since the network changed
 * - checking: that is being asked
 * - offline: no interface has a way to the gateway
 */
export type PathState = 'proven' | 'checking' | 'offline';

export function sameCandidate(a: PathCandidate, b: PathCandidate): boolean {
  return (
    a.interfaceIndex === b.interfaceIndex && sameAddress(a.local, b.local) && sameAddress(a.remote, b.remote)
  );
}
