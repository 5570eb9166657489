import { readU16, writeU16 } from '../base/words.ts';
import { writeIpv4Checksum } from './checksum.ts';
import type { InnerPacket } from './inner-packet.ts';
import { spreadPieces } from './spread-pieces.ts';

const moreFragments = 0x2000;
const offsetBits = 0x1fff;
const optionEnd = 0;
const optionNop = 1;
/** Of an option's type: it belongs into every fragment. */
const optionCopied = 0x80;

/**
 * An IPv4 packet cut into fragments where it lies; it may be a fragment itself. One object serves all packets. A fragment
 * has as many octets of header as the whole: options that belong only into the first become padding in the others.
 * @rfc 791 3.2
 */
export class Ipv4Fragments {
  pieces = 0;
  readonly #octets: Uint8Array;
  #headerLength = 0;
  #payload = 0;
  /** Payload of each fragment but the last: whole units of eight octets. */
  #size = 0;
  #fragmentBits = 0;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  /** Reads an IPv4 packet that is to become fragments of at most `mtu` octets; false when that cannot be. */
  read(packet: InnerPacket, mtu: number): boolean {
    const { at, length, headerLength } = packet;
    this.#headerLength = headerLength;
    this.#payload = length - headerLength;
    this.#size = (mtu - headerLength) & ~7;
    this.#fragmentBits = readU16(this.#octets, at + 6);
    if (packet.version !== 4 || this.#size < 8 || this.#payload === 0) return false;
    this.pieces = Math.ceil(this.#payload / this.#size);
    const last = (this.#fragmentBits & offsetBits) + ((this.pieces - 1) * this.#size) / 8;
    return last <= offsetBits;
  }

  /** Octets of fragment `i` with its header. All but the last have the same. */
  lengthOf(i: number): number {
    return this.#headerLength + Math.min(this.#size, this.#payload - i * this.#size);
  }

  /** Moves the fragments of the packet at `at` apart, `i` to `at + i * stride`; `stride` is at least `lengthOf(0)`. */
  spread(at: number, stride: number): void {
    spreadPieces(this.#octets, at, this.#headerLength, this.#payload, this.#size, stride);
  }

  /** Makes fragment `i`, spread to `at`, a packet of its own: length, offset, flags, options, checksum. */
  finish(i: number, at: number): void {
    const octets = this.#octets;
    const bits = this.#fragmentBits + (i * this.#size) / 8;
    writeU16(octets, at + 2, this.lengthOf(i));
    writeU16(octets, at + 6, i < this.pieces - 1 ? bits | moreFragments : bits);
    if (i > 0) leaveOutOptions(octets, at + 20, at + this.#headerLength);
    writeIpv4Checksum(octets, at, this.#headerLength);
  }
}

/** Those that are not to be copied. What cannot be read is left as it is. */
function leaveOutOptions(octets: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end; ) {
    const type = octets[at] ?? 0;
    if (type === optionEnd) return;
    const length = type === optionNop ? 1 : (octets[at + 1] ?? 0);
    if (length < 1 || (type !== optionNop && length < 2) || at + length > end) return;
    if ((type & optionCopied) === 0) octets.fill(optionNop, at, at + length);
    at += length;
  }
}
