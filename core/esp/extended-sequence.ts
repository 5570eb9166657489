import { writeU32 } from '../base/words.ts';

/**
 * Extended sequence numbers: 64 bits, of which a packet carries the low half alone; the high half is under the ICV. Here a
 * number is a JavaScript number up to 2^53 - 1, which no SA reaches. @rfc 4303 2.2.1 @rfc 4304
 */
const half = 0x1_0000_0000;

/** SPI, high half, low half: the associated data of an AEAD. The high half alone follows the ciphertext of CBC+HMAC. */
export const extendedHeaderOctets = 12;
export const highHalfAt = 4;

export const extendedSequenceMax = Number.MAX_SAFE_INTEGER;

/** Writes SPI and both halves at `at`. @rfc 4106 5 */
export function writeExtendedHeader(octets: Uint8Array, at: number, spi: number, sequence: number): void {
  writeU32(octets, at, spi);
  writeU32(octets, at + highHalfAt, Math.floor(sequence / half));
  writeU32(octets, at + 8, sequence);
}

/**
 * The whole number of a packet whose low half is `low`: the lowest one that is not left of the window of `size` numbers
 * up to `highest`. Only the ICV tells whether it was the right one. @rfc 4303 A2.2
 */
export function wholeSequence(low: number, highest: number, size: number): number {
  const highestLow = highest % half;
  const high = highest - highestLow;
  const bottom = highestLow - (size - 1);
  // The window lies in one half-space, or reaches down into the one before.
  if (bottom >= 0) return low >= bottom ? high + low : high + half + low;
  return high > 0 && low >= bottom + half ? high - half + low : high + low;
}
