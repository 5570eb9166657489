import type { Endpoint } from '../base/address.ts';
import { limits } from '../base/limits.ts';
import { readU32 } from '../base/words.ts';
import { adoptPacketMemory, openBulkOpener, type PacketMemory } from '../crypto/openssl/bulk-cipher.ts';
import { dropIndex } from '../esp/drop-cause.ts';
import { tcpMss } from '../esp/encapsulation.ts';
import { extendedHeaderOctets } from '../esp/extended-sequence.ts';
import { InboundSa } from '../esp/inbound-sa.ts';
import { InnerPacket } from '../esp/inner-packet.ts';
import { clampMss } from '../esp/mss-clamp.ts';
import { ChildSelectors } from '../esp/selectors.ts';
import { bringInCongestion } from '../esp/traffic-class.ts';
import { errnoName, lastErrno } from '../platform/linux/libc.ts';
import { readSocketAddress, SocketAddress } from '../platform/linux/socket-address.ts';
import { systemClock } from '../platform/linux/system-clock.ts';
import { receiveSlotOctets, UdpReceiveBatch } from '../platform/linux/udp-receive-batch.ts';
import type { Spi } from '../wire/ike/payload.ts';
import { BusyMeter } from './busy-meter.ts';
import { ChildUse } from './child-use.ts';
import type { OpenCommand, WorkerCommand } from './commands.ts';
import type { DirectionCells } from './counters.ts';
import { type DatagramOrigin, EarlyDatagrams } from './early-datagrams.ts';
import { handOver, InboundLanes } from './lanes/inbound-lanes.ts';
import { LaneReader } from './lanes/lane-ring.ts';
import { openLane } from './lanes/open-lane.ts';
import { allocateSummedMemory, type SummedMemory } from './offload/summed-memory.ts';
import { TunOutput } from './tun-output.ts';

const slots = 16;
/** Behind the slots. */
const extendedAt = slots * receiveSlotOctets;
const markerOctets = 4;
const ikeHeaderOctets = 28;
const keepaliveOctet = 0xff;

const truncated = dropIndex('truncated');
const tooBig = dropIndex('too-big');
const unknownSpi = dropIndex('unknown-spi');
const congestion = dropIndex('congestion');
const queueFull = dropIndex('queue-full');

interface InboundChild {
  readonly sa: InboundSa;
  readonly remote: SocketAddress;
  readonly followRemote: boolean;
  readonly use: ChildUse;
  /** An authentic packet has come in. */
  used: boolean;
}

interface InboundSocket {
  readonly path: number;
  readonly fd: number;
  readonly batch: UdpReceiveBatch;
}

/** What recvmmsg says when the descriptor itself is wrong. All else passes: nothing there, a signal, an ICMP error. */
const fatal: readonly string[] = ['EBADF', 'ENOTSOCK', 'EINVAL', 'EFAULT'];

/** What the path hands to the control thread. */
export interface InboundEvents {
  /** Whether the IKE message at `at` goes up: asked before anything is spent on it. */
  readonly takesIke: (octets: Uint8Array, at: number) => boolean;
  readonly onIke: (octets: Uint8Array, from: Endpoint, marker: boolean, path: number) => void;
  readonly onMoved: (child: Spi, remote: Endpoint) => void;
  /** Once: the first authentic packet of this child. */
  readonly onFirst: (child: Spi) => void;
  /** Authentic packets came in. */
  readonly onTraffic: () => void;
  /** Once: the child has received as much as it should. */
  readonly onRekeyDue: (child: Spi) => void;
  /** So much comes in that another pair may help. */
  readonly onBusy: () => void;
}

/** What an inbound path receives into. */
export function allocateInboundMemory(): SummedMemory {
  return allocateSummedMemory(extendedAt + extendedHeaderOctets);
}

/**
 * The way of a packet from the socket to the TUN device, in the order of the functions below: receive, split what the
 * kernel merged, classify, decrypt and check, clamp, merge, write. One thread, one memory.
 */
export class InboundPath {
  readonly #cells: DirectionCells;
  /** An authentic packet with a new sequence number was in this batch. */
  #proven = false;
  /** Of the slot at hand. */
  readonly #from: DatagramOrigin = { outerClass: 0, name: new Uint8Array(0), nameAt: 0, path: -1 };
  readonly #events: InboundEvents;
  readonly #memory: PacketMemory;
  /** The sockets, by path. All receive into the same slots, one after the other. */
  readonly #sockets = new Map<number, InboundSocket>();
  readonly #output: TunOutput;
  readonly #packet = new InnerPacket();
  readonly #children = new Map<Spi, InboundChild>();
  /** The child whose packets were begun. */
  #decrypting: InboundChild | undefined;
  readonly #early = new EarlyDatagrams();
  readonly #lanes = new InboundLanes();
  /** Where datagrams come from, in place of sockets. */
  readonly #source: LaneReader | undefined;
  readonly #meter = new BusyMeter(() => systemClock.now());
  #mss4 = 0;
  #mss6 = 0;

  /** `memory` is from `allocateInboundMemory`, and the path's own while it steps. */
  constructor(
    { udpFd, lane }: Omit<OpenCommand, 'kind'>,
    cells: DirectionCells,
    events: InboundEvents,
    memory = allocateInboundMemory(),
  ) {
    this.#source = lane === undefined ? undefined : new LaneReader(lane);
    this.#cells = cells;
    this.#events = events;
    this.#memory = adoptPacketMemory(memory.octets);
    if (lane === undefined) this.#listen(0, udpFd);
    this.#output = new TunOutput(this.#memory, memory, cells);
  }

  carryOut(command: WorkerCommand): void {
    switch (command.kind) {
      case 'attach-tun':
        this.#output.attach(command.fd, command.vnetHeader);
        return this.#setMtu(command.mtu);
      case 'install':
        this.#install(command);
        this.#takeEarly(command.sa.spi);
        return;
      case 'remove':
      case 'sleep':
        this.#remove(command.child);
        return;
      case 'open-lane':
        return this.#lanes.open(command.pair, openLane(command));
      case 'close-lane':
        return this.#lanes.close(command.pair);
      case 'share':
        this.#lanes.share(command.child, command.pair);
        this.#takeEarly(command.child);
        return;
      case 'unshare':
        return this.#lanes.unshare(command.child);
      case 'set-remote':
        this.#children.get(command.child)?.remote.set(command.remote);
        return;
      case 'set-mtu':
        return this.#setMtu(command.mtu);
      case 'listen':
        return this.#listen(command.path, command.udpFd);
      case 'unlisten':
        this.#sockets.delete(command.path);
        return;
      case 'switch-outbound':
      case 'use-path':
      case 'spread':
        return;
      case 'stop':
        for (const spi of [...this.#children.keys()]) this.#remove(spi);
        this.#output.detach();
        return;
    }
  }

  /** The sockets to wait for. */
  get fds(): readonly number[] {
    return [...this.#sockets.values()].map(({ fd }) => fd);
  }

  /** There is a CHILD SA to receive on. */
  get ready(): boolean {
    return this.#children.size > 0;
  }

  /** To be called before it waits for its descriptors. False when there is something to do after all. */
  fallAsleep(): boolean {
    return this.#source === undefined || this.#source.fallAsleep();
  }

  /**
   * Moves one batch of each socket, or of the lane: whether there may be more. A batch that was not filled has emptied its socket,
   * and asking once more would only say so.
   * @throws Error when a socket is gone.
   */
  step(): boolean {
    if (this.#source !== undefined) return this.#readLane(this.#source) > 0;
    let more = false;
    for (const socket of this.#sockets.values()) if (this.#receive(socket) === slots) more = true;
    return more;
  }

  #listen(path: number, fd: number): void {
    this.#sockets.set(path, { path, fd, batch: new UdpReceiveBatch(fd, this.#memory, 0, slots) });
  }

  #receive(socket: InboundSocket): number {
    const { batch } = socket;
    const count = batch.receive();
    if (count < 0) {
      const errno = errnoName(lastErrno());
      if (fatal.includes(errno)) throw new Error(`the socket is gone: recvmmsg says ${errno}`);
      return 0;
    }
    for (let i = 0; i < count; i++) {
      if (batch.truncated(i)) this.#cells.drop(truncated);
      else this.#takeSlot(socket, i);
    }
    this.#finish();
    batch.release(count);
    return count;
  }

  #readLane(source: LaneReader): number {
    this.#from.name = source.octets;
    let count = 0;
    for (let at = 0; at + receiveSlotOctets <= extendedAt; count++) {
      const length = source.next();
      if (length < 0) break;
      source.copyTo(this.#memory.octets, at, length);
      this.#from.nameAt = source.nameAt;
      this.#from.outerClass = source.outerClass;
      this.#split(at, length, source.size);
      // A merge puts its virtio header in front of a packet, where the ESP header was: nothing else is needed between two.
      at += (length + 15) & ~15;
    }
    if (count === 0) return 0;
    this.#finish();
    source.settle();
    return count;
  }

  #setMtu(mtu: number): void {
    this.#mss4 = tcpMss(mtu, 4);
    this.#mss6 = tcpMss(mtu, 6);
  }

  #finish(): void {
    this.#lanes.wake();
    this.#proven = false;
    this.#output.flush();
    if (this.#meter.look(this.#cells.octets)) this.#events.onBusy();
  }

  #prove(): void {
    this.#proven = true;
    this.#cells.prove(systemClock.now());
    this.#events.onTraffic();
  }

  #install(command: Extract<WorkerCommand, { kind: 'install' }>): void {
    const { sa, child } = command;
    this.#remove(child);
    const opener = openBulkOpener(sa.shape, sa.key, this.#memory);
    const selectors = new ChildSelectors(command.selectors);
    const window = limits.replayWindowPackets;
    const { octets } = this.#memory;
    const extended = sa.esn ? extendedAt : undefined;
    const inbound = new InboundSa(sa.spi, sa.shape, octets, opener, selectors, window, extended);
    if (sa.sequence > 0) inbound.replay.commit(sa.sequence);
    this.#children.set(sa.spi, {
      sa: inbound,
      remote: new SocketAddress(command.remote),
      followRemote: command.followRemote,
      use: new ChildUse(command.rekeyAfter, sa.esn, command.use),
      used: false,
    });
  }

  #remove(spi: Spi): void {
    this.#children.get(spi)?.sa.close();
    this.#children.delete(spi);
  }

  /** Slot `i` holds one datagram, or several of one size and sender. */
  #takeSlot({ batch, path }: InboundSocket, i: number): void {
    this.#from.outerClass = batch.trafficClass(i);
    this.#from.name = batch.nameOctets;
    this.#from.nameAt = batch.nameAt(i);
    this.#from.path = path;
    this.#split(batch.at(i), batch.length(i), batch.segmentOctets(i));
  }

  #split(at: number, length: number, size: number): void {
    let done = 0;
    // Once at least: an empty datagram is counted too.
    do {
      const given = this.#giveAway(at + done, length - done, size);
      if (given === 0) this.#classify(at + done, Math.min(size, length - done));
      done += given === 0 ? size : given;
    } while (done < length);
    this.#complete();
  }

  /** Datagrams of one SPI that another pair has: how many octets were handed to it, or dropped because it has no room. */
  #giveAway(at: number, length: number, size: number): number {
    if (this.#lanes.none || length < markerOctets) return 0;
    const { octets } = this.#memory;
    const spi = readU32(octets, at);
    const lane = this.#lanes.for(spi);
    if (lane === undefined) return 0;
    let run = size;
    while (run + markerOctets <= length && readU32(octets, at + run) === spi) run += size;
    const count = Math.min(run, length);
    if (!handOver(lane, octets, at, count, size, this.#from))
      this.#cells.drop(queueFull, Math.ceil(count / size));
    return count;
  }

  #classify(at: number, length: number): void {
    this.#cells.countDatagrams(1);
    const { octets } = this.#memory;
    if (length === 1 && octets[at] === keepaliveOctet) return;
    if (length < markerOctets) {
      this.#cells.drop(truncated);
      return;
    }
    const spi = readU32(octets, at);
    // Mostly it is for the child of the datagram before.
    const last = this.#decrypting;
    const child = last?.sa.spi === spi ? last : this.#children.get(spi);
    if (child !== undefined) return this.#begin(child, at, length);
    this.#complete();
    // What came by a lane was ESP when it was handed over.
    if (this.#from.path < 0) this.#cells.drop(unknownSpi);
    else if (spi === 0) this.#handUp(at + markerOctets, length - markerOctets, true);
    else if (looksLikeIke(octets, at, length)) this.#handUp(at, length, false);
    else {
      this.#cells.drop(unknownSpi);
      this.#early.keep(spi, octets, at, length, this.#from);
    }
  }

  /** What came for a child before the child did takes its way now. */
  #takeEarly(spi: Spi): void {
    let at = 0;
    for (const { octets, from } of this.#early.take(spi)) {
      this.#cells.takeBack(unknownSpi);
      this.#memory.octets.set(octets, at);
      Object.assign(this.#from, from);
      this.#split(at, octets.length, octets.length);
      at += (octets.length + 15) & ~15;
    }
    if (at > 0) this.#finish();
  }

  /** Several packets are decrypted together: of one child and one slot, and not more than its SA takes at once. */
  #begin(child: InboundChild, at: number, length: number): void {
    if (this.#decrypting !== child || child.sa.full) this.#complete();
    this.#decrypting = child;
    const dropped = child.sa.begin(at, length);
    if (dropped !== 0) this.#cells.drop(dropped);
  }

  #complete(): void {
    const child = this.#decrypting;
    if (child === undefined) return;
    this.#decrypting = undefined;
    const count = child.sa.run();
    for (let k = 0; k < count; k++) this.#completeOne(child, k);
  }

  #completeOne(child: InboundChild, k: number): void {
    const packet = this.#packet;
    const { sa, remote } = child;
    const dropped = sa.complete(k, packet);
    // Once a batch, and before anybody here can answer: what came in broke our silence, not the answer.
    if (sa.newest && !this.#proven) this.#prove();
    if (sa.newest && !child.used) {
      child.used = true;
      this.#events.onFirst(sa.spi);
    }
    if (child.followRemote && sa.newest && !remote.equals(this.#from.name, this.#from.nameAt))
      this.#follow(readSocketAddress(this.#from.name, this.#from.nameAt), child);
    if (dropped !== 0) {
      this.#cells.drop(dropped);
      return;
    }
    if (!bringInCongestion(this.#memory.octets, packet, this.#from.outerClass)) {
      this.#cells.drop(congestion);
      return;
    }
    this.#cells.count(1, packet.length);
    if (child.use.count(packet.length, sa.replay.highest)) this.#events.onRekeyDue(sa.spi);
    clampMss(this.#memory.octets, packet, packet.version === 4 ? this.#mss4 : this.#mss6);
    this.#output.push(packet);
  }

  /** A dropped but authentic packet moves the peer too: the ICV has spoken. */
  #follow(from: Endpoint | undefined, child: InboundChild): void {
    if (from === undefined) return;
    child.remote.set(from);
    this.#events.onMoved(child.sa.spi, from);
  }

  /** An IKE message for the control thread. Rare, so it may allocate. @rfc 3948 2.2 */
  #handUp(at: number, length: number, marker: boolean): void {
    if (length < ikeHeaderOctets || length > limits.ikeMessageOctets) {
      this.#cells.drop(length > limits.ikeMessageOctets ? tooBig : truncated);
      return;
    }
    if (!this.#events.takesIke(this.#memory.octets, at)) {
      this.#cells.drop(unknownSpi);
      return;
    }
    const from = readSocketAddress(this.#from.name, this.#from.nameAt);
    if (from === undefined) {
      this.#cells.drop(truncated);
      return;
    }
    this.#events.onIke(this.#memory.octets.slice(at, at + length), from, marker, this.#from.path);
  }
}

/** Version 2 and a length that is right: ESP of an unknown SPI looks so once in 2^40. @rfc 7296 3.1 */
function looksLikeIke(octets: Uint8Array, at: number, length: number): boolean {
  return (
    length >= ikeHeaderOctets && (octets[at + 17] ?? 0) >> 4 === 2 && readU32(octets, at + 24) === length
  );
}
