/**
 * IPv4 packet.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |Version|  IHL  |Type of Service|          Total Length         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |         Identification        |Flags|      Fragment Offset    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Time to Live |    Protocol   |         Header Checksum       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                       Source Address                          |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                    Destination Address                        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                    Options, then the payload                  ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 791 3.1
 */
import { type IpAddress, ipAddress } from '../../base/address.ts';
import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import { type MalformedError, malformed } from '../../base/errors.ts';
import { err, type Result } from '../../base/result.ts';
import { internetChecksum } from './checksum.ts';

export interface Ipv4Packet {
  readonly version: 4;
  /** DSCP and ECN. */
  readonly trafficClass: number;
  readonly identification: number;
  readonly dontFragment: boolean;
  readonly moreFragments: boolean;
  /** In octets, a multiple of 8. */
  readonly fragmentOffset: number;
  readonly ttl: number;
  readonly protocol: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** 0 to 40 octets, a multiple of 4. */
  readonly options: Uint8Array;
  /** A view, up to Total Length: octets behind it do not belong to the packet. */
  readonly payload: Uint8Array;
}

/** The header checksum must be right. */
export function decodeIpv4(octets: Uint8Array): Result<Ipv4Packet, MalformedError> {
  const reader = new ByteReader(octets, 'IPv4 packet');
  const first = reader.u8();
  const headerOctets = (first & 0x0f) * 4;
  if (first >> 4 !== 4) reader.fail(`version ${first >> 4}`);
  if (headerOctets < 20) reader.fail(`header length ${headerOctets} below 20`);
  const trafficClass = reader.u8();
  const totalLength = reader.u16();
  if (totalLength < headerOctets) reader.fail(`total length ${totalLength} below the header's`);
  const identification = reader.u16();
  const flags = reader.u16();
  const ttl = reader.u8();
  const protocol = reader.u8();
  reader.u16();
  const source = reader.take(4);
  const destination = reader.take(4);
  const options = reader.take(headerOctets - 20);
  const payload = reader.take(totalLength - headerOctets);
  const structure = reader.finish(undefined);
  if (!structure.ok) return structure;
  if (internetChecksum(octets.subarray(0, headerOctets)) !== 0) {
    return err(malformed('IPv4 packet', { offset: 10, reason: 'header checksum' }));
  }
  return reader.finish({
    version: 4 as const,
    trafficClass,
    identification,
    dontFragment: (flags & 0x4000) !== 0,
    moreFragments: (flags & 0x2000) !== 0,
    fragmentOffset: (flags & 0x1fff) * 8,
    ttl,
    protocol,
    source: ipAddress(source),
    destination: ipAddress(destination),
    options,
    payload,
  });
}

/** Lengths and checksum are computed. @throws RangeError when it would be longer than 65,535 octets. */
export function encodeIpv4(packet: Ipv4Packet): Uint8Array {
  const headerOctets = 20 + packet.options.length;
  const totalLength = headerOctets + packet.payload.length;
  if (packet.options.length > 40 || packet.options.length % 4 !== 0) throw new RangeError('IPv4 options');
  if (totalLength > 0xffff) throw new RangeError('IPv4 packet longer than 65,535 octets');
  const flags = (packet.dontFragment ? 0x4000 : 0) | (packet.moreFragments ? 0x2000 : 0);
  const header = new ByteWriter(headerOctets)
    .u8(0x40 | (headerOctets / 4))
    .u8(packet.trafficClass)
    .u16(totalLength)
    .u16(packet.identification)
    .u16(flags | (packet.fragmentOffset >> 3))
    .u8(packet.ttl)
    .u8(packet.protocol)
    .u16(0)
    .bytes(packet.source.octets)
    .bytes(packet.destination.octets)
    .bytes(packet.options);
  header.patchU16(10, internetChecksum(header.finish()));
  return header.bytes(packet.payload).finish();
}

/** A whole packet, not a fragment, with the usual values. */
export function ipv4Packet(
  source: IpAddress,
  destination: IpAddress,
  protocol: number,
  payload: Uint8Array,
): Ipv4Packet {
  return {
    version: 4,
    trafficClass: 0,
    identification: 0,
    dontFragment: true,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: 64,
    protocol,
    source,
    destination,
    options: new Uint8Array(0),
    payload,
  };
}
