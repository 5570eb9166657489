import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { utf8 } from '../base/utf8.ts';
import { readBoundedFile } from '../platform/bounded-file.ts';
import { crlText } from '../platform/crl-file.ts';

/** Only the certificates, as PEM text: a private key in the same file stays where it is. The error is the reason. */
export function readCertificates(path: string): Promise<Result<string, string>> {
  return readBlocks(path, 'CERTIFICATE', 'certificate');
}

/** Only the public keys, as PEM text. The error is the reason. */
export function readPublicKeys(path: string): Promise<Result<string, string>> {
  return readBlocks(path, 'PUBLIC KEY', 'public key');
}

/** What a PEM file has under `label`, and nothing else of it. */
async function readBlocks(path: string, label: string, what: string): Promise<Result<string, string>> {
  const contents = await readBoundedFile(path, limits.profileCaCharacters);
  if (!contents.ok) return contents;
  const blocks = new RegExp(`-----BEGIN ${label}-----[A-Za-z0-9+/=\\s]+-----END ${label}-----`, 'g');
  const found = utf8.decode(contents.value.octets).match(blocks);
  return found === null ? err(`it holds no ${what} in PEM text`) : ok(`${found.join('\n')}\n`);
}

/** The CRLs of a file as PEM text. The error is the reason. */
export async function readCrls(path: string): Promise<Result<string, string>> {
  const contents = await readBoundedFile(path, limits.profileCrlCharacters);
  if (!contents.ok) return contents;
  const pem = crlText(contents.value.octets);
  if (pem.length > limits.profileCrlCharacters) return err('it is too large for a profile of your own');
  return ok(pem);
}
