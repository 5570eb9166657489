import { concat } from '../base/octets.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { CipherShape, OpenPacketCipher } from '../crypto/interfaces.ts';
import type { Spi } from '../wire/ike/payload.ts';
import type { DropCause } from './drop-cause.ts';

/**
 * ESP in tunnel mode as RFC 4303 tells it, slow and obvious: new arrays for everything, a Set for the replay window.
 * The packet path is compared with it.
 */
export interface ReferenceSa {
  readonly spi: Spi;
  readonly shape: CipherShape;
  readonly cipher: OpenPacketCipher;
  /**
   * Extended sequence numbers. `icv` is that of CBC+HMAC over all its octets: the cipher itself knows nothing of the high
   * half behind the ciphertext. An AEAD doesn't need it.
   */
  readonly extended?: { readonly icv: (octets: Uint8Array) => Uint8Array };
}

/** What the ICV covers of a number, 64 bits: high half, low half. */
function halves(sequence: number): { readonly high: Uint8Array; readonly low: Uint8Array } {
  return {
    high: uint32(Number(BigInt(sequence) >> 32n)),
    low: uint32(Number(BigInt(sequence) & 0xffff_ffffn)),
  };
}

/** `ciphertext || ICV`. @rfc 4303 2.2.1 */
function sealPayload(sa: ReferenceSa, sequence: number, iv: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const { high, low } = halves(sequence);
  const header = concat(uint32(sa.spi), low);
  if (sa.extended === undefined) return sa.cipher.seal(header, iv, plaintext);
  if (sa.shape.integrityId === 0) return sa.cipher.seal(concat(uint32(sa.spi), high, low), iv, plaintext);
  const ciphertext = sa.cipher.seal(header, iv, plaintext).slice(0, plaintext.length);
  return concat(ciphertext, sa.extended.icv(concat(header, iv, ciphertext, high)));
}

/** The plaintext, or `undefined` when the ICV is not that of this sequence number. */
function unsealPayload(
  sa: ReferenceSa,
  sequence: number,
  iv: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const { high, low } = halves(sequence);
  const header = concat(uint32(sa.spi), low);
  if (sa.extended === undefined) return sa.cipher.unseal(header, iv, sealed);
  if (sa.shape.integrityId === 0) return sa.cipher.unseal(concat(uint32(sa.spi), high, low), iv, sealed);
  const { icvOctets } = sa.shape;
  const ciphertext = sealed.slice(0, sealed.length - icvOctets);
  const expected = sa.extended.icv(concat(header, iv, ciphertext, high));
  if (sealed.slice(-icvOctets).some((octet, i) => octet !== expected[i])) return undefined;
  return sa.cipher.unseal(header, iv, concat(ciphertext, sa.extended.icv(concat(header, iv, ciphertext))));
}

/** The ESP packet for `inner`. `padding` octets are 1, 2, 3, …; `extra` is what follows the inner packet (TFC). */
export function referenceSeal(
  sa: ReferenceSa,
  sequence: number,
  iv: Uint8Array,
  inner: Uint8Array,
  options: { readonly nextHeader?: number; readonly padding?: Uint8Array; readonly extra?: Uint8Array } = {},
): Uint8Array {
  const payload = concat(inner, options.extra ?? new Uint8Array(0));
  const boundary = Math.max(4, sa.shape.blockOctets);
  let padLength = 0;
  while ((payload.length + padLength + 2) % boundary !== 0) padLength++;
  const padding = options.padding ?? Uint8Array.from({ length: padLength }, (_, i) => i + 1);
  const nextHeader = options.nextHeader ?? ((inner[0] ?? 0) >> 4 === 6 ? 41 : 4);
  const plaintext = concat(payload, padding, Uint8Array.of(padding.length, nextHeader));
  const { low } = halves(sequence);
  return concat(uint32(sa.spi), low, iv, sealPayload(sa, sequence, iv, plaintext));
}

/** The receiver: keeps every sequence number it has seen. */
export class ReferenceReceiver {
  readonly #sa: ReferenceSa;
  readonly #window: number;
  readonly #seen = new Set<number>();
  #highest = 0;

  constructor(sa: ReferenceSa, window: number) {
    this.#sa = sa;
    this.#window = window;
  }

  /** For an SA that was in use before: `sequence` was the last number. */
  skipTo(sequence: number): void {
    this.#highest = sequence;
    if (sequence > 0) this.#seen.add(sequence);
  }

  /** The payload without trailer and its Next Header; selectors and inner headers are not its business. */
  open(packet: Uint8Array): Result<{ payload: Uint8Array; nextHeader: number }, DropCause> {
    const { shape } = this.#sa;
    const dataAt = 8 + shape.ivOctets;
    if (packet.length < dataAt + 2 + shape.icvOctets) return err('truncated');
    const sequence = this.#sequenceOf(new DataView(packet.buffer, packet.byteOffset).getUint32(4));
    if (!this.#accepts(sequence)) return err('replayed');
    if ((packet.length - dataAt - shape.icvOctets) % shape.blockOctets !== 0) return err('truncated');
    const plaintext = unsealPayload(this.#sa, sequence, packet.subarray(8, dataAt), packet.subarray(dataAt));
    if (plaintext === undefined) return err('bad-tag');
    this.#seen.add(sequence);
    this.#highest = Math.max(this.#highest, sequence);
    const padLength = plaintext.at(-2) ?? 0;
    const payloadLength = plaintext.length - 2 - padLength;
    if (payloadLength < 0) return err('padding');
    const padding = plaintext.subarray(payloadLength, -2);
    if (padding.some((octet, i) => octet !== i + 1)) return err('padding');
    return ok({ payload: plaintext.slice(0, payloadLength), nextHeader: plaintext.at(-1) ?? 0 });
  }

  /**
   * Of all numbers with this low half the lowest that is not left of the window: what RFC 4303 A2 says in few words.
   */
  #sequenceOf(low: number): number {
    if (this.#sa.extended === undefined) return low;
    let sequence = low;
    while (sequence <= this.#highest - this.#window) sequence += 2 ** 32;
    return sequence;
  }

  #accepts(sequence: number): boolean {
    return sequence !== 0 && sequence > this.#highest - this.#window && !this.#seen.has(sequence);
  }
}

function uint32(value: number): Uint8Array {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, value);
  return octets;
}
