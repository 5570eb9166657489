import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { utf8 } from '../base/utf8.ts';
import { readBoundedFile } from '../platform/bounded-file.ts';
import { crlText } from '../platform/crl-file.ts';

/** Only the certificates, as PEM text: a private key in the same file stays where it is. The error is the reason. */
export async function readCertificates(path: string): Promise<Result<string, string>> {
  const contents = await readBoundedFile(path, limits.profileCaCharacters);
  if (!contents.ok) return contents;
  const pem = utf8.decode(contents.value.octets);
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g);
  return certificates === null
    ? err('it holds no certificate in PEM text')
    : ok(`${certificates.join('\n')}\n`);
}

/** Only the public keys, as PEM text. The error is the reason. */
export async function readPublicKeys(path: string): Promise<Result<string, string>> {
  const contents = await readBoundedFile(path, limits.profileCaCharacters);
  if (!contents.ok) return contents;
  const pem = utf8.decode(contents.value.octets);
  const keys = pem.match(/-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----/g);
  return keys === null ? err('it holds no public key in PEM text') : ok(`${keys.join('\n')}\n`);
}

/** The CRLs of a file as PEM text. The error is the reason. */
export async function readCrls(path: string): Promise<Result<string, string>> {
  const contents = await readBoundedFile(path, limits.profileCrlCharacters);
  if (!contents.ok) return contents;
  const pem = crlText(contents.value.octets);
  if (pem.length > limits.profileCrlCharacters) return err('it is too large for a profile of your own');
  return ok(pem);
}
