/** One value in DER: its tag octet, and where its content stands. */
export interface Tlv {
  readonly tag: number;
  /** Of the tag octet. */
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Reads the header of the value at `at`, which must end at `limit` or before. Nothing is decoded and nothing copied: for lists that are too
 * long to decode as a whole. `undefined` for a tag of several octets, an indefinite length, or a length that does not fit.
 */
export function readTlv(octets: Uint8Array, at: number, limit: number): Tlv | undefined {
  const tag = octets[at] ?? 0x1f;
  const first = octets[at + 1] ?? 0x80;
  if ((tag & 0x1f) === 0x1f || at + 2 > limit) return undefined;
  const more = first & 0x80 ? first & 0x7f : 0;
  if (first === 0x80 || more > 4) return undefined;
  let length = more === 0 ? first : 0;
  for (let i = 0; i < more; i++) length = length * 256 + (octets[at + 2 + i] ?? 0);
  const start = at + 2 + more;
  return start + length <= limit ? { tag, at, start, end: start + length } : undefined;
}

/** The values inside of `outer`, up to `most` of them; `undefined` when they do not fill it. */
export function readTlvs(
  octets: Uint8Array,
  outer: Pick<Tlv, 'start' | 'end'>,
  most: number,
): readonly Tlv[] | undefined {
  const values: Tlv[] = [];
  for (let at = outer.start; at < outer.end; ) {
    const value = readTlv(octets, at, outer.end);
    if (value === undefined || values.length >= most) return undefined;
    values.push(value);
    at = value.end;
  }
  return values;
}
