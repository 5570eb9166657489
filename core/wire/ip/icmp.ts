/**
 * ICMP and ICMPv6 echo.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     Type      |     Code      |          Checksum             |   8/0 and 128/129
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           Identifier          |        Sequence Number        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     Data ...
 * +-+-+-+-+-
 *
 * @rfc 792 @rfc 4443 4.1
 */
import type { IpAddress } from '../../base/address.ts';
import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import type { MalformedError } from '../../base/errors.ts';
import type { Result } from '../../base/result.ts';
import { ipProtocol } from '../registry/protocols.ts';
import { internetChecksum, transportChecksum } from './checksum.ts';
import { encodeIpv4, ipv4Packet } from './ipv4.ts';
import { encodeIpv6, ipv6Packet } from './ipv6.ts';

export interface IcmpEcho {
  readonly isReply: boolean;
  readonly identifier: number;
  readonly sequence: number;
  readonly data: Uint8Array;
}

const echoTypes = { 4: { request: 8, reply: 0 }, 6: { request: 128, reply: 129 } } as const;

/** The ICMP message of an IP packet of `family`; other messages than echo are malformed here. */
export function decodeEcho(octets: Uint8Array, family: 4 | 6): Result<IcmpEcho, MalformedError> {
  const reader = new ByteReader(octets, 'ICMP echo');
  const type = reader.u8();
  const { request, reply } = echoTypes[family];
  if (type !== request && type !== reply) reader.fail(`type ${type}`);
  reader.u24();
  const identifier = reader.u16();
  const sequence = reader.u16();
  return reader.finish({ isReply: type === reply, identifier, sequence, data: reader.rest() });
}

/** A whole IP packet with an echo in it, checksums included. Both addresses are of one family. */
export function encodeEchoPacket(source: IpAddress, destination: IpAddress, echo: IcmpEcho): Uint8Array {
  const types = echoTypes[source.family];
  const writer = new ByteWriter(8 + echo.data.length)
    .u8(echo.isReply ? types.reply : types.request)
    .u8(0)
    .u16(0)
    .u16(echo.identifier)
    .u16(echo.sequence)
    .bytes(echo.data);
  if (source.family === 4) {
    writer.patchU16(2, internetChecksum(writer.finish()));
    return encodeIpv4(ipv4Packet(source, destination, ipProtocol.ICMP, writer.finish()));
  }
  writer.patchU16(2, transportChecksum(source, destination, ipProtocol.IPV6_ICMP, writer.finish()));
  return encodeIpv6(ipv6Packet(source, destination, ipProtocol.IPV6_ICMP, writer.finish()));
}
