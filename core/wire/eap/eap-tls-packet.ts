/**
 * EAP-TLS, EAP-TTLS and PEAP packets: the type data of an EAP packet of type 13, 21 or 25.
 *
 *  0 1 2 3 4 5 6 7
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |L M S R R| Ver |  TLS Message Length: 4 octets, only with L    | TLS data ...
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * L: the length of the whole message is there, as it is in the first of several fragments. M: more fragments follow.
 * S: the start. Ver is 0 in EAP-TLS, and the version of the method in the other two.
 *
 * @rfc 5216 3.1 @rfc 5281 9.1
 */
import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import type { MalformedError } from '../../base/errors.ts';
import type { Result } from '../../base/result.ts';

export interface EapTlsPacket {
  readonly start: boolean;
  readonly more: boolean;
  /** 0 to 7. */
  readonly version: number;
  /** Octets of the whole message, when the packet tells. */
  readonly messageOctets?: number;
  /** A view. */
  readonly data: Uint8Array;
}

const lengthFlag = 0x80;
const moreFlag = 0x40;
const startFlag = 0x20;

export function decodeEapTlsPacket(typeData: Uint8Array): Result<EapTlsPacket, MalformedError> {
  const reader = new ByteReader(typeData, 'EAP-TLS packet');
  const flags = reader.u8();
  const messageOctets = (flags & lengthFlag) === 0 ? undefined : reader.u32();
  return reader.finish({
    start: (flags & startFlag) !== 0,
    more: (flags & moreFlag) !== 0,
    version: flags & 0x07,
    ...(messageOctets === undefined ? {} : { messageOctets }),
    data: reader.rest(),
  });
}

export function encodeEapTlsPacket(packet: EapTlsPacket): Uint8Array {
  const { start, more, version, messageOctets, data } = packet;
  const flags =
    (messageOctets === undefined ? 0 : lengthFlag) |
    (more ? moreFlag : 0) |
    (start ? startFlag : 0) |
    (version & 0x07);
  const writer = new ByteWriter(5 + data.length).u8(flags);
  if (messageOctets !== undefined) writer.u32(messageOctets);
  return writer.bytes(data).finish();
}
