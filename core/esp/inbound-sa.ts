import type { CipherShape } from '../crypto/interfaces.ts';
import type { Spi } from '../wire/ike/payload.ts';
import { dropIndex } from './drop-cause.ts';
import { espHeaderOctets } from './encapsulation.ts';
import { extendedHeaderOctets, highHalfAt, wholeSequence, writeExtendedHeader } from './extended-sequence.ts';
import { type InnerPacket, readInnerPacket } from './inner-packet.ts';
import { readTrailer } from './padding.ts';
import { ReplayWindow } from './replay-window.ts';
import type { ChildSelectors } from './selectors.ts';

/** Verifies and decrypts where the packet lies; false when the ICV is wrong. */
export interface PacketOpener {
  /** `highAt` as in `PacketSealer`. */
  open(
    associatedAt: number,
    associatedLength: number,
    ivAt: number,
    dataAt: number,
    length: number,
    highAt?: number,
  ): boolean;
  close(): void;
}

const nextHeaderV4 = 4;
const nextHeaderV6 = 41;
const nextHeaderNone = 59;

const truncated = dropIndex('truncated');
const replayed = dropIndex('replayed');
const badTag = dropIndex('bad-tag');
const badPadding = dropIndex('padding');
const badNextHeader = dropIndex('next-header');
const dummy = dropIndex('dummy');
const badInner = dropIndex('malformed');
const outside = dropIndex('selector');

/**
 * The receiving half of a child SA in tunnel mode. One thread owns it. The order of the checks is RFC 4303's:
 * window, ICV, window's commit, trailer, inner header, selectors. @rfc 4303 3.4 @rfc 4301 5.2
 */
export class InboundSa {
  readonly spi: Spi;
  readonly replay: ReplayWindow;
  readonly #headroom: number;
  readonly #shape: CipherShape;
  readonly #octets: Uint8Array;
  readonly #opener: PacketOpener;
  readonly #selectors: ChildSelectors;
  readonly #shortest: number;
  /** Where the extended header is made, or -1. */
  readonly #extendedAt: number;
  #newest = false;

  /**
   * `octets` is the memory of the `opener`; `windowPackets` the replay window's size. For extended sequence numbers
   * `extendedAt` is where 12 octets of the memory are free to use during a call.
   */
  constructor(
    spi: Spi,
    shape: CipherShape,
    octets: Uint8Array,
    opener: PacketOpener,
    selectors: ChildSelectors,
    windowPackets: number,
    extendedAt = -1,
  ) {
    this.spi = spi;
    this.#extendedAt = extendedAt;
    this.replay = new ReplayWindow(windowPackets);
    this.#headroom = espHeaderOctets + shape.ivOctets;
    this.#shape = shape;
    this.#octets = octets;
    this.#opener = opener;
    this.#selectors = selectors;
    this.#shortest = this.#headroom + 2 + shape.icvOctets;
  }

  /** Whether the last authentic packet had the highest sequence number so far: only such a one may move the peer. */
  get newest(): boolean {
    return this.#newest;
  }

  /**
   * Takes the ESP packet of `length` octets at `at`. Answers 0 and fills `packet`, which lies in the same memory; or
   * the index of why it was dropped (`dropCauses`).
   */
  decapsulate(at: number, length: number, packet: InnerPacket): number {
    const octets = this.#octets;
    this.#newest = false;
    if (length < this.#shortest) return truncated;
    const sequence = this.#sequenceOf(readWord(octets, at + 4));
    if (!this.replay.accepts(sequence)) return replayed;
    const dataAt = at + this.#headroom;
    const dataLength = length - this.#headroom - this.#shape.icvOctets;
    if (dataLength % this.#shape.blockOctets !== 0) return truncated;
    if (!this.#open(at, sequence, dataAt, dataLength)) return badTag;
    this.#newest = sequence > this.replay.highest;
    this.replay.commit(sequence);
    const end = dataAt + dataLength;
    const payload = readTrailer(octets, dataAt, end);
    if (payload < 0) return badPadding;
    return this.#check(dataAt, payload, octets[end - 1] ?? 0, packet);
  }

  /** Frees the cipher with its key. Idempotent. */
  close(): void {
    this.#opener.close();
  }

  #sequenceOf(low: number): number {
    return this.#extendedAt < 0 ? low : wholeSequence(low, this.replay.highest, this.replay.size);
  }

  #open(at: number, sequence: number, dataAt: number, length: number): boolean {
    const extendedAt = this.#extendedAt;
    const ivAt = at + espHeaderOctets;
    if (extendedAt < 0) return this.#opener.open(at, espHeaderOctets, ivAt, dataAt, length);
    writeExtendedHeader(this.#octets, extendedAt, this.spi, sequence);
    return this.#shape.integrityId === 0
      ? this.#opener.open(extendedAt, extendedHeaderOctets, ivAt, dataAt, length)
      : this.#opener.open(at, espHeaderOctets, ivAt, dataAt, length, extendedAt + highHalfAt);
  }

  #check(at: number, length: number, nextHeader: number, packet: InnerPacket): number {
    if (nextHeader === nextHeaderNone) return dummy;
    if (nextHeader !== nextHeaderV4 && nextHeader !== nextHeaderV6) return badNextHeader;
    if (!readInnerPacket(this.#octets, at, length, packet)) return badInner;
    if ((packet.version === 4) !== (nextHeader === nextHeaderV4)) return badInner;
    return this.#selectors.takesInbound(this.#octets, packet) ? 0 : outside;
  }
}

function readWord(octets: Uint8Array, at: number): number {
  return (
    (((octets[at] ?? 0) << 24) |
      ((octets[at + 1] ?? 0) << 16) |
      ((octets[at + 2] ?? 0) << 8) |
      (octets[at + 3] ?? 0)) >>>
    0
  );
}
