import { lookup } from 'node:dns/promises';
import { type IpAddress, parseIpAddress } from '../base/address.ts';
import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { sourceTowards } from '../platform/linux/source-address.ts';
import { openUdpSocket, type UdpSocket } from '../platform/linux/udp-socket.ts';
import { tunnelMark } from '../tunnel/compute-network-plan.ts';
import type { PathCandidate } from '../tunnel/paths/path.ts';

/*
 * How this machine finds the gateway, outside the tunnel: its name, the way there, and a socket for it.
 */

/** By the interface that the machine itself would take. */
export function preferredWay(remote: IpAddress): Result<PathCandidate, Failure> {
  const source = sourceTowards(remote, tunnelMark);
  if (!source.ok) return source;
  const { interfaceIndex, interfaceName, local, mtu } = source.value;
  return ok({ interfaceIndex, interfaceName, local, remote, linkMtu: mtu });
}

/** A socket that sends and hears by this interface alone, so that it is this path that a datagram proves. */
export function openPathSocket({ local, interfaceName }: PathCandidate): Result<UdpSocket, Failure> {
  const device = interfaceName === 'lo' ? {} : { device: interfaceName };
  return openUdpSocket({ family: local.family, address: local, mark: tunnelMark, ...device });
}

/** The addresses of a name, or of an address as text; so many at most. Fails with `gateway.unresolved`. */
export async function lookUp(host: string): Promise<Result<readonly IpAddress[], Failure>> {
  try {
    // The system's order of families (RFC 6724) is kept.
    const found = await lookup(host, { all: true, order: 'verbatim' });
    const addresses = found.flatMap(({ address }) => {
      const parsed = parseIpAddress(address);
      return parsed.ok ? [parsed.value] : [];
    });
    return ok(addresses.slice(0, limits.addressesOfGateway));
  } catch {
    return err(failure('gateway.unresolved', { gateway: host }));
  }
}

/** A resolver that is out of reach keeps quiet for long; the addresses that are known may do meanwhile. */
export async function withinTime(
  found: Promise<Result<readonly IpAddress[], Failure>>,
  host: string,
): Promise<Result<readonly IpAddress[], Failure>> {
  const late = Promise.withResolvers<Result<readonly IpAddress[], Failure>>();
  const timer = setTimeout(
    () => late.resolve(err(failure('gateway.unresolved', { gateway: host }))),
    limits.resolveAgainMs,
  );
  return await Promise.race([found, late.promise]).finally(() => clearTimeout(timer));
}
