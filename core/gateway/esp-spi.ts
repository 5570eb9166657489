import type { Spi } from '../wire/ike/payload.ts';

/** `octets` has 4, and is known not to be one of the reserved SPIs, or is only compared. */
export function espSpiNumber(octets: Uint8Array): Spi {
  return new DataView(octets.buffer, octets.byteOffset, 4).getUint32(0);
}
