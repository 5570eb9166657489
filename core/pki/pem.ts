import type { ParseError } from '../base/address.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { parseCertificate } from './certificate.ts';

const begin = '-----BEGIN CERTIFICATE-----';
const end = '-----END CERTIFICATE-----';
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * The certificates (DER) of a PEM bundle, in order; text around them is skipped. Each is checked to be readable, so a
 * profile learns of a bad file early. @rfc 7468 5
 */
export function parsePemCertificates(text: string): Result<readonly Uint8Array[], ParseError> {
  const certificates: Uint8Array[] = [];
  const refuse = (reason: string) => err({ text: 'PEM text', reason });
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at)) {
    const number = certificates.length + 1;
    if (number > limits.trustAnchors) return refuse(`more than ${limits.trustAnchors} certificates`);
    const stop = text.indexOf(end, at);
    if (stop < 0) return refuse(`certificate ${number} has no end line`);
    if (stop - at > 2 * limits.certificateOctets) return refuse(`certificate ${number} is too long`);
    const der = decodeBase64(text.slice(at + begin.length, stop));
    if (der === undefined) return refuse(`certificate ${number} is not valid base64`);
    const certificate = parseCertificate(der);
    if (!certificate.ok) return refuse(`certificate ${number} can't be read: ${certificate.error}`);
    certificates.push(der);
    at = stop + end.length;
  }
  return certificates.length > 0 ? ok(certificates) : refuse('there is no certificate in it');
}

/** `undefined` when `text` (white space aside) is not base64. */
function decodeBase64(text: string): Uint8Array | undefined {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(digits)) return undefined;
  const padding = digits.endsWith('==') ? 2 : digits.endsWith('=') ? 1 : 0;
  const octets = new Uint8Array((digits.length / 4) * 3);
  for (let i = 0, at = 0; i < digits.length; i += 4) {
    let group = 0;
    for (let j = 0; j < 4; j++) group = group * 64 + Math.max(0, alphabet.indexOf(digits[i + j] ?? 'A'));
    octets[at++] = group >> 16;
    octets[at++] = (group >> 8) & 0xff;
    octets[at++] = group & 0xff;
  }
  return octets.subarray(0, octets.length - padding);
}
