/**
 * UDP datagram.
 *
 *  0      7 8     15 16    23 24    31
 * +--------+--------+--------+--------+
 * |   Source Port   | Destination Port|
 * +--------+--------+--------+--------+
 * |     Length      |    Checksum     |   0: none was computed (IPv4 only)
 * +--------+--------+--------+--------+
 * |  data ...
 * +--------
 *
 * @rfc 768
 */
import type { IpAddress } from '../../base/address.ts';
import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import type { MalformedError } from '../../base/errors.ts';
import type { Result } from '../../base/result.ts';
import { ipProtocol } from '../registry/protocols.ts';
import { transportChecksum } from './checksum.ts';

export interface UdpDatagram {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** A view, up to Length. */
  readonly payload: Uint8Array;
}

/** Structure only; see `transportChecksum` for the checksum. */
export function decodeUdp(octets: Uint8Array): Result<UdpDatagram, MalformedError> {
  const reader = new ByteReader(octets, 'UDP datagram');
  const sourcePort = reader.u16();
  const destinationPort = reader.u16();
  const length = reader.u16();
  if (length < 8) reader.fail(`length ${length} below 8`);
  reader.u16();
  return reader.finish({ sourcePort, destinationPort, payload: reader.take(Math.max(length - 8, 0)) });
}

/** With its checksum, which is never 0. */
export function encodeUdp(datagram: UdpDatagram, source: IpAddress, destination: IpAddress): Uint8Array {
  const length = 8 + datagram.payload.length;
  if (length > 0xffff) throw new RangeError('UDP datagram longer than 65,535 octets');
  const writer = new ByteWriter(length)
    .u16(datagram.sourcePort)
    .u16(datagram.destinationPort)
    .u16(length)
    .u16(0)
    .bytes(datagram.payload);
  const checksum = transportChecksum(source, destination, ipProtocol.UDP, writer.finish());
  writer.patchU16(6, checksum === 0 ? 0xffff : checksum);
  return writer.finish();
}
