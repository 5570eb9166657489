/**
 * Authentication payload.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | Auth Method   |                RESERVED                       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                      Authentication Data                      ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 7296 3.8
 */
import type { ByteReader } from '../../../base/byte-reader.ts';
import type { ByteWriter } from '../../../base/byte-writer.ts';
import type { MalformedError } from '../../../base/errors.ts';
import type { Result } from '../../../base/result.ts';
import { authMethod } from '../../registry/authentication.ts';
import { nameOf } from '../../registry/registry.ts';
import type { AuthPayload } from '../payload.ts';

export function decodeAuth(reader: ByteReader): Result<AuthPayload, MalformedError> {
  const method = reader.u8();
  reader.u24();
  return reader.finish({ kind: 'AUTH' as const, method, data: reader.rest() });
}

export function encodeAuth(writer: ByteWriter, payload: AuthPayload): void {
  writer.u8(payload.method).u24(0).bytes(payload.data);
}

export function notateAuth(payload: AuthPayload): string {
  return `${nameOf(authMethod, payload.method)} ${payload.data.length}`;
}
