/**
 * The IKE header: 28 octets.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                       IKE SA Initiator's SPI                  |
 * |                                                               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                       IKE SA Responder's SPI                  |
 * |                                                               |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Next Payload | MjVer | MnVer | Exchange Type |X X R V I X X X|
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                          Message ID                           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                            Length                             |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 7296 3.1
 */
import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import type { MalformedError } from '../../base/errors.ts';
import type { Result } from '../../base/result.ts';
import type { IkeHeader } from './payload.ts';

export const ikeHeaderOctets = 28;

const flagResponse = 0x20;
const flagVersion = 0x10;
const flagInitiator = 0x08;

/** A header as it stands on the wire: with the type of the first payload and the length that it claims. */
export interface WireHeader {
  readonly header: IkeHeader;
  readonly nextPayload: number;
  readonly length: number;
}

/** Reads the first 28 octets. Version and length are not judged: see `decodeMessage`. */
export function decodeHeader(octets: Uint8Array): Result<WireHeader, MalformedError> {
  const reader = new ByteReader(octets, 'IKE header');
  const initiatorSpi = reader.u64();
  const responderSpi = reader.u64();
  const nextPayload = reader.u8();
  const version = reader.u8();
  const exchange = reader.u8();
  const flags = reader.u8();
  const messageId = reader.u32();
  const length = reader.u32();
  const header: IkeHeader = {
    initiatorSpi,
    responderSpi,
    majorVersion: version >> 4,
    minorVersion: version & 0x0f,
    exchange,
    fromInitiator: (flags & flagInitiator) !== 0,
    isResponse: (flags & flagResponse) !== 0,
    messageId,
  };
  return reader.finish({ header, nextPayload, length });
}

/** 28 octets. The V flag is always clear, as RFC 7296 asks of a speaker of version 2 alone. */
export function encodeHeader({ header, nextPayload, length }: WireHeader): Uint8Array {
  const flags = (header.isResponse ? flagResponse : 0) | (header.fromInitiator ? flagInitiator : 0);
  return new ByteWriter(ikeHeaderOctets)
    .u64(header.initiatorSpi)
    .u64(header.responderSpi)
    .u8(nextPayload)
    .u8((header.majorVersion << 4) | header.minorVersion)
    .u8(header.exchange)
    .u8(flags & ~flagVersion)
    .u32(header.messageId)
    .u32(length)
    .finish();
}
