import { randomBytes } from 'node:crypto';
import type { Random } from '../interfaces.ts';

/** The system's random octets. */
export const systemRandom: Random = {
  octets: (count) => new Uint8Array(randomBytes(count)),
};
