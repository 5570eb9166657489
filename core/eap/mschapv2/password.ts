/**
 * A password as MSCHAPv2 hashes it: UTF-16, little-endian, no terminator; characters beyond the basic plane become
 * surrogate pairs. Works on octets, so that no copy stays behind in a string. Invalid UTF-8 becomes U+FFFD.
 * The result is owned by the caller, who wipes it. @rfc 2759 4
 */
export function utf16LePassword(utf8Octets: Uint8Array): Uint8Array {
  // UTF-16 never needs more than two octets for each octet of UTF-8.
  const units = new Uint8Array(utf8Octets.length * 2);
  let length = 0;
  const put = (unit: number) => {
    units[length++] = unit & 0xff;
    units[length++] = unit >> 8;
  };
  for (let at = 0; at < utf8Octets.length; ) {
    const { codePoint, octets } = decodeCodePoint(utf8Octets, at);
    at += octets;
    if (codePoint < 0x10000) put(codePoint);
    else {
      put(0xd800 + ((codePoint - 0x10000) >> 10));
      put(0xdc00 + ((codePoint - 0x10000) & 0x3ff));
    }
  }
  const result = units.slice(0, length);
  units.fill(0);
  return result;
}

const replacement = { codePoint: 0xfffd, octets: 1 };

function decodeCodePoint(text: Uint8Array, at: number): { codePoint: number; octets: number } {
  const first = text[at] ?? 0;
  if (first < 0x80) return { codePoint: first, octets: 1 };
  const octets = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + octets > text.length) return replacement;
  let codePoint = first & (0x7f >> octets);
  for (let i = 1; i < octets; i++) {
    const next = text[at + i] ?? 0;
    if ((next & 0xc0) !== 0x80) return replacement;
    codePoint = (codePoint << 6) | (next & 0x3f);
  }
  const overlong = (octets === 3 && codePoint < 0x800) || (octets === 4 && codePoint < 0x10000);
  const surrogate = codePoint >= 0xd800 && codePoint < 0xe000;
  return overlong || surrogate || codePoint > 0x10ffff ? replacement : { codePoint, octets };
}
