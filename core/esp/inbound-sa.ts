import { readU32 } from '../base/words.ts';
import type { CipherShape } from '../crypto/interfaces.ts';
import type { Spi } from '../wire/ike/payload.ts';
import { dropIndex } from './drop-cause.ts';
import { espHeaderOctets } from './encapsulation.ts';
import { extendedHeaderOctets, highHalfAt, wholeSequence, writeExtendedHeader } from './extended-sequence.ts';
import { type InnerPacket, readInnerPacket } from './inner-packet.ts';
import type { PacketBatch } from './packet-batch.ts';
import { readTrailer } from './padding.ts';
import { ReplayWindow } from './replay-window.ts';
import type { ChildSelectors } from './selectors.ts';

/** Verifies and decrypts where the packet lies; false when the ICV is wrong. */
export interface PacketOpener {
  readonly batch?: PacketBatch | undefined;
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

/** Without a batch each packet is opened as it is begun. */
const oneByOne = 1;

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
  // What was begun: sequence number, place and length of the data, and of those without a batch the verdict.
  readonly #sequences: Float64Array;
  readonly #places: Uint32Array;
  readonly #lengths: Uint32Array;
  #begun = 0;
  #verdict = false;

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
    const capacity = opener.batch?.capacity ?? oneByOne;
    this.#sequences = new Float64Array(capacity);
    this.#places = new Uint32Array(capacity);
    this.#lengths = new Uint32Array(capacity);
  }

  /** Whether the last authentic packet had the highest sequence number so far: only such a one may move the peer. */
  get newest(): boolean {
    return this.#newest;
  }

  /** One packet alone: `begin`, `run` and `complete`. None may have been begun before it. */
  decapsulate(at: number, length: number, packet: InnerPacket): number {
    this.#newest = false;
    const dropped = this.begin(at, length);
    if (dropped !== 0) return dropped;
    this.run();
    return this.complete(0, packet);
  }

  /** Whether `begin` has no place. */
  get full(): boolean {
    return this.#begun === this.#places.length;
  }

  /**
   * Takes the ESP packet of `length` octets at `at`; what lies there must stay until it is completed. Answers 0, or the index of
   * why it was dropped at once (`dropCauses`).
   */
  begin(at: number, length: number): number {
    if (length < this.#shortest) return truncated;
    const sequence = this.#sequenceOf(readU32(this.#octets, at + 4));
    if (!this.replay.accepts(sequence)) return replayed;
    const dataAt = at + this.#headroom;
    const dataLength = length - this.#headroom - this.#shape.icvOctets;
    if (dataLength % this.#shape.blockOctets !== 0) return truncated;
    const i = this.#begun++;
    this.#sequences[i] = sequence;
    this.#places[i] = dataAt;
    this.#lengths[i] = dataLength;
    this.#open(at, sequence, dataAt, dataLength);
    return 0;
  }

  /** Verifies and decrypts what was begun: the number of packets to be completed, in their order. */
  run(): number {
    const count = this.#begun;
    this.#begun = 0;
    if (count > 0) this.#opener.batch?.run();
    return count;
  }

  /**
   * Packet `i` of those that were run. Answers 0 and fills `packet`, which lies in the same memory; or the index of why it was
   * dropped.
   */
  complete(i: number, packet: InnerPacket): number {
    const octets = this.#octets;
    this.#newest = false;
    const sequence = this.#sequences[i] ?? 0;
    const dataAt = this.#places[i] ?? 0;
    const dataLength = this.#lengths[i] ?? 0;
    // Once more: those before it have moved the window, and one may have had the same number.
    if (!this.replay.accepts(sequence)) return replayed;
    if (!(this.#opener.batch?.verified(i) ?? this.#verdict)) return badTag;
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

  #open(at: number, sequence: number, dataAt: number, length: number): void {
    const extendedAt = this.#extendedAt;
    const ivAt = at + espHeaderOctets;
    if (extendedAt < 0) return this.#put(at, espHeaderOctets, ivAt, dataAt, length);
    writeExtendedHeader(this.#octets, extendedAt, this.spi, sequence);
    if (this.#shape.integrityId === 0)
      return this.#put(extendedAt, extendedHeaderOctets, ivAt, dataAt, length);
    const highAt = extendedAt + highHalfAt;
    this.#verdict = this.#opener.open(at, espHeaderOctets, ivAt, dataAt, length, highAt);
  }

  #put(associatedAt: number, associatedLength: number, ivAt: number, dataAt: number, length: number): void {
    const { batch } = this.#opener;
    if (batch !== undefined) batch.put(associatedAt, associatedLength, ivAt, dataAt, length);
    else this.#verdict = this.#opener.open(associatedAt, associatedLength, ivAt, dataAt, length);
  }

  #check(at: number, length: number, nextHeader: number, packet: InnerPacket): number {
    if (nextHeader === nextHeaderNone) return dummy;
    if (nextHeader !== nextHeaderV4 && nextHeader !== nextHeaderV6) return badNextHeader;
    if (!readInnerPacket(this.#octets, at, length, packet)) return badInner;
    if ((packet.version === 4) !== (nextHeader === nextHeaderV4)) return badInner;
    return this.#selectors.takesInbound(this.#octets, packet) ? 0 : outside;
  }
}
