import { chacha20 } from '@noble/ciphers/chacha.js';
import type { Random } from './interfaces.ts';

const chunkOctets = 1024;
const blockOctets = 64;

/**
 * Random octets that are the same for the same seed: the key stream of ChaCha20. For tests and simulations, which
 * replay a run from its seed; never for production.
 *
 * @param seed a safe integer, or exactly 32 octets. @throws RangeError for anything else.
 */
export function seededRandom(seed: number | Uint8Array): Random {
  const key = seedKey(seed);
  const nonce = new Uint8Array(12);
  let chunk = new Uint8Array(0);
  let counter = 0;
  return {
    octets(count) {
      const result = new Uint8Array(count);
      let at = 0;
      while (at < count) {
        if (chunk.length === 0) {
          chunk = chacha20(key, nonce, new Uint8Array(chunkOctets), undefined, counter);
          counter += chunkOctets / blockOctets;
        }
        const part = chunk.subarray(0, count - at);
        result.set(part, at);
        at += part.length;
        chunk = chunk.subarray(part.length);
      }
      return result;
    },
  };
}

function seedKey(seed: number | Uint8Array): Uint8Array {
  if (typeof seed !== 'number') {
    if (seed.length !== 32) throw new RangeError('a seed of octets has 32 of them');
    return seed.slice();
  }
  if (!Number.isSafeInteger(seed)) throw new RangeError('a seed is a safe integer');
  const key = new Uint8Array(32);
  new DataView(key.buffer).setBigInt64(0, BigInt(seed));
  return key;
}
