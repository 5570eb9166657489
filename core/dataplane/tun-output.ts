import type { PacketMemory } from '../crypto/openssl/packet-memory.ts';
import { dropIndex } from '../esp/drop-cause.ts';
import { type InnerPacket, protocolUdp } from '../esp/inner-packet.ts';
import type { WriteCalls } from '../platform/linux/gather-write.ts';
import { errnoName, lastErrno, packetCalls } from '../platform/linux/libc.ts';
import type { DirectionCells } from './counters.ts';
import type { SummedMemory } from './offload/summed-memory.ts';
import { virtioHeaderOctets, writePlainHeader } from './offload/virtio-header.ts';
import { belongsToOneFlow, type OpenMerge, OpenMerges } from './open-merges.ts';

const queueFull = dropIndex('queue-full');
const refused = dropIndex('refused');

/**
 * Writes decrypted packets to the TUN device, merging the packets of a flow into one write where the device has
 * segmentation offload. Those of one flow stay in their order. A packet has at least 10 octets of spent ESP fields in
 * front, where its virtio header is put. What `push` took stays in the packet memory until `flush`.
 */
export class TunOutput {
  readonly #memory: PacketMemory;
  readonly #cells: DirectionCells;
  readonly #calls: WriteCalls;
  readonly #merges: OpenMerges;
  #fd = -1;
  #vnetHeader = false;
  #mergingTcp = false;
  #mergingUdp = false;

  /** `calls` is the system, or a test that refuses. */
  constructor(
    memory: PacketMemory,
    summed: SummedMemory,
    cells: DirectionCells,
    calls: WriteCalls = packetCalls,
  ) {
    this.#memory = memory;
    this.#cells = cells;
    this.#calls = calls;
    this.#merges = new OpenMerges(memory, summed, calls);
  }

  /** Whether segments, and datagrams, are (still) merged. */
  get merging(): { readonly tcp: boolean; readonly udp: boolean } {
    return { tcp: this.#mergingTcp, udp: this.#mergingUdp };
  }

  attach(fd: number, vnetHeader: boolean): void {
    this.flush();
    this.#fd = fd;
    this.#vnetHeader = vnetHeader;
    this.#mergingTcp = vnetHeader;
    this.#mergingUdp = vnetHeader;
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
    if (!this.#hold(packet)) this.#writeOne(packet.at, packet.length);
  }

  /** Writes what is held back for merging. */
  flush(): void {
    for (const open of this.#merges.all) this.#flush(open);
  }

  /** False when the packet is to be written at once; what must not come after it has been written. */
  #hold(packet: InnerPacket): boolean {
    if (!this.#mergingTcp && !this.#mergingUdp) return false;
    if (!belongsToOneFlow(packet)) {
      this.flush();
      return false;
    }
    const open = this.#merges.of(packet);
    if (open?.append(packet) === true) return true;
    const fresh = open ?? this.#merges.forNew();
    this.#flush(fresh);
    return (packet.protocol === protocolUdp ? this.#mergingUdp : this.#mergingTcp) && fresh.begin(packet);
  }

  #flush(open: OpenMerge): void {
    const { merge } = open;
    if (merge.empty) return;
    if (merge.segments === 1) this.#writeOne(merge.at, merge.length);
    else this.#writeMerged(open);
    merge.clear();
  }

  #writeMerged(open: OpenMerge): void {
    const { merge } = open;
    if (open.write(this.#fd) >= 0) {
      this.#cells.countMerged(1);
      return;
    }
    const errno = errnoName(lastErrno());
    if (errno !== 'EINVAL' && errno !== 'EOPNOTSUPP') {
      this.#cells.drop(errno === 'EAGAIN' || errno === 'ENOBUFS' ? queueFull : refused, merge.segments);
      return;
    }
    // The kernel does not take merged packets of this kind: never try again. These go one by one.
    if (merge.udp) this.#mergingUdp = false;
    else this.#mergingTcp = false;
    merge.restore();
    for (let i = 0; i < merge.segments; i++) this.#writeOne(open.placeOf(i), open.lengthOf(i));
  }

  #writeOne(at: number, length: number): void {
    let from = at;
    if (this.#vnetHeader) {
      from -= virtioHeaderOctets;
      writePlainHeader(this.#memory.octets, from);
    }
    if (this.#calls.write(this.#fd, this.#memory.address + from, at + length - from) >= 0) return;
    const errno = errnoName(lastErrno());
    this.#cells.drop(errno === 'EAGAIN' || errno === 'ENOBUFS' ? queueFull : refused);
  }
}
