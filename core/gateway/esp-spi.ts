import type { Spi } from '../wire/ike/payload.ts';

/** `octets` has 4. */
export function espSpiNumber(octets: Uint8Array): Spi {
  return new DataView(octets.buffer, octets.byteOffset, 4).getUint32(0);
}

export function espSpiOctets(spi: Spi): Uint8Array {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, spi);
  return octets;
}
