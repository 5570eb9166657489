import { readU16 } from '../base/words.ts';
/** IP protocol numbers that the packet path knows. */
export const protocolTcp = 6;
export const protocolUdp = 17;
export const protocolIcmp = 1;
export const protocolIcmpV6 = 58;

/** A chain of IPv6 extension headers longer than this is nobody's honest packet. */
const extensionHeadersMax = 8;

/**
 * What the packet path needs to know of an inner IP packet, as offsets into the memory where it lies. One object is
 * filled again and again by `readInnerPacket`, so that nothing is allocated per packet.
 */
export class InnerPacket {
  version: 4 | 6 = 4;
  at = 0;
  /** By its own header, headers included. */
  length = 0;
  /** Octets of the IP header without IPv6 extension headers. */
  headerLength = 0;
  sourceAt = 0;
  destinationAt = 0;
  /** The protocol behind any IPv6 extension headers. */
  protocol = 0;
  /** Where that protocol's header begins. */
  transportAt = 0;
  /** A fragment of a larger packet, the first one included. */
  fragment = false;
  /**
   * -1 where there are none (other protocols, later fragments, cut headers). For ICMP both hold type and code,
   * as traffic selectors do. @rfc 7296 3.13.1
   */
  sourcePort = -1;
  destinationPort = -1;
}

/**
 * Reads the IP header at `at`, where `available` octets lie. Octets behind the packet's own length are tolerated
 * (traffic flow confidentiality padding, @rfc 4303 2.7). False when the header contradicts itself or `available`.
 */
export function readInnerPacket(
  octets: Uint8Array,
  at: number,
  available: number,
  packet: InnerPacket,
): boolean {
  if (available < 20 || at < 0 || at + available > octets.length) return false;
  packet.at = at;
  packet.sourcePort = -1;
  packet.destinationPort = -1;
  const version = byte(octets, at) >> 4;
  if (version === 4) return readV4(octets, at, available, packet);
  if (version === 6) return readV6(octets, at, available, packet);
  return false;
}

function readV4(octets: Uint8Array, at: number, available: number, packet: InnerPacket): boolean {
  const headerLength = (byte(octets, at) & 0x0f) * 4;
  const length = readU16(octets, at + 2);
  if (headerLength < 20 || length < headerLength || length > available) return false;
  const fragmentBits = readU16(octets, at + 6);
  packet.version = 4;
  packet.length = length;
  packet.headerLength = headerLength;
  packet.sourceAt = at + 12;
  packet.destinationAt = at + 16;
  packet.protocol = byte(octets, at + 9);
  packet.transportAt = at + headerLength;
  packet.fragment = (fragmentBits & 0x3fff) !== 0;
  if ((fragmentBits & 0x1fff) === 0) readPorts(octets, packet);
  return true;
}

function readV6(octets: Uint8Array, at: number, available: number, packet: InnerPacket): boolean {
  const length = 40 + readU16(octets, at + 4);
  if (available < 40 || length > available) return false;
  packet.version = 6;
  packet.length = length;
  packet.headerLength = 40;
  packet.sourceAt = at + 8;
  packet.destinationAt = at + 24;
  packet.fragment = false;
  const end = at + length;
  let header = byte(octets, at + 6);
  let next = at + 40;
  let firstFragment = true;
  for (let i = 0; isExtension(header); i++) {
    if (i === extensionHeadersMax || next + 8 > end) return false;
    if (header === 44) {
      packet.fragment = true;
      firstFragment = (readU16(octets, next + 2) & 0xfff8) === 0;
    }
    const extensionLength = header === 44 ? 8 : (byte(octets, next + 1) + 1) * 8;
    header = byte(octets, next);
    next += extensionLength;
    if (next > end) return false;
    // What follows a later fragment's header is not a header.
    if (!firstFragment) break;
  }
  packet.protocol = header;
  packet.transportAt = next;
  if (firstFragment) readPorts(octets, packet);
  return true;
}

/** Hop-by-hop, routing, fragment, destination options. */
function isExtension(header: number): boolean {
  return header === 0 || header === 43 || header === 44 || header === 60;
}

function readPorts(octets: Uint8Array, packet: InnerPacket): void {
  const at = packet.transportAt;
  if (at + 4 > packet.at + packet.length) return;
  switch (packet.protocol) {
    case protocolTcp:
    case protocolUdp:
    case 33: // DCCP
    case 132: // SCTP
    case 136: // UDP-Lite
      packet.sourcePort = readU16(octets, at);
      packet.destinationPort = readU16(octets, at + 2);
      return;
    case protocolIcmp:
    case protocolIcmpV6:
      packet.sourcePort = readU16(octets, at);
      packet.destinationPort = packet.sourcePort;
      return;
    default:
  }
}

function byte(octets: Uint8Array, at: number): number {
  return octets[at] ?? 0;
}
