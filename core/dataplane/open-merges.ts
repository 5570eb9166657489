import type { PacketMemory } from '../base/packet-memory.ts';
import { type InnerPacket, protocolTcp, protocolUdp } from '../esp/inner-packet.ts';
import { GatherWrite, type WriteCalls } from '../platform/linux/gather-write.ts';
import { SegmentMerge } from './offload/segment-merge.ts';
import type { SummedMemory } from './offload/summed-memory.ts';
import { virtioHeaderOctets } from './offload/virtio-header.ts';

/** More flows than these at once are rare, and each packet is compared with all of them. */
const flows = 8;

/** One flow whose packets are being merged, with the pieces that will be written. */
export class OpenMerge {
  readonly merge: SegmentMerge;
  readonly #memory: PacketMemory;
  readonly #gather: GatherWrite;
  readonly #places: Uint32Array;

  constructor(memory: PacketMemory, summed: SummedMemory, calls: WriteCalls) {
    this.#memory = memory;
    this.#gather = new GatherWrite(calls);
    this.#places = new Uint32Array(this.#gather.capacity);
    this.merge = new SegmentMerge(summed);
  }

  begin(packet: InnerPacket): boolean {
    if (!this.merge.begin(packet)) return false;
    this.#gather.clear();
    this.#places[0] = packet.at;
    const { address } = this.#memory;
    this.#gather.add(address + packet.at - virtioHeaderOctets, virtioHeaderOctets + packet.length);
    return true;
  }

  append(packet: InnerPacket): boolean {
    const { merge } = this;
    if (this.#gather.full || !merge.append(packet)) return false;
    this.#places[merge.segments - 1] = packet.at;
    // The first piece is written with its headers, of the others only the payload.
    const payloadAt = packet.at + merge.headersLength;
    this.#gather.add(this.#memory.address + payloadAt, packet.length - merge.headersLength);
    return true;
  }

  /** Writes all pieces as one packet: -1 with errno when the kernel does not take it. */
  write(fd: number): number {
    this.merge.finish(this.merge.at - virtioHeaderOctets);
    return this.#gather.write(fd);
  }

  /** Where packet `i` of the merge begins, whole again after `merge.restore`. */
  placeOf(i: number): number {
    return this.#places[i] ?? 0;
  }

  lengthOf(i: number): number {
    const { merge } = this;
    const whole = merge.headersLength + merge.size;
    return i < merge.segments - 1 ? whole : merge.length - (merge.segments - 1) * merge.size;
  }
}

/** The flows that are being merged side by side, so that packets of several may come in any order. */
export class OpenMerges {
  readonly #all: readonly OpenMerge[];
  #next = 0;

  constructor(memory: PacketMemory, summed: SummedMemory, calls: WriteCalls) {
    this.#all = Array.from({ length: flows }, () => new OpenMerge(memory, summed, calls));
  }

  get all(): readonly OpenMerge[] {
    return this.#all;
  }

  /** The one that holds back packets of this flow. */
  of(packet: InnerPacket): OpenMerge | undefined {
    for (const open of this.#all) if (open.merge.isOfFlow(packet)) return open;
    return undefined;
  }

  /** One that is free, else one after the other in turn: the caller flushes it. */
  forNew(): OpenMerge {
    for (const open of this.#all) if (open.merge.empty) return open;
    this.#next = (this.#next + 1) % flows;
    return this.#all[this.#next] as OpenMerge;
  }
}

/** Of any other packet it cannot be told whether it belongs to a flow that is being merged. */
export function belongsToOneFlow(packet: InnerPacket): boolean {
  return (
    (packet.protocol === protocolTcp || packet.protocol === protocolUdp) &&
    !packet.fragment &&
    packet.sourcePort >= 0
  );
}
