import type { PacketMemory } from '../crypto/openssl/packet-memory.ts';
import { dropIndex } from '../esp/drop-cause.ts';
import type { InnerPacket } from '../esp/inner-packet.ts';
import { GatherWrite } from '../platform/linux/gather-write.ts';
import { errnoName, lastErrno, packetCalls } from '../platform/linux/libc.ts';
import type { DirectionCells } from './counters.ts';
import type { SummedMemory } from './offload/summed-memory.ts';
import { TcpMerge } from './offload/tcp-merge.ts';
import { virtioHeaderOctets, writePlainHeader } from './offload/virtio-header.ts';

const queueFull = dropIndex('queue-full');
const refused = dropIndex('refused');

/**
 * Writes decrypted packets to the TUN device, in order, merging the segments of one TCP flow into one write where the
 * device has segmentation offload. A packet has at least 10 octets of spent ESP fields in front, where its
 * virtio header is put. What `push` took stays in the packet memory until `flush`.
 */
export class TunOutput {
  readonly #memory: PacketMemory;
  readonly #cells: DirectionCells;
  readonly #merge: TcpMerge;
  readonly #gather = new GatherWrite();
  #fd = -1;
  #vnetHeader = false;
  #merging = false;

  constructor(memory: PacketMemory, checksums: SummedMemory, cells: DirectionCells) {
    this.#memory = memory;
    this.#cells = cells;
    this.#merge = new TcpMerge(checksums);
  }

  /** Whether segments are (still) merged. */
  get merging(): boolean {
    return this.#merging;
  }

  attach(fd: number, vnetHeader: boolean): void {
    this.flush();
    this.#fd = fd;
    this.#vnetHeader = vnetHeader;
    this.#merging = vnetHeader;
  }

  detach(): void {
    this.flush();
    this.#fd = -1;
  }

  push(packet: InnerPacket): void {
    if (this.#fd < 0) {
      this.#cells.drop(refused);
      return;
    }
    if (!this.#merging) {
      this.#writeOne(packet.at, packet.length);
      return;
    }
    const merge = this.#merge;
    if (!merge.empty && !this.#gather.full && merge.append(packet)) {
      // The first piece is written with its headers, of the others only the payload.
      const payloadAt = packet.at + merge.headersLength;
      this.#gather.add(this.#memory.address + payloadAt, packet.length - merge.headersLength);
      return;
    }
    this.flush();
    if (!merge.begin(packet)) {
      this.#writeOne(packet.at, packet.length);
      return;
    }
    const from = packet.at - virtioHeaderOctets;
    this.#gather.clear();
    this.#gather.add(this.#memory.address + from, virtioHeaderOctets + packet.length);
  }

  /** Writes what is held back for merging. */
  flush(): void {
    const merge = this.#merge;
    if (merge.empty) return;
    if (merge.segments === 1) this.#writeOne(merge.at, merge.length);
    else this.#writeMerged();
    merge.clear();
  }

  #writeMerged(): void {
    const merge = this.#merge;
    merge.finish(merge.at - virtioHeaderOctets);
    if (this.#gather.write(this.#fd) >= 0) {
      this.#cells.countMerged(1);
      return;
    }
    const errno = errnoName(lastErrno());
    if (errno !== 'EINVAL' && errno !== 'EOPNOTSUPP') {
      this.#cells.drop(errno === 'EAGAIN' || errno === 'ENOBUFS' ? queueFull : refused, merge.segments);
      return;
    }
    // The kernel does not take merged packets: never try again. TCP repairs the loss of this one's other segments.
    this.#merging = false;
    merge.restore();
    this.#writeOne(merge.at, merge.firstLength);
    this.#cells.drop(refused, merge.segments - 1);
  }

  #writeOne(at: number, length: number): void {
    let from = at;
    if (this.#vnetHeader) {
      from -= virtioHeaderOctets;
      writePlainHeader(this.#memory.octets, from);
    }
    if (packetCalls.write(this.#fd, this.#memory.address + from, at + length - from) >= 0) return;
    const errno = errnoName(lastErrno());
    this.#cells.drop(errno === 'EAGAIN' || errno === 'ENOBUFS' ? queueFull : refused);
  }
}
