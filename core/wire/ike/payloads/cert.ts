/**
 * Certificate payload.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | Cert Encoding |                                               |
 * +-+-+-+-+-+-+-+-+                                               +
 * ~                       Certificate Data                        ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 7296 3.6
 */
import type { ByteReader } from '../../../base/byte-reader.ts';
import type { ByteWriter } from '../../../base/byte-writer.ts';
import type { MalformedError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import type { Result } from '../../../base/result.ts';
import { certEncoding } from '../../registry/authentication.ts';
import { nameOf } from '../../registry/registry.ts';
import type { CertPayload } from '../payload.ts';

export function decodeCert(reader: ByteReader): Result<CertPayload, MalformedError> {
  const encoding = reader.u8();
  if (reader.remaining > limits.certificateOctets) reader.fail('certificate too large');
  return reader.finish({ kind: 'CERT' as const, encoding, data: reader.rest() });
}

export function encodeCert(writer: ByteWriter, payload: CertPayload): void {
  writer.u8(payload.encoding).bytes(payload.data);
}

export function notateCert(payload: CertPayload): string {
  return `${nameOf(certEncoding, payload.encoding)} ${payload.data.length}`;
}
