/**
 * Extensible Authentication Protocol payload: one whole EAP packet.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     Code      | Identifier    |           Length              |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     Type      | Type_Data ...                                 |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 7296 3.16
 */
import type { ByteReader } from '../../../base/byte-reader.ts';
import type { ByteWriter } from '../../../base/byte-writer.ts';
import type { MalformedError } from '../../../base/errors.ts';
import type { Result } from '../../../base/result.ts';
import { notateEapPacket } from '../../eap/eap-packet.ts';
import type { EapPayload } from '../payload.ts';

/** The packet's own structure is checked by `decodeEapPacket`, so that a bad one fails the login, not the IKE SA. */
export function decodeEap(reader: ByteReader): Result<EapPayload, MalformedError> {
  return reader.finish({ kind: 'EAP' as const, packet: reader.rest() });
}

export function encodeEap(writer: ByteWriter, payload: EapPayload): void {
  writer.bytes(payload.packet);
}

export function notateEap(payload: EapPayload): string {
  return notateEapPacket(payload.packet);
}
