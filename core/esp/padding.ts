/** ESP wants Pad Length and Next Header to end on a 4-octet boundary, whatever the cipher. @rfc 4303 2.4 */
const alignmentOctets = 4;

/** Octets of Padding for `length` octets of payload, so that the trailer's 2 octets end on a boundary. */
export function paddingOctets(length: number, blockOctets: number): number {
  const boundary = Math.max(blockOctets, alignmentOctets);
  return (boundary - ((length + 2) % boundary)) % boundary;
}

/** Writes 1, 2, 3, …, Pad Length and Next Header at `at`; answers the octets written. */
export function writeTrailer(octets: Uint8Array, at: number, padding: number, nextHeader: number): number {
  for (let i = 0; i < padding; i++) octets[at + i] = i + 1;
  octets[at + padding] = padding;
  octets[at + padding + 1] = nextHeader;
  return padding + 2;
}

/**
 * The payload's length when the trailer that ends at `end` is as it should be, or -1. The payload begins at `start`.
 */
export function readTrailer(octets: Uint8Array, start: number, end: number): number {
  if (end - start < 2) return -1;
  const padding = octets[end - 2] ?? 0;
  const payload = end - start - 2 - padding;
  if (payload < 0) return -1;
  const at = start + payload;
  for (let i = 0; i < padding; i++) if (octets[at + i] !== i + 1) return -1;
  return payload;
}
