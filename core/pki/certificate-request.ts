import { concat } from '../base/octets.ts';
import type { CryptoProvider } from '../crypto/interfaces.ts';

/**
 * The body of a CERTREQ payload with encoding 4: for each key of a trusted CA (SubjectPublicKeyInfo in DER) its SHA-1
 * hash, 20 octets each, each key once. @rfc 7296 3.7
 */
export function certReqHashes(keys: readonly Uint8Array[], hash: CryptoProvider['hash']): Uint8Array {
  const hashes = new Map(keys.map((spki) => hash('sha1', spki)).map((digest) => [digest.join(), digest]));
  return concat(...hashes.values());
}
