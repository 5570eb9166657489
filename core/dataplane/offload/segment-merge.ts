import { readU16, readU32, writeU16 } from '../../base/words.ts';
import { fold, pseudoHeaderSum, writeIpv4Checksum } from '../../esp/checksum.ts';
import { type InnerPacket, protocolTcp, protocolUdp } from '../../esp/inner-packet.ts';
import type { SummedMemory } from './summed-memory.ts';
import { type MergedKind, mergedKinds, writeMergedHeader } from './virtio-header.ts';

const flagAck = 0x10;
const flagPush = 0x08;
const headersMax = 128;
const mergedMax = 65_535;
const udpHeaderOctets = 8;
/** UDP_MAX_SEGMENTS of older kernels. */
const udpSegmentsMax = 64;

/**
 * Merges TCP segments, or UDP datagrams, of one flow that follow each other into one super-packet for the kernel. They
 * stay where they are: the first keeps its headers, of the others only the payload counts. Every one's own checksum is
 * verified before it loses it, so a packet that was broken before the tunnel is not made whole by us.
 */
export class SegmentMerge {
  readonly #memory: SummedMemory;
  /** The first segment's headers as they came, to take a merge back. */
  readonly #saved = new Uint8Array(headersMax);
  #version: 4 | 6 = 4;
  #protocol = protocolTcp;
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

  /** Whether datagrams are merged, not segments. */
  get udp(): boolean {
    return this.#protocol === protocolUdp;
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
    this.#protocol = packet.protocol;
    this.#ipHeaderLength = packet.headerLength;
    this.#firstLength = packet.length;
    this.#verified = false;
    this.#closed = false;
    if (!this.udp) this.#follow(packet, this.size);
    return true;
  }

  /** Whether this packet belongs to the flow that is being merged: then it must not overtake what is held back. */
  isOfFlow(packet: InnerPacket): boolean {
    if (this.at < 0 || packet.version !== this.#version || packet.protocol !== this.#protocol) return false;
    const { octets } = this.#memory;
    const addresses = this.#version === 4 ? 12 : 8;
    return (
      same(octets, this.at + this.#ipHeaderLength, packet.transportAt, 4) &&
      same(octets, this.at + addresses, packet.sourceAt, this.#version === 4 ? 8 : 32)
    );
  }

  /** Takes the segment that follows; false when this one does not. It is of the flow (`isOfFlow`). */
  append(packet: InnerPacket): boolean {
    const { octets } = this.#memory;
    if (this.at < 0 || this.#closed || !isPlainData(octets, packet)) return false;
    const headersLength = headersOf(octets, packet);
    const payload = packet.length - headersLength;
    if (headersLength !== this.headersLength || payload > this.size || this.length + payload > mergedMax)
      return false;
    if (!this.#sameIpHeader(packet) || !(this.udp ? this.#roomForDatagram() : this.#sameTcpHeader(packet)))
      return false;
    if (!this.#verified && !this.#verify(this.at, this.#firstLength)) return false;
    this.#verified = true;
    if (!this.#verify(packet.at, packet.length)) return false;
    this.segments++;
    this.length += payload;
    this.#closed = payload < this.size;
    if (!this.udp) this.#follow(packet, payload);
    return true;
  }

  /** Rewrites the first segment's headers for the whole, and the virtio header that lies at `headerAt`. */
  finish(headerAt: number): void {
    const { octets } = this.#memory;
    const { at, length } = this;
    for (let i = 0; i < this.headersLength; i++) this.#saved[i] = octets[at + i] ?? 0;
    const transportAt = at + this.#ipHeaderLength;
    const transportLength = length - this.#ipHeaderLength;
    if (this.#version === 4) {
      writeU16(octets, at + 2, length);
      writeIpv4Checksum(octets, at, this.#ipHeaderLength);
    } else {
      writeU16(octets, at + 4, length - 40);
    }
    if (this.udp) writeU16(octets, transportAt + 4, transportLength);
    else octets[transportAt + 13] = (octets[transportAt + 13] ?? 0) | (this.#lastFlags & flagPush);
    const kind = this.#kind();
    writeU16(octets, transportAt + kind.checksumOffset, this.#pseudoSum(at, transportLength));
    writeMergedHeader(octets, headerAt, kind, this.#ipHeaderLength, this.headersLength, this.size);
  }

  /** Undoes `finish`: the first segment is again as it came. */
  restore(): void {
    this.#memory.octets.set(this.#saved.subarray(0, this.headersLength), this.at);
  }

  #kind(): MergedKind {
    if (this.udp) return mergedKinds.udp;
    return this.#version === 4 ? mergedKinds.tcp4 : mergedKinds.tcp6;
  }

  /** What the next segment must go on from. */
  #follow(packet: InnerPacket, payload: number): void {
    const { octets } = this.#memory;
    this.#nextSequence = (sequenceOf(octets, packet.transportAt) + payload) >>> 0;
    this.#lastFlags = octets[packet.transportAt + 13] ?? 0;
    if ((this.#lastFlags & flagPush) !== 0) this.#closed = true;
  }

  #roomForDatagram(): boolean {
    return this.segments < udpSegmentsMax;
  }

  /** All of the IP header that must not differ. The addresses are those of the flow. */
  #sameIpHeader(packet: InnerPacket): boolean {
    const { octets } = this.#memory;
    const [a, b] = [this.at, packet.at];
    // TOS; flags and offset; TTL. Not length, identification, checksum.
    if (this.#version === 4) return octets[a + 1] === octets[b + 1] && same(octets, a + 6, b + 6, 3);
    // Traffic class and flow label; hop limit.
    return same(octets, a, b, 4) && octets[a + 7] === octets[b + 7];
  }

  /** It goes on where the last one ended, with the same acknowledgement, window and options. */
  #sameTcpHeader(packet: InnerPacket): boolean {
    const { octets } = this.#memory;
    const transportA = this.at + this.#ipHeaderLength;
    const transportB = packet.transportAt;
    const optionsLength = this.headersLength - this.#ipHeaderLength - 20;
    return (
      sequenceOf(octets, transportB) === this.#nextSequence &&
      same(octets, transportA + 8, transportB + 8, 5) &&
      same(octets, transportA + 14, transportB + 14, 2) &&
      same(octets, transportA + 20, transportB + 20, optionsLength)
    );
  }

  #verify(at: number, length: number): boolean {
    const transportLength = length - this.#ipHeaderLength;
    const sum = this.#memory.sum(at + this.#ipHeaderLength, transportLength);
    return fold(sum + this.#pseudoSum(at, transportLength)) === 0xffff;
  }

  #pseudoSum(at: number, transportLength: number): number {
    const sourceAt = at + (this.#version === 4 ? 12 : 8);
    return pseudoHeaderSum(this.#memory.octets, this.#version, sourceAt, this.#protocol, transportLength);
  }
}

/**
 * TCP with payload and no flags but ACK and PSH, or UDP with payload; whole, without IP options or extension headers.
 */
function isPlainData(octets: Uint8Array, packet: InnerPacket): boolean {
  if (packet.fragment || packet.sourcePort < 0) return false;
  const plainLength = packet.version === 4 ? 20 : 40;
  if (packet.transportAt !== packet.at + plainLength) return false;
  if (packet.protocol === protocolUdp) return isPlainDatagram(octets, packet, plainLength);
  if (packet.protocol !== protocolTcp || packet.length < plainLength + 20) return false;
  if (((octets[packet.transportAt + 13] ?? 0) & ~flagPush) !== flagAck) return false;
  const headersLength = headersOf(octets, packet);
  return headersLength >= plainLength + 20 && headersLength < packet.length;
}

/** Its own length must be that of the packet: what lies behind it would be lost. */
function isPlainDatagram(octets: Uint8Array, packet: InnerPacket, plainLength: number): boolean {
  const at = packet.transportAt;
  return (
    packet.length > plainLength + udpHeaderOctets && readU16(octets, at + 4) === packet.length - plainLength
  );
}

function headersOf(octets: Uint8Array, packet: InnerPacket): number {
  const ip = packet.transportAt - packet.at;
  if (packet.protocol === protocolUdp) return ip + udpHeaderOctets;
  return ip + ((octets[packet.transportAt + 12] ?? 0) >> 4) * 4;
}

function sequenceOf(octets: Uint8Array, transportAt: number): number {
  return readU32(octets, transportAt + 4);
}

function same(octets: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (octets[a + i] !== octets[b + i]) return false;
  return true;
}
