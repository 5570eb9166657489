import { readU64 } from '../base/words.ts';
import type { Random } from '../crypto/interfaces.ts';
import type { IkeSpi } from '../wire/ike/payload.ts';

/** Random, and never the zero that stands for "none yet". @rfc 7296 2.6 */
export function freshIkeSpi(random: Random): IkeSpi {
  const spi = readU64(random.octets(8), 0);
  return spi === 0n ? freshIkeSpi(random) : spi;
}
