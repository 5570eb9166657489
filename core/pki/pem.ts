import type { ParseError } from '../base/address.ts';
import { decodeBase64 } from '../base/base64.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { parseCertificate } from './certificate.ts';

const begin = '-----BEGIN CERTIFICATE-----';
const end = '-----END CERTIFICATE-----';

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
