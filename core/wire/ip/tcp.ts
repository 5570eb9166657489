/**
 * TCP segment.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |          Source Port          |       Destination Port        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                        Sequence Number                        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                    Acknowledgment Number                      |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Data |       |C|E|U|A|P|R|S|F|                               |
 * | Offset| Rsrvd |W|C|R|C|S|S|Y|I|            Window             |
 * |       |       |R|E|G|K|H|T|N|N|                               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           Checksum            |         Urgent Pointer        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                      Options, then the data                   ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 9293 3.1
 */
import type { IpAddress } from '../../base/address.ts';
import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import type { MalformedError } from '../../base/errors.ts';
import type { Result } from '../../base/result.ts';
import { ipProtocol } from '../registry/protocols.ts';
import { transportChecksum } from './checksum.ts';

export interface TcpSegment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  /** The eight flag bits, CWR the highest and FIN the lowest. */
  readonly flags: number;
  readonly window: number;
  readonly urgentPointer: number;
  /** 0 to 40 octets, a multiple of 4. */
  readonly options: Uint8Array;
  readonly payload: Uint8Array;
}

export const tcpFlag = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32, ECE: 64, CWR: 128 } as const;

/** Structure only; see `transportChecksum` for the checksum. */
export function decodeTcp(octets: Uint8Array): Result<TcpSegment, MalformedError> {
  const reader = new ByteReader(octets, 'TCP segment');
  const sourcePort = reader.u16();
  const destinationPort = reader.u16();
  const sequence = reader.u32();
  const acknowledgment = reader.u32();
  const headerOctets = (reader.u8() >> 4) * 4;
  if (headerOctets < 20) reader.fail(`header length ${headerOctets} below 20`);
  const flags = reader.u8();
  const window = reader.u16();
  reader.u16();
  const urgentPointer = reader.u16();
  const options = reader.take(headerOctets - 20);
  const ports = { sourcePort, destinationPort };
  const fields = { sequence, acknowledgment, flags, window, urgentPointer, options };
  return reader.finish({ ...ports, ...fields, payload: reader.rest() });
}

/** With its checksum. */
export function encodeTcp(segment: TcpSegment, source: IpAddress, destination: IpAddress): Uint8Array {
  const { options } = segment;
  if (options.length > 40 || options.length % 4 !== 0) throw new RangeError('TCP options');
  const writer = new ByteWriter(20 + options.length + segment.payload.length)
    .u16(segment.sourcePort)
    .u16(segment.destinationPort)
    .u32(segment.sequence)
    .u32(segment.acknowledgment)
    .u8(((20 + options.length) / 4) << 4)
    .u8(segment.flags)
    .u16(segment.window)
    .u16(0)
    .u16(segment.urgentPointer)
    .bytes(options)
    .bytes(segment.payload);
  writer.patchU16(16, transportChecksum(source, destination, ipProtocol.TCP, writer.finish()));
  return writer.finish();
}
