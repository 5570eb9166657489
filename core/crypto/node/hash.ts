import { createHash, createHmac } from 'node:crypto';
import type { HashName, Prf } from '../interfaces.ts';
import { prfDescriptions } from '../suites.ts';

/** The hash over the concatenation of `data`, owned by the caller. */
export function nodeHash(name: HashName, ...data: readonly Uint8Array[]): Uint8Array {
  const hash = createHash(name);
  for (const part of data) hash.update(part);
  return new Uint8Array(hash.digest());
}

/** HMAC with SHA-2 (5, 6, 7) or SHA-1 (2, which nothing offers by default). @rfc 4868 */
export function nodePrf(id: number): Prf | undefined {
  const description = prfDescriptions.find((prf) => prf.id === id);
  if (description === undefined) return undefined;
  const { name, hash, octets } = description;
  return {
    id,
    name,
    keyOctets: octets,
    outputOctets: octets,
    compute(key, ...data) {
      const hmac = createHmac(hash, key);
      for (const part of data) hmac.update(part);
      return new Uint8Array(hmac.digest());
    },
  };
}
