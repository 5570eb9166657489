import { readU16, readU32, writeU16, writeU32 } from '../../base/words.ts';
import { fold, pseudoHeaderSum, writeIpv4Checksum } from '../../esp/checksum.ts';
import { type InnerPacket, protocolTcp, protocolUdp } from '../../esp/inner-packet.ts';
import { spreadPieces } from '../../esp/spread-pieces.ts';
import type { SummedMemory } from './summed-memory.ts';
import { gsoTcp4, gsoTcp6, gsoUdp, type VirtioHeader } from './virtio-header.ts';

const flagsFinPush = 0x09;
const flagCwr = 0x80;
const udpHeaderOctets = 8;

/**
 * A packet larger than the MTU, as TCP or UDP segmentation offload hands it over: headers once, then the payload of
 * many segments. It is cut where it lies: `spread` moves the pieces apart so that each has room for the ESP fields
 * around it, `finish` gives each its own headers. One object serves all super-packets.
 */
export class SuperPacket {
  /** Of IP and transport header together. */
  headersLength = 0;
  segments = 0;
  #memory: SummedMemory;
  #version: 4 | 6 = 4;
  #ipHeaderLength = 0;
  #protocol = 0;
  #payload = 0;
  #size = 0;
  #identification = 0;
  #sequence = 0;
  #flags = 0;

  constructor(memory: SummedMemory) {
    this.#memory = memory;
  }

  /** Reads a super-packet; false when header and packet contradict each other, or the kind is not known. */
  read(packet: InnerPacket, header: VirtioHeader): boolean {
    const { octets } = this.#memory;
    const tcp = header.gsoType === (packet.version === 4 ? gsoTcp4 : gsoTcp6);
    if (!tcp && header.gsoType !== gsoUdp) return false;
    if (packet.protocol !== (tcp ? protocolTcp : protocolUdp) || packet.fragment || header.gsoSize === 0)
      return false;
    const transportAt = packet.transportAt;
    const end = packet.at + packet.length;
    const minimum = tcp ? 20 : udpHeaderOctets;
    if (transportAt + minimum > end) return false;
    const transportLength = tcp ? ((octets[transportAt + 12] ?? 0) >> 4) * 4 : udpHeaderOctets;
    if (transportLength < minimum || transportAt + transportLength >= end) return false;
    this.#version = packet.version;
    this.#protocol = packet.protocol;
    this.#ipHeaderLength = transportAt - packet.at;
    this.headersLength = this.#ipHeaderLength + transportLength;
    this.#size = header.gsoSize;
    this.#payload = packet.length - this.headersLength;
    this.segments = Math.ceil(this.#payload / this.#size);
    this.#identification = readU16(octets, packet.at + 4);
    this.#sequence = tcp ? readU32(octets, transportAt + 4) : 0;
    this.#flags = tcp ? (octets[transportAt + 13] ?? 0) : 0;
    return true;
  }

  /** Octets of segment `i` with its headers. All but the last have the same. */
  lengthOf(i: number): number {
    const left = this.#payload - i * this.#size;
    return this.headersLength + Math.min(left, this.#size);
  }

  /** Moves the segments of the packet at `at` apart, `i` to `at + i * stride`; `stride` is at least `lengthOf(0)`. */
  spread(at: number, stride: number): void {
    spreadPieces(this.#memory.octets, at, this.headersLength, this.#payload, this.#size, stride);
  }

  /** Makes segment `i`, spread to `at`, a packet of its own: lengths, identification, sequence, flags, checksums. */
  finish(i: number, at: number): void {
    const { octets } = this.#memory;
    const length = this.lengthOf(i);
    const transportAt = at + this.#ipHeaderLength;
    const transportLength = length - this.#ipHeaderLength;
    if (this.#version === 4) {
      writeU16(octets, at + 2, length);
      writeU16(octets, at + 4, (this.#identification + i) & 0xffff);
      writeIpv4Checksum(octets, at, this.#ipHeaderLength);
    } else {
      writeU16(octets, at + 4, length - 40);
    }
    if (this.#protocol === protocolTcp) this.#finishTcp(i, transportAt);
    else writeU16(octets, transportAt + 4, transportLength);
    const checksumAt = transportAt + (this.#protocol === protocolTcp ? 16 : 6);
    const sourceAt = at + (this.#version === 4 ? 12 : 8);
    const pseudo = pseudoHeaderSum(octets, this.#version, sourceAt, this.#protocol, transportLength);
    finishChecksum(
      this.#memory,
      transportAt,
      transportLength,
      checksumAt,
      pseudo,
      this.#protocol === protocolUdp,
    );
  }

  #finishTcp(i: number, at: number): void {
    const { octets } = this.#memory;
    const sequence = (this.#sequence + i * this.#size) >>> 0;
    writeU32(octets, at + 4, sequence);
    let flags = this.#flags;
    if (i < this.segments - 1) flags &= ~flagsFinPush;
    if (i > 0) flags &= ~flagCwr;
    octets[at + 13] = flags;
  }
}

/**
 * Finishes the checksum that the kernel left open in a packet of ordinary size: the field holds the pseudo-header's
 * sum. False when the header points outside the packet.
 */
export function finishPacketChecksum(
  memory: SummedMemory,
  packet: InnerPacket,
  header: VirtioHeader,
): boolean {
  const start = packet.at + header.checksumStart;
  const end = packet.at + packet.length;
  const checksumAt = start + header.checksumOffset;
  if (header.checksumStart < packet.headerLength || checksumAt + 2 > end) return false;
  const pseudo = readU16(memory.octets, checksumAt);
  finishChecksum(memory, start, end - start, checksumAt, pseudo, packet.protocol === protocolUdp);
  return true;
}

/** `neverZero`: in UDP a zero says that there is no checksum. @rfc 768 */
function finishChecksum(
  memory: SummedMemory,
  start: number,
  length: number,
  checksumAt: number,
  pseudo: number,
  neverZero: boolean,
): void {
  writeU16(memory.octets, checksumAt, 0);
  const checksum = ~fold(memory.sum(start, length) + pseudo) & 0xffff;
  writeU16(memory.octets, checksumAt, checksum === 0 && neverZero ? 0xffff : checksum);
}
