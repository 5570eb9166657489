/**
 * Nonce payload: 16 to 256 octets.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                            Nonce Data                         ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 7296 3.9
 */
import type { ByteReader } from '../../../base/byte-reader.ts';
import type { ByteWriter } from '../../../base/byte-writer.ts';
import type { MalformedError } from '../../../base/errors.ts';
import type { Result } from '../../../base/result.ts';
import type { NoncePayload } from '../payload.ts';

export function decodeNonce(reader: ByteReader): Result<NoncePayload, MalformedError> {
  if (reader.remaining < 16 || reader.remaining > 256) reader.fail(`nonce of ${reader.remaining} octets`);
  return reader.finish({ kind: 'Nonce' as const, nonce: reader.rest() });
}

export function encodeNonce(writer: ByteWriter, payload: NoncePayload): void {
  writer.bytes(payload.nonce);
}

/** The length alone. */
export function notateNonce(payload: NoncePayload): string {
  return `${payload.nonce.length}`;
}
