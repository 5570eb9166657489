/** A packet memory seen as octets and as 32-bit words of this (little-endian) machine, from the same first octet. */
export interface ChecksumMemory {
  readonly octets: Uint8Array;
  readonly words: Uint32Array;
}

/** @throws RangeError when `octets` does not begin on a word of its buffer. */
export function checksumMemory(octets: Uint8Array): ChecksumMemory {
  const words = new Uint32Array(octets.buffer, octets.byteOffset, octets.length >> 2);
  return { octets, words };
}

/**
 * The ones' complement sum of `length` octets at `at` as 16-bit words in network order, folded, not inverted. An odd
 * last octet is padded with zero. Sums of parts that begin on an even offset of the packet add up. @rfc 1071
 */
export function onesSum(memory: ChecksumMemory, at: number, length: number): number {
  if ((at & 1) === 1) return onesSumSlowly(memory.octets, at, length);
  const { octets, words } = memory;
  const end = at + length;
  let from = at;
  // The machine's order in here: a sum of swapped words is the swapped sum.
  let low = 0;
  let high = 0;
  if ((from & 2) === 2 && end - from >= 2) {
    low = (octets[from] ?? 0) | ((octets[from + 1] ?? 0) << 8);
    from += 2;
  }
  if ((from & 2) === 0) {
    const last = end >> 2;
    let i = from >> 2;
    for (; i + 4 <= last; i += 4) {
      const a = words[i] as number;
      const b = words[i + 1] as number;
      const c = words[i + 2] as number;
      const d = words[i + 3] as number;
      low += (a & 0xffff) + (b & 0xffff) + (c & 0xffff) + (d & 0xffff);
      high += (a >>> 16) + (b >>> 16) + (c >>> 16) + (d >>> 16);
    }
    for (; i < last; i++) {
      const word = words[i] as number;
      low += word & 0xffff;
      high += word >>> 16;
    }
    from = Math.max(from, last << 2);
  }
  if (end - from >= 2) {
    low += (octets[from] ?? 0) | ((octets[from + 1] ?? 0) << 8);
    from += 2;
  }
  if (from < end) low += octets[from] ?? 0;
  const sum = fold(low + high);
  return ((sum & 0xff) << 8) | (sum >> 8);
}

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
  for (let at = sourceAt; at < end; at += 2) sum += ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
  return fold(sum);
}

/** Writes the header checksum of the IPv4 header at `at`. */
export function writeIpv4Checksum(octets: Uint8Array, at: number, headerLength: number): void {
  octets[at + 10] = 0;
  octets[at + 11] = 0;
  let sum = 0;
  for (let i = 0; i < headerLength; i += 2) sum += ((octets[at + i] ?? 0) << 8) | (octets[at + i + 1] ?? 0);
  writeWord(octets, at + 10, ~fold(sum) & 0xffff);
}

function onesSumSlowly(octets: Uint8Array, at: number, length: number): number {
  let sum = 0;
  const end = at + length;
  for (let i = at; i + 1 < end; i += 2) sum += ((octets[i] ?? 0) << 8) | (octets[i + 1] ?? 0);
  if ((length & 1) === 1) sum += (octets[end - 1] ?? 0) << 8;
  return fold(sum);
}

function writeWord(octets: Uint8Array, at: number, value: number): void {
  octets[at] = value >> 8;
  octets[at + 1] = value & 0xff;
}
