/**
 * TLVs of PEAP: the type data of an inner EAP packet of type 33 (Extensions).
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |M|R|          TLV Type         |            Length             |  Value ...
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 *  3  Result         Status 2: 1 success, 2 failure
 *  12 Cryptobinding  reserved 1, version 1, received version 1, subtype 1 (0 request, 1 response), nonce 32, compound MAC 20
 *
 * [MS-PEAP] 2.2.8
 */
import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import type { MalformedError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Result } from '../../base/result.ts';

export type PeapTlv =
  | { readonly kind: 'result'; readonly success: boolean }
  | { readonly kind: 'cryptobinding'; readonly binding: Cryptobinding }
  | { readonly kind: 'other'; readonly type: number; readonly mandatory: boolean };

export interface Cryptobinding {
  readonly version: number;
  readonly receivedVersion: number;
  /** 0 from the server, 1 from the client. */
  readonly subtype: number;
  /** 32 octets; a view. */
  readonly nonce: Uint8Array;
  /** 20 octets; a view. */
  readonly compoundMac: Uint8Array;
}

const mandatoryFlag = 0x8000;
const resultType = 3;
const cryptobindingType = 12;
const cryptobindingOctets = 56;
const macOctets = 20;

export function decodePeapTlvs(octets: Uint8Array): Result<readonly PeapTlv[], MalformedError> {
  const reader = new ByteReader(octets, 'PEAP TLV');
  const tlvs: PeapTlv[] = [];
  while (reader.remaining > 0 && !reader.failed) {
    if (tlvs.length >= limits.eapTunnelItems) {
      reader.fail(`more than ${limits.eapTunnelItems} TLVs`);
      break;
    }
    const head = reader.u16();
    const value = reader.sub(reader.u16(), 'PEAP TLV');
    tlvs.push(decodeValue(head & 0x3fff, (head & mandatoryFlag) !== 0, value));
    const inner = value.finish(undefined);
    if (!inner.ok) reader.adopt(inner.error);
  }
  return reader.finish(tlvs);
}

function decodeValue(type: number, mandatory: boolean, value: ByteReader): PeapTlv {
  switch (type) {
    case resultType: {
      const status = value.u16();
      if (status !== 1 && status !== 2) value.fail(`status ${status}`);
      return { kind: 'result', success: status === 1 };
    }
    case cryptobindingType: {
      if (value.remaining !== cryptobindingOctets) value.fail(`cryptobinding of ${value.remaining} octets`);
      value.u8();
      const version = value.u8();
      const receivedVersion = value.u8();
      const subtype = value.u8();
      const binding = { version, receivedVersion, subtype, nonce: value.take(32), compoundMac: value.rest() };
      return { kind: 'cryptobinding', binding };
    }
    default:
      return { kind: 'other', type, mandatory };
  }
}

export function encodePeapResult(success: boolean): Uint8Array {
  return new ByteWriter(6)
    .u16(mandatoryFlag | resultType)
    .u16(2)
    .u16(success ? 1 : 2)
    .finish();
}

/** The whole TLV of 60 octets. Not marked as mandatory, as Windows sends it. */
export function encodeCryptobinding(binding: Cryptobinding): Uint8Array {
  return new ByteWriter(60)
    .u16(cryptobindingType)
    .u16(cryptobindingOctets)
    .u8(0)
    .u8(binding.version)
    .u8(binding.receivedVersion)
    .u8(binding.subtype)
    .bytes(binding.nonce)
    .bytes(binding.compoundMac)
    .finish();
}

/** What the compound MAC is computed over, but for the type octet behind it: the TLV with zeroes for the MAC. */
export function cryptobindingToSign(binding: Cryptobinding): Uint8Array {
  return encodeCryptobinding({ ...binding, compoundMac: new Uint8Array(macOctets) });
}
