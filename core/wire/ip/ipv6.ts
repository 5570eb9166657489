/**
 * IPv6 packet.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |Version| Traffic Class |           Flow Label                  |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |         Payload Length        |  Next Header  |   Hop Limit   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                 Source Address, 16 octets                     ~
 * ~              Destination Address, 16 octets                   ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Next Header  |  Hdr Ext Len  |   an extension header: 8 octets
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+   and 8 more for each unit of Hdr Ext Len
 * |  Next Header  |   Reserved    |      Fragment Offset    |Res|M|   fragment header
 * |                         Identification                        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 8200 3 @rfc 8200 4
 */
import { type IpAddress, ipAddress } from '../../base/address.ts';
import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import type { MalformedError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Result } from '../../base/result.ts';
import { ipProtocol } from '../registry/protocols.ts';

export interface Ipv6Packet {
  readonly version: 6;
  readonly trafficClass: number;
  readonly flowLabel: number;
  readonly hopLimit: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** The chain in front of `protocol`, in order. */
  readonly extensionHeaders: readonly Ipv6ExtensionHeader[];
  /** Present when one of the extension headers is a fragment header. */
  readonly fragment?: Ipv6Fragment;
  /** What follows the extension headers: the number of the upper layer. */
  readonly protocol: number;
  /** A view, up to Payload Length. */
  readonly payload: Uint8Array;
}

export interface Ipv6ExtensionHeader {
  /** Its own number: 0 hop-by-hop, 43 routing, 44 fragment, 60 destination options … */
  readonly type: number;
  /** The whole header with its Next Header octet, a multiple of 8 (of 4 for AH). */
  readonly octets: Uint8Array;
}

export interface Ipv6Fragment {
  /** In octets, a multiple of 8. */
  readonly offset: number;
  readonly more: boolean;
  readonly identification: number;
}

const walked: ReadonlySet<number> = new Set([
  ipProtocol.HOPOPT,
  ipProtocol.IPV6_ROUTE,
  ipProtocol.IPV6_FRAG,
  ipProtocol.AH,
  ipProtocol.IPV6_OPTS,
  ipProtocol.MOBILITY,
  ipProtocol.HIP,
  ipProtocol.SHIM6,
]);

/** Behind the header of a later fragment nothing is walked: what looks like a header there is data. */
export function decodeIpv6(octets: Uint8Array): Result<Ipv6Packet, MalformedError> {
  const reader = new ByteReader(octets, 'IPv6 packet');
  const first = reader.u32();
  if (first >>> 28 !== 6) reader.fail(`version ${first >>> 28}`);
  const payloadLength = reader.u16();
  const nextHeader = reader.u8();
  const hopLimit = reader.u8();
  const source = reader.take(16);
  const destination = reader.take(16);
  const body = reader.sub(payloadLength, 'IPv6 packet');
  const structure = reader.finish(undefined);
  if (!structure.ok) return structure;
  const { headers, fragment, protocol } = walkExtensionHeaders(body, nextHeader);
  return body.finish({
    version: 6 as const,
    trafficClass: (first >>> 20) & 0xff,
    flowLabel: first & 0xfffff,
    hopLimit,
    source: ipAddress(source),
    destination: ipAddress(destination),
    extensionHeaders: headers,
    ...(fragment === undefined ? {} : { fragment }),
    protocol,
    payload: body.rest(),
  });
}

/** `extensionHeaders` are written as they are; `fragment` is not looked at. */
export function encodeIpv6(packet: Ipv6Packet): Uint8Array {
  const extensionOctets = packet.extensionHeaders.reduce((sum, { octets }) => sum + octets.length, 0);
  const payloadLength = extensionOctets + packet.payload.length;
  if (payloadLength > 0xffff) throw new RangeError('IPv6 payload longer than 65,535 octets');
  const writer = new ByteWriter(40 + payloadLength)
    .u32(((6 << 28) | (packet.trafficClass << 20) | packet.flowLabel) >>> 0)
    .u16(payloadLength)
    .u8(packet.extensionHeaders[0]?.type ?? packet.protocol)
    .u8(packet.hopLimit)
    .bytes(packet.source.octets)
    .bytes(packet.destination.octets);
  for (const { octets } of packet.extensionHeaders) writer.bytes(octets);
  return writer.bytes(packet.payload).finish();
}

/** A packet without extension headers, with the usual values. */
export function ipv6Packet(
  source: IpAddress,
  destination: IpAddress,
  protocol: number,
  payload: Uint8Array,
): Ipv6Packet {
  return {
    version: 6,
    trafficClass: 0,
    flowLabel: 0,
    hopLimit: 64,
    source,
    destination,
    extensionHeaders: [],
    protocol,
    payload,
  };
}

interface Walk {
  readonly headers: readonly Ipv6ExtensionHeader[];
  readonly fragment: Ipv6Fragment | undefined;
  readonly protocol: number;
}

function walkExtensionHeaders(reader: ByteReader, first: number): Walk {
  const headers: Ipv6ExtensionHeader[] = [];
  let fragment: Ipv6Fragment | undefined;
  let type = first;
  while (walked.has(type) && (fragment?.offset ?? 0) === 0 && !reader.failed) {
    if (headers.length === limits.ipv6ExtensionHeaders) reader.fail('too many extension headers');
    const head = reader.take(2);
    const unit = head[1] ?? 0;
    const rest = reader.take(extensionOctets(type, unit) - 2);
    const octets = new Uint8Array(2 + rest.length);
    octets.set(head);
    octets.set(rest, 2);
    if (type === ipProtocol.IPV6_FRAG && rest.length === 6) fragment = readFragment(octets);
    headers.push({ type, octets });
    type = head[0] ?? ipProtocol.IPV6_NO_NEXT;
  }
  return { headers, fragment, protocol: type };
}

function extensionOctets(type: number, unit: number): number {
  if (type === ipProtocol.IPV6_FRAG) return 8;
  if (type === ipProtocol.AH) return (unit + 2) * 4;
  return (unit + 1) * 8;
}

function readFragment(octets: Uint8Array): Ipv6Fragment {
  const view = new DataView(octets.buffer);
  const bits = view.getUint16(2);
  return { offset: bits & 0xfff8, more: (bits & 1) !== 0, identification: view.getUint32(4) };
}
