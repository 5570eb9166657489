import { formatPem } from '../base/pem.ts';
import { utf8 } from '../base/utf8.ts';

/** The PEM text of a file with CRLs: as it is, or made from the one CRL in DER that the file is. */
export function crlText(octets: Buffer): string {
  const text = utf8.decodeStrict(octets);
  if (text?.includes('-----BEGIN X509 CRL-----') === true) return text;
  return formatPem('X509 CRL', octets.toString('base64'));
}
