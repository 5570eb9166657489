/**
 * Key Exchange payload.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   Diffie-Hellman Group Num    |           RESERVED            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                       Key Exchange Data                       ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 7296 3.4
 */
import type { ByteReader } from '../../../base/byte-reader.ts';
import type { ByteWriter } from '../../../base/byte-writer.ts';
import type { MalformedError } from '../../../base/errors.ts';
import type { Result } from '../../../base/result.ts';
import { nameOf } from '../../registry/registry.ts';
import { keyExchangeMethod } from '../../registry/transforms.ts';
import type { KePayload } from '../payload.ts';

export function decodeKe(reader: ByteReader): Result<KePayload, MalformedError> {
  const group = reader.u16();
  reader.u16();
  return reader.finish({ kind: 'KE' as const, group, publicValue: reader.rest() });
}

export function encodeKe(writer: ByteWriter, payload: KePayload): void {
  writer.u16(payload.group).u16(0).bytes(payload.publicValue);
}

/** Group and length; the value itself is not for logs. */
export function notateKe(payload: KePayload): string {
  return `${nameOf(keyExchangeMethod, payload.group)} ${payload.publicValue.length}`;
}
