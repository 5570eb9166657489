import { type InnerPacket, protocolTcp } from '../../esp/inner-packet.ts';
import { fold, pseudoHeaderSum, writeIpv4Checksum } from './checksum.ts';
import type { SummedMemory } from './summed-memory.ts';
import { writeMergedHeader } from './virtio-header.ts';

const flagAck = 0x10;
const flagPush = 0x08;
const headersMax = 128;
const mergedMax = 65_535;

/**
 * Merges TCP segments of one flow that follow each other into one super-packet for the kernel. The segments stay
 * where they are: the first keeps its headers, of the others only the payload counts. Every segment's own checksum is
 * verified before it loses it, so a packet that was broken before the tunnel is not made whole by us.
 */
export class TcpMerge {
  readonly #memory: SummedMemory;
  /** The first segment's headers as they came, to take a merge back. */
  readonly #saved = new Uint8Array(headersMax);
  #version: 4 | 6 = 4;
  #ipHeaderLength = 0;
  #nextSequence = 0;
  #closed = false;
  #verified = false;
  #firstLength = 0;
  #lastFlags = 0;
  /** Where the first segment begins; -1 when there is none. */
  at = -1;
  headersLength = 0;
  /** Payload of each segment but the last. */
  size = 0;
  segments = 0;
  /** Of the merged packet, headers included. */
  length = 0;

  constructor(memory: SummedMemory) {
    this.#memory = memory;
  }

  get empty(): boolean {
    return this.at < 0;
  }

  clear(): void {
    this.at = -1;
    this.segments = 0;
  }

  /** Octets of the first segment as it came. */
  get firstLength(): number {
    return this.#firstLength;
  }

  /** Begins with this segment. False when it is not one that can be merged: send it as it is. */
  begin(packet: InnerPacket): boolean {
    const { octets } = this.#memory;
    if (!isPlainData(octets, packet)) return false;
    const headersLength = headersOf(octets, packet);
    this.at = packet.at;
    this.headersLength = headersLength;
    this.size = packet.length - headersLength;
    this.segments = 1;
    this.length = packet.length;
    this.#version = packet.version;
    this.#ipHeaderLength = packet.headerLength;
    this.#firstLength = packet.length;
    this.#nextSequence = (sequenceOf(octets, packet.transportAt) + this.size) >>> 0;
    this.#lastFlags = octets[packet.transportAt + 13] ?? 0;
    this.#closed = (this.#lastFlags & flagPush) !== 0;
    this.#verified = false;
    return true;
  }

  /** Takes the segment that follows; false when this one does not. */
  append(packet: InnerPacket): boolean {
    const { octets } = this.#memory;
    if (this.at < 0 || this.#closed || packet.version !== this.#version || !isPlainData(octets, packet))
      return false;
    const headersLength = headersOf(octets, packet);
    const payload = packet.length - headersLength;
    if (headersLength !== this.headersLength || payload > this.size || this.length + payload > mergedMax)
      return false;
    if (sequenceOf(octets, packet.transportAt) !== this.#nextSequence || !this.#sameHeaders(packet))
      return false;
    if (!this.#verified && !this.#verify(this.at, this.#firstLength)) return false;
    this.#verified = true;
    if (!this.#verify(packet.at, packet.length)) return false;
    this.segments++;
    this.length += payload;
    this.#nextSequence = (this.#nextSequence + payload) >>> 0;
    this.#lastFlags = octets[packet.transportAt + 13] ?? 0;
    this.#closed = payload < this.size || (this.#lastFlags & flagPush) !== 0;
    return true;
  }

  /** Rewrites the first segment's headers for the whole, and the virtio header that lies at `headerAt`. */
  finish(headerAt: number): void {
    const { octets } = this.#memory;
    const { at, length } = this;
    for (let i = 0; i < this.headersLength; i++) this.#saved[i] = octets[at + i] ?? 0;
    const transportAt = at + this.#ipHeaderLength;
    if (this.#version === 4) {
      writeWord(octets, at + 2, length);
      writeIpv4Checksum(octets, at, this.#ipHeaderLength);
    } else {
      writeWord(octets, at + 4, length - 40);
    }
    octets[transportAt + 13] = (octets[transportAt + 13] ?? 0) | (this.#lastFlags & flagPush);
    const sourceAt = at + (this.#version === 4 ? 12 : 8);
    const transportLength = length - this.#ipHeaderLength;
    writeWord(
      octets,
      transportAt + 16,
      pseudoHeaderSum(octets, this.#version, sourceAt, protocolTcp, transportLength),
    );
    writeMergedHeader(octets, headerAt, this.#version, this.#ipHeaderLength, this.headersLength, this.size);
  }

  /** Undoes `finish`: the first segment is again as it came. */
  restore(): void {
    this.#memory.octets.set(this.#saved.subarray(0, this.headersLength), this.at);
  }

  /** Addresses, ports, acknowledgement, window, options, and all of the IP header that must not differ. */
  #sameHeaders(packet: InnerPacket): boolean {
    const { octets } = this.#memory;
    const [a, b] = [this.at, packet.at];
    if (this.#version === 4) {
      // TOS; flags and offset; TTL and protocol; addresses. Not length, identification, checksum.
      if (octets[a + 1] !== octets[b + 1]) return false;
      if (!same(octets, a + 6, b + 6, 4) || !same(octets, a + 12, b + 12, 8)) return false;
    } else if (!same(octets, a, b, 4) || !same(octets, a + 6, b + 6, 34)) return false;
    const transportA = a + this.#ipHeaderLength;
    const transportB = packet.transportAt;
    const optionsLength = this.headersLength - this.#ipHeaderLength - 20;
    return (
      same(octets, transportA, transportB, 4) &&
      same(octets, transportA + 8, transportB + 8, 5) &&
      same(octets, transportA + 14, transportB + 14, 2) &&
      same(octets, transportA + 20, transportB + 20, optionsLength)
    );
  }

  #verify(at: number, length: number): boolean {
    const sourceAt = at + (this.#version === 4 ? 12 : 8);
    const transportLength = length - this.#ipHeaderLength;
    const { octets } = this.#memory;
    const pseudo = pseudoHeaderSum(octets, this.#version, sourceAt, protocolTcp, transportLength);
    return fold(this.#memory.sum(at + this.#ipHeaderLength, transportLength) + pseudo) === 0xffff;
  }
}

/** TCP with payload, no flags but ACK and PSH, whole, without IP options or extension headers. */
function isPlainData(octets: Uint8Array, packet: InnerPacket): boolean {
  if (packet.protocol !== protocolTcp || packet.fragment || packet.sourcePort < 0) return false;
  const plainLength = packet.version === 4 ? 20 : 40;
  if (packet.transportAt !== packet.at + plainLength || packet.length < plainLength + 20) return false;
  if (((octets[packet.transportAt + 13] ?? 0) & ~flagPush) !== flagAck) return false;
  const headersLength = headersOf(octets, packet);
  return headersLength >= plainLength + 20 && headersLength < packet.length;
}

function headersOf(octets: Uint8Array, packet: InnerPacket): number {
  return packet.transportAt - packet.at + ((octets[packet.transportAt + 12] ?? 0) >> 4) * 4;
}

function sequenceOf(octets: Uint8Array, transportAt: number): number {
  const at = transportAt + 4;
  return (readWord(octets, at) * 0x10000 + readWord(octets, at + 2)) >>> 0;
}

function same(octets: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (octets[a + i] !== octets[b + i]) return false;
  return true;
}

function readWord(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
}

function writeWord(octets: Uint8Array, at: number, value: number): void {
  octets[at] = value >> 8;
  octets[at + 1] = value & 0xff;
}
