import type { Endpoint } from '../../base/address.ts';
import type { PacketMemory } from '../../base/packet-memory.ts';
import { dontWait } from './descriptor-flags.ts';
import { packetCalls } from './libc.ts';
import { messageHeader, NativeWords } from './native-words.ts';
import { readSocketAddress, socketAddressOctets } from './socket-address.ts';
import { optionUdpGro, trafficClassOption } from './udp-socket.ts';

/** The largest UDP payload, and so the largest that UDP_GRO merges. */
export const receiveSlotOctets = 65_536;

const controlOctets = 64;
const controlHeaderOctets = 16;
const vectorOctets = 16;
const flagTruncated = 0x20;
const levelUdp = 17;

/**
 * Receives several datagrams with one recvmmsg into slots of a packet memory. With UDP_GRO a slot holds several
 * datagrams of one sender back to back: all of `segmentOctets`, the last one maybe shorter.
 */
export class UdpReceiveBatch {
  readonly slots: number;
  /** Held, as the kernel writes into it by its address alone. */
  readonly memory: PacketMemory;
  readonly #fd: number;
  readonly #start: number;
  readonly #native: NativeWords;
  readonly #names: number;
  readonly #controls: number;
  readonly #address: number;

  /** Slots of `receiveSlotOctets` begin at `start` of `memory`. */
  constructor(fd: number, memory: PacketMemory, start: number, slots: number) {
    if (start + slots * receiveSlotOctets > memory.octets.length)
      throw new RangeError('slots outside the memory');
    this.slots = slots;
    this.memory = memory;
    this.#fd = fd;
    this.#start = start;
    const vectors = slots * messageHeader.octets;
    this.#names = vectors + slots * vectorOctets;
    this.#controls = this.#names + slots * socketAddressOctets;
    const native = new NativeWords(this.#controls + slots * controlOctets);
    this.#native = native;
    this.#address = native.address;
    for (let i = 0; i < slots; i++) {
      const header = i * messageHeader.octets;
      const vector = vectors + i * vectorOctets;
      native.writeLong(header + messageHeader.name, native.address + this.nameAt(i));
      native.writeLong(header + messageHeader.vector, native.address + vector);
      native.writeLong(header + messageHeader.vectorCount, 1);
      native.writeLong(header + messageHeader.control, native.address + this.#controls + i * controlOctets);
      native.writeLong(vector, memory.address + this.at(i));
      native.writeLong(vector + 8, receiveSlotOctets);
      this.#rearm(header);
    }
  }

  /** Takes what is there without waiting: the number of filled slots, or -1 with errno. */
  receive(): number {
    return packetCalls.recvmmsg(this.#fd, this.#address, this.slots, dontWait, 0);
  }

  /** Makes the first `count` slots ready again, after their contents were used. */
  release(count: number): void {
    for (let i = 0; i < count; i++) this.#rearm(i * messageHeader.octets);
  }

  /** Where slot `i` begins in the packet memory. */
  at(i: number): number {
    return this.#start + i * receiveSlotOctets;
  }

  length(i: number): number {
    return this.#native.readInt(i * messageHeader.octets + messageHeader.received);
  }

  /** True when the datagram was longer than the slot. */
  truncated(i: number): boolean {
    return (this.#native.readInt(i * messageHeader.octets + messageHeader.flags) & flagTruncated) !== 0;
  }

  /** The size of each datagram in the slot, or the slot's length when there is only one. */
  segmentOctets(i: number): number {
    const at = this.#control(i, levelUdp, optionUdpGro);
    const size = at < 0 ? 0 : this.#native.readInt(at);
    return size > 0 ? size : this.length(i);
  }

  /** DSCP and ECN of the outer header; the kernel merges only datagrams that have the same. */
  trafficClass(i: number): number {
    const at4 = this.#control(i, trafficClassOption[4].level, trafficClassOption[4].name);
    const at = at4 < 0 ? this.#control(i, trafficClassOption[6].level, trafficClassOption[6].name) : at4;
    // IP_TOS is one octet, IPV6_TCLASS an int.
    return at < 0 ? 0 : this.#native.readInt(at) & 0xff;
  }

  /** The sender's sockaddr, in `nameOctets`. */
  nameAt(i: number): number {
    return this.#names + i * socketAddressOctets;
  }

  get nameOctets(): Uint8Array {
    return this.#native.octets;
  }

  /** The sender as a value; allocates. */
  sender(i: number): Endpoint | undefined {
    return readSocketAddress(this.#native.octets, this.nameAt(i));
  }

  /** Where the data of the control message of this kind lie; -1 when there is none. */
  #control(i: number, level: number, name: number): number {
    const native = this.#native;
    let at = this.#controls + i * controlOctets;
    const end = at + native.readInt(i * messageHeader.octets + messageHeader.controlLength);
    // struct cmsghdr: length (8 octets) with itself, level, type; then the data, filled up to 8.
    while (at + controlHeaderOctets < end) {
      if (native.readInt(at + 8) === level && native.readInt(at + 12) === name)
        return at + controlHeaderOctets;
      at += Math.max(controlHeaderOctets, (native.readInt(at) + 7) & ~7);
    }
    return -1;
  }

  #rearm(header: number): void {
    const native = this.#native;
    native.writeInt(header + messageHeader.nameLength, socketAddressOctets);
    native.writeLong(header + messageHeader.controlLength, controlOctets);
    native.writeInt(header + messageHeader.flags, 0);
  }
}
