import type { ParseError } from '../base/address.ts';
import { decodeBase64 } from '../base/base64.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { parseCertificate } from './certificate.ts';
import { parseCrl } from './crl.ts';

interface Kind {
  readonly label: string;
  readonly what: string;
  readonly most: number;
  readonly octets: number;
  readonly parse: (der: Uint8Array) => Result<unknown, string>;
}

const certificates = {
  label: 'CERTIFICATE',
  what: 'certificate',
  most: limits.trustAnchors,
  octets: limits.certificateOctets,
} as const;

/**
 * The certificates (DER) of a PEM bundle, in order; text around them is skipped. Each is checked to be readable, so a
 * profile learns of a bad file early. @rfc 7468 5
 */
export function parsePemCertificates(text: string): Result<readonly Uint8Array[], ParseError> {
  return parsePem(text, { ...certificates, parse: parseCertificate });
}

/** The same for a bundle that is not the user's to mend: each certificate is as it is, and unreadable ones are for others to skip. */
export function splitPemCertificates(text: string): Result<readonly Uint8Array[], ParseError> {
  return parsePem(text, { ...certificates, parse: () => ok() });
}

/** The CRLs (DER) of a PEM text, in order, as `parsePemCertificates`. @rfc 7468 6 */
export function parsePemCrls(text: string): Result<readonly Uint8Array[], ParseError> {
  const { crlOctets: octets, crls: most } = limits;
  return parsePem(text, { label: 'X509 CRL', what: 'CRL', most, octets, parse: parseCrl });
}

/** The public keys (SubjectPublicKeyInfo, DER) of a PEM text, in order. What is in them is not looked at. @rfc 7468 13 */
export function parsePemPublicKeys(text: string): Result<readonly Uint8Array[], ParseError> {
  const { publicKeyOctets: octets, profilePins: most } = limits;
  return parsePem(text, { label: 'PUBLIC KEY', what: 'public key', most, octets, parse: () => ok() });
}

function parsePem(text: string, kind: Kind): Result<readonly Uint8Array[], ParseError> {
  const begin = `-----BEGIN ${kind.label}-----`;
  const end = `-----END ${kind.label}-----`;
  const { what, most } = kind;
  const found: Uint8Array[] = [];
  const refuse = (reason: string) => err({ text: 'PEM text', reason });
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at)) {
    const number = found.length + 1;
    if (number > most) return refuse(`more than ${most} ${what}s`);
    const stop = text.indexOf(end, at);
    if (stop < 0) return refuse(`${what} ${number} has no end line`);
    if (stop - at > 2 * kind.octets) return refuse(`${what} ${number} is too long`);
    const der = decodeBase64(text.slice(at + begin.length, stop));
    if (der === undefined) return refuse(`${what} ${number} is not valid base64`);
    const parsed = kind.parse(der);
    if (!parsed.ok) return refuse(`${what} ${number} can't be read: ${parsed.error}`);
    found.push(der);
    at = stop + end.length;
  }
  return found.length > 0 ? ok(found) : refuse(`there is no ${what} in it`);
}
