import type { Random } from '../crypto/interfaces.ts';
import type { IkeSpi } from '../wire/ike/payload.ts';

/** Random, and never the zero that stands for "none yet". @rfc 7296 2.6 */
export function freshIkeSpi(random: Random): IkeSpi {
  const octets = random.octets(8);
  const spi = new DataView(octets.buffer, octets.byteOffset, 8).getBigUint64(0);
  return spi === 0n ? freshIkeSpi(random) : spi;
}
