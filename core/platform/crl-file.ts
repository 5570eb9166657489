import { utf8 } from '../base/utf8.ts';

/** The PEM text of a file with CRLs: as it is, or made from the one CRL in DER that the file is. */
export function crlText(octets: Buffer): string {
  const text = utf8.decodeStrict(octets);
  if (text?.includes('-----BEGIN X509 CRL-----') === true) return text;
  const lines = octets.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN X509 CRL-----', ...lines, '-----END X509 CRL-----', ''].join('\n');
}
