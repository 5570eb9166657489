import { writeU32 } from '../base/words.ts';
import type { CipherShape } from '../crypto/interfaces.ts';
import type { Spi } from '../wire/ike/payload.ts';
import { espHeaderOctets, espOctets } from './encapsulation.ts';
import {
  extendedHeaderOctets,
  extendedSequenceMax,
  highHalfAt,
  writeExtendedHeader,
} from './extended-sequence.ts';
import type { PacketBatch } from './packet-batch.ts';
import { paddingOctets, writeTrailer } from './padding.ts';

/** Encrypts where the packet lies. Places are offsets into the packet memory that the sealer was opened on. */
export interface PacketSealer {
  readonly batch?: PacketBatch | undefined;
  /** `highAt`: where 4 octets lie that the ICV of CBC+HMAC covers behind the ciphertext; an AEAD ignores them. */
  seal(
    associatedAt: number,
    associatedLength: number,
    ivAt: number,
    dataAt: number,
    length: number,
    highAt?: number,
  ): void;
  close(): void;
}

/** Writes an unpredictable IV at `at`. */
export type FillIv = (octets: Uint8Array, at: number) => void;

const nextHeaderV4 = 4;
const nextHeaderV6 = 41;
const sequenceMax = 0xffff_ffff;

/**
 * The sending half of a child SA in tunnel mode. One thread owns it: sequence numbers go up by one a packet, in the
 * order of the calls, and never wrap. With extended numbers the packet has their low half.
 *
 * ```
 *  at                  +8       +8+IV              (innerAt)
 *  | SPI | Sequence    | IV     | inner packet | padding | pad length | next header | ICV |
 * ```
 * @rfc 4303 2
 */
export class OutboundSa {
  readonly spi: Spi;
  /** How far behind the ESP header the inner packet must lie. */
  readonly headroom: number;
  readonly #shape: CipherShape;
  readonly #octets: Uint8Array;
  readonly #sealer: PacketSealer;
  readonly #fillIv: FillIv;
  /** Where the extended header is made, or -1. */
  readonly #extendedAt: number;
  readonly #sequenceMax: number;
  #sequence = 0;
  /** Packets in the sealer's batch. */
  #waiting = 0;

  /**
   * `octets` is the memory of the `sealer`. `fillIv` serves ciphers with a random IV; the others count. For extended
   * sequence numbers `extendedAt` is where 12 octets of the memory are free to use during a call.
   */
  constructor(
    spi: Spi,
    shape: CipherShape,
    octets: Uint8Array,
    sealer: PacketSealer,
    fillIv: FillIv,
    extendedAt = -1,
  ) {
    this.spi = spi;
    this.#extendedAt = extendedAt;
    this.#sequenceMax = extendedAt < 0 ? sequenceMax : extendedSequenceMax;
    this.headroom = espHeaderOctets + shape.ivOctets;
    this.#shape = shape;
    this.#octets = octets;
    this.#sealer = sealer;
    this.#fillIv = fillIv;
  }

  /** The last sequence number used. */
  get sequence(): number {
    return this.#sequence;
  }

  /** For an SA that was in use before. */
  skipTo(sequence: number): void {
    if (sequence < this.#sequence) throw new RangeError('sequence numbers never go back');
    this.#sequence = sequence;
  }

  /** Octets of the ESP packet around an inner packet of `innerLength`. */
  lengthFor(innerLength: number): number {
    return espOctets(this.#shape, innerLength);
  }

  /**
   * Makes an ESP packet at `at` around the inner packet of `innerLength` octets that lies at `at + headroom`; it is whole
   * after `finish`, and not touched before. Answers its length, or 0 when the sequence numbers are used up.
   * @rfc 4303 3.3
   */
  encapsulate(at: number, innerLength: number, version: 4 | 6): number {
    if (this.#sequence === this.#sequenceMax) return 0;
    this.#sequence++;
    const octets = this.#octets;
    const ivAt = at + espHeaderOctets;
    const dataAt = at + this.headroom;
    writeU32(octets, at, this.spi);
    writeU32(octets, at + 4, this.#sequence);
    this.#writeIv(ivAt);
    const padding = paddingOctets(innerLength, this.#shape.blockOctets);
    const nextHeader = version === 4 ? nextHeaderV4 : nextHeaderV6;
    const length = innerLength + writeTrailer(octets, dataAt + innerLength, padding, nextHeader);
    this.#seal(at, ivAt, dataAt, length);
    return this.headroom + length + this.#shape.icvOctets;
  }

  /** Encrypts what has gathered. */
  finish(): void {
    if (this.#waiting === 0) return;
    this.#waiting = 0;
    this.#sealer.batch?.run();
  }

  /** Frees the cipher with its key. Idempotent. */
  close(): void {
    this.#sealer.close();
  }

  #seal(at: number, ivAt: number, dataAt: number, length: number): void {
    const extendedAt = this.#extendedAt;
    if (extendedAt < 0) {
      this.#put(at, espHeaderOctets, ivAt, dataAt, length);
      return;
    }
    writeExtendedHeader(this.#octets, extendedAt, this.spi, this.#sequence);
    if (this.#shape.integrityId === 0) this.#put(extendedAt, extendedHeaderOctets, ivAt, dataAt, length);
    else this.#sealer.seal(at, espHeaderOctets, ivAt, dataAt, length, extendedAt + highHalfAt);
  }

  #put(associatedAt: number, associatedLength: number, ivAt: number, dataAt: number, length: number): void {
    const { batch } = this.#sealer;
    if (batch === undefined) {
      this.#sealer.seal(associatedAt, associatedLength, ivAt, dataAt, length);
      return;
    }
    if (this.#waiting === batch.capacity) this.finish();
    batch.put(associatedAt, associatedLength, ivAt, dataAt, length);
    this.#waiting++;
  }

  /** The sequence number is a fine IV for an AEAD: it is unique under the key. @rfc 4106 3.1 @rfc 7634 2 */
  #writeIv(at: number): void {
    const length = this.#shape.ivOctets;
    if (this.#shape.randomIv) {
      this.#fillIv(this.#octets, at);
      return;
    }
    for (let i = 0; i < length - 4; i++) this.#octets[at + i] = 0;
    if (this.#sequence > sequenceMax) writeU32(this.#octets, at + length - 8, this.#sequence / 0x1_0000_0000);
    writeU32(this.#octets, at + length - 4, this.#sequence);
  }
}
