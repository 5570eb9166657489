/**
 * Vendor ID payload.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                        Vendor ID (VID)                        ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 7296 3.12
 */
import type { ByteReader } from '../../../base/byte-reader.ts';
import type { ByteWriter } from '../../../base/byte-writer.ts';
import type { MalformedError } from '../../../base/errors.ts';
import { toHex } from '../../../base/octets.ts';
import type { Result } from '../../../base/result.ts';
import type { VendorIdPayload } from '../payload.ts';

export function decodeVendorId(reader: ByteReader): Result<VendorIdPayload, MalformedError> {
  return reader.finish({ kind: 'V' as const, vendorId: reader.rest() });
}

export function encodeVendorId(writer: ByteWriter, payload: VendorIdPayload): void {
  writer.bytes(payload.vendorId);
}

/** The first octets: enough to tell vendors apart. */
export function notateVendorId(payload: VendorIdPayload): string {
  const more = payload.vendorId.length > 8 ? `+${payload.vendorId.length - 8}` : '';
  return `${toHex(payload.vendorId.subarray(0, 8))}${more}`;
}
