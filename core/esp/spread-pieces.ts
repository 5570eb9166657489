/**
 * Cuts a packet where it lies: piece `i` of its payload moves behind `at + i * stride`, with a copy of its headers in
 * front. `size` is the payload of each piece but the last, `stride` at least the octets of the first one. From the last
 * to the first, which stays, so that nothing is overwritten before it has moved.
 */
export function spreadPieces(
  octets: Uint8Array,
  at: number,
  headersLength: number,
  payload: number,
  size: number,
  stride: number,
): void {
  const pieces = Math.ceil(payload / size);
  for (let i = pieces - 1; i > 0; i--) {
    const from = at + headersLength + i * size;
    octets.copyWithin(at + i * stride + headersLength, from, from + Math.min(size, payload - i * size));
  }
  // Only now: the headers of an early piece may land on the old place of a later one's payload.
  for (let i = 1; i < pieces; i++) octets.copyWithin(at + i * stride, at, at + headersLength);
}
