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
  const header = concat(uint32(sa.spi), uint32(sequence));
  return concat(header, iv, sa.cipher.seal(header, iv, plaintext));
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

  /** The payload without trailer and its Next Header; selectors and inner headers are not its business. */
  open(packet: Uint8Array): Result<{ payload: Uint8Array; nextHeader: number }, DropCause> {
    const { shape, cipher } = this.#sa;
    const dataAt = 8 + shape.ivOctets;
    if (packet.length < dataAt + 2 + shape.icvOctets) return err('truncated');
    const sequence = new DataView(packet.buffer, packet.byteOffset).getUint32(4);
    if (!this.#accepts(sequence)) return err('replayed');
    if ((packet.length - dataAt - shape.icvOctets) % shape.blockOctets !== 0) return err('truncated');
    const plaintext = cipher.unseal(
      packet.subarray(0, 8),
      packet.subarray(8, dataAt),
      packet.subarray(dataAt),
    );
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

  #accepts(sequence: number): boolean {
    return sequence !== 0 && sequence > this.#highest - this.#window && !this.#seen.has(sequence);
  }
}

function uint32(value: number): Uint8Array {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, value);
  return octets;
}
