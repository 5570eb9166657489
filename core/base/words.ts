/** Big-endian numbers at a place in an octet string, for loops over packets. What lies past its end reads as 0. */

export function readU16(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
}

export function readU32(octets: Uint8Array, at: number): number {
  return (
    (((octets[at] ?? 0) << 24) |
      ((octets[at + 1] ?? 0) << 16) |
      ((octets[at + 2] ?? 0) << 8) |
      (octets[at + 3] ?? 0)) >>>
    0
  );
}

export function writeU16(octets: Uint8Array, at: number, value: number): void {
  octets[at] = value >> 8;
  octets[at + 1] = value & 0xff;
}

export function readU64(octets: Uint8Array, at: number): bigint {
  return (BigInt(readU32(octets, at)) << 32n) | BigInt(readU32(octets, at + 4));
}

/** All of them, two octets each; an odd octet at the end is left out. */
export function readU16List(octets: Uint8Array): readonly number[] {
  return Array.from({ length: octets.length >> 1 }, (_, i) => readU16(octets, 2 * i));
}

/** Two octets for each value. */
export function u16List(values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}

/** The low 32 bits of `value`. */
export function writeU32(octets: Uint8Array, at: number, value: number): void {
  octets[at] = value >>> 24;
  octets[at + 1] = value >>> 16;
  octets[at + 2] = value >>> 8;
  octets[at + 3] = value;
}
