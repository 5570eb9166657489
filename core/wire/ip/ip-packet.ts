import { formatEndpoint, formatIpAddress, type IpAddress } from '../../base/address.ts';
import { type MalformedError, malformed } from '../../base/errors.ts';
import { err, type Result } from '../../base/result.ts';
import { ipProtocol } from '../registry/protocols.ts';
import { nameOf } from '../registry/registry.ts';
import { decodeIpv4, type Ipv4Packet } from './ipv4.ts';
import { decodeIpv6, type Ipv6Packet } from './ipv6.ts';

export type IpPacket = Ipv4Packet | Ipv6Packet;

/** An IPv4 or IPv6 packet, by the version in its first four bits. */
export function decodeIpPacket(octets: Uint8Array): Result<IpPacket, MalformedError> {
  if (octets.length === 0) return err(malformed('IP packet', { offset: 0, need: 1, got: 0 }));
  return (octets[0] ?? 0) >> 4 === 6 ? decodeIpv6(octets) : decodeIpv4(octets);
}

/** What a traffic selector looks at. */
export interface PacketSelector {
  readonly protocol: number;
  /** Absent where the packet does not tell: other protocols, later fragments, cut headers. */
  readonly sourcePort?: number;
  readonly destinationPort?: number;
}

/** For ICMP and ICMPv6 both "ports" are type × 256 + code. @rfc 7296 3.13.1 */
export function packetSelector(packet: IpPacket): PacketSelector {
  const { protocol, payload } = packet;
  const offset = packet.version === 4 ? packet.fragmentOffset : (packet.fragment?.offset ?? 0);
  if (offset > 0) return { protocol };
  if (protocol === ipProtocol.ICMP || protocol === ipProtocol.IPV6_ICMP) {
    if (payload.length < 2) return { protocol };
    const typeAndCode = (payload[0] ?? 0) * 256 + (payload[1] ?? 0);
    return { protocol, sourcePort: typeAndCode, destinationPort: typeAndCode };
  }
  if (protocol !== ipProtocol.TCP && protocol !== ipProtocol.UDP) return { protocol };
  if (payload.length < 4) return { protocol };
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  return { protocol, sourcePort: view.getUint16(0), destinationPort: view.getUint16(2) };
}

/** `10.0.0.1:443 > 10.0.0.2:5000 TCP 1200`: addresses, ports, protocol and octets behind the IP header, for dumps. */
export function notateIpPacket(packet: IpPacket): string {
  const { protocol, payload } = packet;
  const hasPorts = protocol === ipProtocol.TCP || protocol === ipProtocol.UDP;
  const selector = packetSelector(packet);
  const end = (address: IpAddress, port: number | undefined) =>
    port === undefined || !hasPorts ? formatIpAddress(address) : formatEndpoint({ address, port });
  const source = end(packet.source, selector.sourcePort);
  const destination = end(packet.destination, selector.destinationPort);
  return `${source} > ${destination} ${nameOf(ipProtocol, protocol)} ${payload.length}`;
}
