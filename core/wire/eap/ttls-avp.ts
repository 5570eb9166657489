/**
 * Attribute-value pairs inside EAP-TTLS.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                           AVP Code                            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V M r r r r r r|                  AVP Length                   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |              Vendor-ID: only with V           |  Data ...          padded to 4 octets
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * The length counts the header and the data, not the padding, which the last AVP may lack. M: who does not know it must fail.
 *
 * @rfc 5281 10.1
 */
import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import type { MalformedError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Result } from '../../base/result.ts';

export interface Avp {
  readonly code: number;
  /** SMI number; 0 when the AVP has none: RADIUS's own attributes. */
  readonly vendor: number;
  readonly mandatory: boolean;
  /** A view. */
  readonly data: Uint8Array;
}

/** RADIUS attributes that TTLS uses. @rfc 2865 @rfc 2548 @rfc 3579 */
export const avpCode = {
  'User-Name': 1,
  'User-Password': 2,
  'Reply-Message': 18,
  'EAP-Message': 79,
} as const;

export const microsoftVendor = 311;
export const microsoftAvpCode = {
  'MS-CHAP-Error': 2,
  'MS-CHAP-Challenge': 11,
  'MS-CHAP2-Response': 25,
  'MS-CHAP2-Success': 26,
} as const;

const vendorFlag = 0x80;
const mandatoryFlag = 0x40;

export function decodeAvps(octets: Uint8Array): Result<readonly Avp[], MalformedError> {
  const reader = new ByteReader(octets, 'EAP-TTLS AVP');
  const avps: Avp[] = [];
  while (reader.remaining > 0 && !reader.failed) {
    if (avps.length >= limits.eapTunnelItems) {
      reader.fail(`more than ${limits.eapTunnelItems} AVPs`);
      break;
    }
    const code = reader.u32();
    const flags = reader.u8();
    const length = reader.u24();
    const headerOctets = (flags & vendorFlag) === 0 ? 8 : 12;
    const vendor = headerOctets === 8 ? 0 : reader.u32();
    if (length < headerOctets) reader.fail(`length ${length} below ${headerOctets}`);
    const data = reader.take(length - headerOctets);
    reader.take(Math.min(padding(length), reader.remaining));
    avps.push({ code, vendor, mandatory: (flags & mandatoryFlag) !== 0, data });
  }
  return reader.finish(avps);
}

export function encodeAvps(avps: readonly Avp[]): Uint8Array {
  const writer = new ByteWriter();
  for (const { code, vendor, mandatory, data } of avps) {
    const length = (vendor === 0 ? 8 : 12) + data.length;
    writer
      .u32(code)
      .u8((vendor === 0 ? 0 : vendorFlag) | (mandatory ? mandatoryFlag : 0))
      .u24(length);
    if (vendor !== 0) writer.u32(vendor);
    writer.bytes(data).zeros(padding(length));
  }
  return writer.finish();
}

function padding(length: number): number {
  return (4 - (length % 4)) % 4;
}
