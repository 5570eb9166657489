import { readU16, writeU16 } from '../base/words.ts';

/** Folds a sum of 16-bit words (below 2^31) to 16 bits. */
export function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}

/** The sum of the pseudo-header of TCP and UDP, folded: addresses, protocol and length. @rfc 9293 3.1 @rfc 8200 8.1 */
export function pseudoHeaderSum(
  octets: Uint8Array,
  version: 4 | 6,
  sourceAt: number,
  protocol: number,
  transportLength: number,
): number {
  // Source and destination are neighbours in both headers.
  const end = sourceAt + (version === 4 ? 8 : 32);
  let sum = protocol + transportLength;
  for (let at = sourceAt; at < end; at += 2) sum += readU16(octets, at);
  return fold(sum);
}

/** Writes the header checksum of the IPv4 header at `at`. */
export function writeIpv4Checksum(octets: Uint8Array, at: number, headerLength: number): void {
  octets[at + 10] = 0;
  octets[at + 11] = 0;
  let sum = 0;
  for (let i = 0; i < headerLength; i += 2) sum += readU16(octets, at + i);
  writeU16(octets, at + 10, ~fold(sum) & 0xffff);
}
