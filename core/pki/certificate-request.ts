import { concat } from '../base/octets.ts';
import type { CryptoProvider } from '../crypto/interfaces.ts';
import { parseCertificate } from './certificate.ts';

/**
 * The body of a CERTREQ payload with encoding 4: for each anchor (DER) the SHA-1 hash of its SubjectPublicKeyInfo,
 * 20 octets each, each key once. Unreadable anchors are left out. @rfc 7296 3.7
 */
export function certReqHashes(anchors: readonly Uint8Array[], hash: CryptoProvider['hash']): Uint8Array {
  const hashes = new Map<string, Uint8Array>();
  for (const der of anchors) {
    const anchor = parseCertificate(der);
    if (!anchor.ok) continue;
    const digest = hash('sha1', anchor.value.spki);
    hashes.set(digest.join(), digest);
  }
  return concat(...hashes.values());
}
