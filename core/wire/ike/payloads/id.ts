/**
 * Identification payloads, IDi and IDr.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   ID Type     |                 RESERVED                      |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                   Identification Data                         ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 7296 3.5
 */
import { formatIpAddress, ipAddress } from '../../../base/address.ts';
import type { ByteReader } from '../../../base/byte-reader.ts';
import { ByteWriter } from '../../../base/byte-writer.ts';
import type { MalformedError } from '../../../base/errors.ts';
import type { Result } from '../../../base/result.ts';
import { utf8 } from '../../../base/utf8.ts';
import { escapeText } from '../../escape-text.ts';
import { idType } from '../../registry/authentication.ts';
import { nameOf } from '../../registry/registry.ts';
import type { IdPayload } from '../payload.ts';

export function decodeId(reader: ByteReader, kind: IdPayload['kind']): Result<IdPayload, MalformedError> {
  const type = reader.u8();
  reader.u24();
  const data = reader.rest();
  if (type === idType.ID_IPV4_ADDR && data.length !== 4) reader.fail(`IPv4 address of ${data.length} octets`);
  if (type === idType.ID_IPV6_ADDR && data.length !== 16)
    reader.fail(`IPv6 address of ${data.length} octets`);
  return reader.finish({ kind, type, data });
}

export function encodeId(writer: ByteWriter, payload: IdPayload): void {
  writer.u8(payload.type).u24(0).bytes(payload.data);
}

/**
 * The body of the payload without its generic header: what the signed octets call IDi' and IDr', with the reserved
 * octets as zero. (A peer that sends them otherwise fails its own signature with everyone.)
 * @rfc 7296 2.15
 */
export function idBody(payload: IdPayload): Uint8Array {
  const writer = new ByteWriter(4 + payload.data.length);
  encodeId(writer, payload);
  return writer.finish();
}

/** `alice@example.org`, `192.0.2.1`, or the type and length of what has no text. */
export function notateId(payload: IdPayload): string {
  const { type, data } = payload;
  if (type === idType.ID_FQDN || type === idType.ID_RFC822_ADDR) return escapeText(utf8.decode(data), 64);
  const isAddress =
    (type === idType.ID_IPV4_ADDR && data.length === 4) ||
    (type === idType.ID_IPV6_ADDR && data.length === 16);
  if (isAddress) return formatIpAddress(ipAddress(data));
  if (type === idType.ID_KEY_ID) return `ID_KEY_ID ${escapeText(utf8.decode(data), 64)}`;
  return `${nameOf(idType, type)} ${data.length}`;
}
