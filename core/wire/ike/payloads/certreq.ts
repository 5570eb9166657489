/**
 * Certificate Request payload.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | Cert Encoding |                                               |
 * +-+-+-+-+-+-+-+-+                                               +
 * ~                    Certification Authority                    ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 7296 3.7
 */
import type { ByteReader } from '../../../base/byte-reader.ts';
import type { ByteWriter } from '../../../base/byte-writer.ts';
import type { MalformedError } from '../../../base/errors.ts';
import type { Result } from '../../../base/result.ts';
import { certEncoding } from '../../registry/authentication.ts';
import { nameOf } from '../../registry/registry.ts';
import type { CertReqPayload } from '../payload.ts';

/** Octets of one entry for encoding 4: SHA-1 of a SubjectPublicKeyInfo. */
const authorityOctets = 20;

/** A length of `authorities` that is not a multiple of 20 is let through: the request is a hint, no more. */
export function decodeCertReq(reader: ByteReader): Result<CertReqPayload, MalformedError> {
  const encoding = reader.u8();
  return reader.finish({ kind: 'CERTREQ' as const, encoding, authorities: reader.rest() });
}

export function encodeCertReq(writer: ByteWriter, payload: CertReqPayload): void {
  writer.u8(payload.encoding).bytes(payload.authorities);
}

export function notateCertReq(payload: CertReqPayload): string {
  const octets = payload.authorities.length;
  const count =
    payload.encoding === certEncoding.X509_SIGNATURE && octets % authorityOctets === 0
      ? `${octets / authorityOctets} CAs`
      : `${octets}`;
  return `${nameOf(certEncoding, payload.encoding)} ${count}`;
}
