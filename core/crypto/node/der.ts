import { concat } from '../../base/octets.ts';

/** The few ASN.1 DER encodings that wrap raw keys for node:crypto. */
export function derSequence(...parts: readonly Uint8Array[]): Uint8Array {
  return derValue(0x30, concat(...parts));
}

/** An INTEGER from an unsigned big-endian number. */
export function derUnsigned(octets: Uint8Array): Uint8Array {
  let start = 0;
  while (start < octets.length - 1 && octets[start] === 0) start++;
  const digits = octets.subarray(start);
  return derValue(0x02, (digits[0] ?? 0) & 0x80 ? concat(new Uint8Array(1), digits) : digits);
}

export function derOctetString(octets: Uint8Array): Uint8Array {
  return derValue(0x04, octets);
}

/** A BIT STRING of whole octets. */
export function derBitString(octets: Uint8Array): Uint8Array {
  return derValue(0x03, concat(new Uint8Array(1), octets));
}

/** Up to 65,535 octets, which no key reaches. */
function derValue(tag: number, content: Uint8Array): Uint8Array {
  const length = content.length;
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return concat(Uint8Array.from(header), content);
}
