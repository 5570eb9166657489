import { randomFillSync } from 'node:crypto';
import type { FillIv } from '../esp/outbound-sa.ts';

const ivOctets = 16;
const poolOctets = ivOctets * 256;

/** Unpredictable IVs of 16 octets for CBC, drawn from the system's generator 256 at a time. */
export function createRandomIv(): FillIv {
  const pool = new Uint8Array(new ArrayBuffer(poolOctets));
  let used = poolOctets;
  return (octets, at) => {
    if (used === poolOctets) {
      randomFillSync(pool);
      used = 0;
    }
    for (let i = 0; i < ivOctets; i++) octets[at + i] = pool[used + i] ?? 0;
    used += ivOctets;
  };
}
