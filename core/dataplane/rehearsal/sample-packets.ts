import type { IpAddress } from '../../base/address.ts';
import { protocolTcp, protocolUdp } from '../../esp/inner-packet.ts';
import { encodeEchoPacket } from '../../wire/ip/icmp.ts';
import { encodeIpv4, ipv4Packet } from '../../wire/ip/ipv4.ts';
import { encodeIpv6, ipv6Packet } from '../../wire/ip/ipv6.ts';
import { encodeTcp, tcpFlag } from '../../wire/ip/tcp.ts';
import { encodeUdp } from '../../wire/ip/udp.ts';

/** Addresses for documentation. @rfc 5737 @rfc 3849 */
const here: IpAddress = { family: 4, octets: Uint8Array.of(192, 0, 2, 1) };
const there: IpAddress = { family: 4, octets: Uint8Array.of(192, 0, 2, 2) };
const here6 = address6(1);
const there6 = address6(2);

function address6(last: number): IpAddress {
  return { family: 6, octets: Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last) };
}

const segment = {
  ...{ sourcePort: 443, destinationPort: 50_000, sequence: 1, acknowledgment: 1, flags: tcpFlag.ACK },
  ...{ window: 1_024, urgentPointer: 0, options: new Uint8Array(0), payload: new Uint8Array(0) },
};
const datagram = { sourcePort: 53, destinationPort: 50_001, payload: new Uint8Array(100) };
const echo = { isReply: false, identifier: 1, sequence: 1, data: new Uint8Array(56) };

/** What a thin stream of packets is made of, in IPv4 and IPv6. */
export function samplePackets(): readonly Uint8Array[] {
  return [
    encodeEchoPacket(here, there, echo),
    encodeIpv4(ipv4Packet(here, there, protocolTcp, encodeTcp(segment, here, there))),
    encodeIpv4(ipv4Packet(here, there, protocolUdp, encodeUdp(datagram, here, there))),
    encodeIpv6(ipv6Packet(here6, there6, protocolTcp, encodeTcp(segment, here6, there6))),
  ];
}
