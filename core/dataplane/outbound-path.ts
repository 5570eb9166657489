import { limits } from '../base/limits.ts';
import { adoptPacketMemory, openBulkSealer, type PacketMemory } from '../crypto/openssl/bulk-cipher.ts';
import { dropIndex } from '../esp/drop-cause.ts';
import { tcpMss } from '../esp/encapsulation.ts';
import { extendedHeaderOctets } from '../esp/extended-sequence.ts';
import { InnerPacket, readInnerPacket } from '../esp/inner-packet.ts';
import { Ipv4Fragments } from '../esp/ipv4-fragments.ts';
import { clampMss } from '../esp/mss-clamp.ts';
import { OutboundSa } from '../esp/outbound-sa.ts';
import { ChildSelectors } from '../esp/selectors.ts';
import { largestInner, mayFragment, tooBigOctets, writeTooBig } from '../esp/too-big.ts';
import { trafficClassOf } from '../esp/traffic-class.ts';
import { errnoName, lastErrno, packetCalls } from '../platform/linux/libc.ts';
import { SocketAddress } from '../platform/linux/socket-address.ts';
import { systemClock } from '../platform/linux/system-clock.ts';
import type { Spi } from '../wire/ike/payload.ts';
import { Allowance } from './allowance.ts';
import { BusyMeter } from './busy-meter.ts';
import { ChildUse } from './child-use.ts';
import type { OpenCommand, WorkerCommand } from './commands.ts';
import type { DirectionCells } from './counters.ts';
import { DatagramRuns } from './datagram-runs.ts';
import { LaneReader } from './lanes/lane-ring.ts';
import { openLane } from './lanes/open-lane.ts';
import { OutboundLanes } from './lanes/outbound-lanes.ts';
import { allocateSummedMemory, type SummedMemory } from './offload/summed-memory.ts';
import { finishPacketChecksum, SuperPacket } from './offload/super-packet.ts';
import { gsoNone, VirtioHeader, virtioHeaderOctets, writePlainHeader } from './offload/virtio-header.ts';
import { type OutboundChild, OutboundChildren } from './outbound-children.ts';
import { createRandomIv } from './random-iv.ts';
import { SleepingChildren } from './sleeping-children.ts';

/** What one read from the TUN device may bring, with room for the ESP header in front. */
const readOctets = 65_536 + 64;
/** Cutting a super-packet makes it grow; this much room must be left before a read. */
const growthOctets = 262_144;
/** Of packets; the extended header of a sequence number is made behind them, and behind that an ICMP error. */
const memoryOctets = 1_048_576;
const errorAt = memoryOctets + extendedHeaderOctets + virtioHeaderOctets;
/** Send when this much has gathered, although more may be waiting. */
const flushOctets = 65_536;
const readsPerStep = 256;
/** More than a full lane of the smallest packets. */
const drainSteps = 128;

const noChild = dropIndex('no-child');
const badInner = dropIndex('malformed');
const exhausted = dropIndex('sequence-exhausted');
const queueFull = dropIndex('queue-full');
const tooBig = dropIndex('too-big');

/** A packet that is cut where it lies, into pieces that are packets. */
interface Cut {
  lengthOf(i: number): number;
  spread(at: number, stride: number): void;
  finish(i: number, at: number): void;
}

/** What the path tells the control thread: rare, so it may allocate. */
export interface OutboundEvents {
  /** Once for each cause. `usedUp`: no sequence number is left. */
  readonly onRekeyDue: (child: Spi, usedUp: boolean) => void;
  /** Packets have left, or were given up by the socket. */
  readonly onTraffic: () => void;
  /** Once: a packet came for a child that sleeps. */
  readonly onWanted: (child: Spi) => void;
  /** There is so much to send that another pair may take a share. */
  readonly onBusy: () => void;
}

/** What an outbound path reads into. */
export function allocateOutboundMemory(): SummedMemory {
  return allocateSummedMemory(errorAt + tooBigOctets);
}

/**
 * The way of a packet from the TUN device to the socket, in the order of the functions below: read, find the child,
 * cut, finish checksums, encrypt, gather a run, send. One thread; all packets lie in one memory that is used from its
 * start again after each flush.
 */
export class OutboundPath {
  readonly #cells: DirectionCells;
  readonly #memory: PacketMemory;
  readonly #checksums: SummedMemory;
  readonly #runs: DatagramRuns;
  readonly #superPacket: SuperPacket;
  readonly #fragments: Ipv4Fragments;
  readonly #errors = new Allowance(limits.tooBigErrorsPerSecond);
  readonly #packet = new InnerPacket();
  readonly #header = new VirtioHeader();
  readonly #fillIv = createRandomIv();
  readonly #events: OutboundEvents;
  readonly #children: OutboundChildren;
  readonly #lanes = new OutboundLanes();
  /** Where packets come from, in place of the TUN device. */
  readonly #source: LaneReader | undefined;
  readonly #flushNow = () => this.#flush();
  readonly #meter = new BusyMeter(() => systemClock.now());
  readonly #sleepers = new SleepingChildren();
  /** The child whose packets may still have to be encrypted. */
  #encrypting: OutboundChild | undefined;
  #tunFd = -1;
  #vnetOctets = 0;
  #mtu = 0;
  #mss4 = 0;
  #mss6 = 0;
  /** Where the next ESP packet begins, at best; and the headroom to expect there. */
  #next = 0;
  #headroom = 16;
  /** The last step has left nothing to read. */
  #rested = true;
  /** Of the packet that was read; all its segments have the same. */
  #trafficClass = 0;

  /** `memory` is from `allocateOutboundMemory`, and the path's own while it steps. */
  constructor(
    { udpFd, segmentation, pair, lane }: Omit<OpenCommand, 'kind'>,
    cells: DirectionCells,
    events: OutboundEvents,
    memory = allocateOutboundMemory(),
  ) {
    this.#children = new OutboundChildren(pair);
    this.#source = lane === undefined ? undefined : new LaneReader(lane);
    this.#cells = cells;
    this.#events = events;
    this.#checksums = memory;
    this.#memory = adoptPacketMemory(this.#checksums.octets);
    this.#superPacket = new SuperPacket(this.#checksums);
    this.#fragments = new Ipv4Fragments(this.#checksums.octets);
    this.#runs = new DatagramRuns(udpFd, this.#memory, segmentation, cells, () => this.#finish());
  }

  /** What to wait for; -1 when it is a lane that packets come from. */
  get tunFd(): number {
    return this.#source === undefined ? this.#tunFd : -1;
  }

  /** There is a CHILD SA to send on. */
  get ready(): boolean {
    return !this.#children.empty;
  }

  /** To be called before it waits for its descriptors. False when there is something to do after all. */
  fallAsleep(): boolean {
    return this.#source === undefined || this.#source.fallAsleep();
  }

  carryOut(command: WorkerCommand): void {
    switch (command.kind) {
      case 'attach-tun':
        this.#tunFd = command.fd;
        this.#vnetOctets = command.vnetHeader ? virtioHeaderOctets : 0;
        this.#useMtu(command.mtu);
        return;
      case 'install':
        this.#install(command);
        return;
      case 'switch-outbound':
        // Commands come between two steps, and a step leaves no packet behind: the order of the packets is kept.
        this.#children.switchTo(command.child);
        return;
      case 'remove':
        this.#drain();
        this.#remove(command.child);
        return;
      case 'open-lane':
        this.#lanes.open(command.pair, openLane(command));
        return;
      case 'close-lane':
        this.#lanes.close(command.pair);
        return;
      case 'spread':
        this.#lanes.spread = command.on;
        return;
      case 'share':
        this.#children.addElsewhere(command.child, command.selectors, command.pair);
        return;
      case 'unshare':
        this.#children.remove(command.child);
        return;
      case 'sleep':
        this.#sleep(command.child);
        return;
      case 'set-mtu':
        this.#useMtu(command.mtu);
        return;
      case 'use-path':
        // A step leaves nothing behind: all that was read before has left by the old socket.
        this.#runs.useSocket(command.udpFd);
        for (const { remote } of this.#children.all) remote.set(command.remote);
        return;
      case 'set-remote':
        this.#children.get(command.child)?.remote.set(command.remote);
        return;
      case 'stop':
        this.#children.clear();
        this.#sleepers.clear();
        this.#tunFd = -1;
        return;
    }
  }

  /**
   * Moves what is waiting, up to one send. True when there may be more, false when the TUN device is empty.
   * @throws Error when the TUN device is gone.
   */
  step(): boolean {
    if (this.#tunFd < 0 && this.#source === undefined) return false;
    let more = true;
    this.#sendKept();
    // The first packet after a rest leaves before a look at the next: mostly there is none.
    const reads = this.#rested ? 1 : readsPerStep;
    // Packets that are dropped take no room, hence the third bound: commands must not wait behind them.
    for (let i = 0; more && i < reads; i++) {
      more = this.#readPacket();
      if (this.#next >= flushOctets || this.#runs.many) break;
    }
    this.#rested = !more;
    if (this.#next > 0) this.#events.onTraffic();
    this.#flush();
    this.#source?.settle();
    this.#next = 0;
    if (this.#meter.look(this.#cells.octets)) this.#events.onBusy();
    return more;
  }

  #flush(): void {
    this.#runs.send();
    // What another pair sends ends our silence too, and only this one's cells are asked for that.
    if (this.#lanes.settle()) this.#cells.send(systemClock.now());
  }

  /** What the reader has handed over for an SA leaves before the SA goes. */
  #drain(): void {
    for (let i = 0; this.#source !== undefined && i < drainSteps; i++) if (!this.step()) return;
  }

  #useMtu(mtu: number): void {
    this.#mtu = mtu;
    this.#mss4 = tcpMss(mtu, 4);
    this.#mss6 = tcpMss(mtu, 6);
  }

  #install(command: Extract<WorkerCommand, { kind: 'install' }>): void {
    const { sa, child } = command;
    this.#remove(child);
    const sealer = openBulkSealer(sa.shape, sa.key, this.#memory);
    const { octets } = this.#memory;
    const extended = sa.esn ? memoryOctets : undefined;
    const outbound = new OutboundSa(sa.spi, sa.shape, octets, sealer, this.#fillIv, extended);
    outbound.skipTo(sa.sequence);
    const installed: OutboundChild = {
      child,
      sa: outbound,
      selectors: new ChildSelectors(command.selectors),
      remote: new SocketAddress(command.remote),
      use: new ChildUse(command.rekeyAfter, sa.esn, command.use),
    };
    this.#children.add(installed, command.selectors, command.standby);
  }

  #sleep(spi: Spi): void {
    const selectors = this.#children.selectorsOf(spi);
    this.#remove(spi);
    if (selectors !== undefined) this.#sleepers.add(spi, selectors);
  }

  #remove(spi: Spi): void {
    this.#sleepers.forget(spi);
    this.#children.remove(spi);
  }

  /** One packet, read to where it will be encrypted. False when there was none. */
  #readPacket(): boolean {
    if (this.#next + readOctets + growthOctets > memoryOctets) return true;
    return this.#source === undefined ? this.#readTun() : this.#readLane(this.#source);
  }

  #readTun(): boolean {
    const at = this.#next + this.#headroom;
    const from = at - this.#vnetOctets;
    // The virtio header never begins before the space that is ours: the headroom is at least 16.
    const length = packetCalls.read(this.#tunFd, this.#memory.address + from, readOctets - 64);
    if (length < 0) return this.#readFailed();
    if (length === 0) throw new Error('the TUN device is gone: end of file');
    this.#take(at, from, length);
    return true;
  }

  #readLane(source: LaneReader): boolean {
    const length = source.next();
    if (length < 0) return false;
    // What its first reader saw in front of it.
    this.#vnetOctets = source.size;
    const at = this.#next + this.#headroom;
    const from = at - this.#vnetOctets;
    source.copyTo(this.#memory.octets, from, length);
    this.#take(at, from, length);
    return true;
  }

  /** Finds the CHILD SA of the packet at `at`, which was read from `from` on, and sends it, or hands it to its pair. */
  #take(at: number, from: number, length: number): void {
    const packet = this.#packet;
    const { octets } = this.#memory;
    const vnetOctets = this.#vnetOctets;
    if (!readInnerPacket(octets, at, length - vnetOctets, packet)) return this.#cells.drop(badInner);
    const bundle = this.#children.for(octets, packet);
    if (bundle === undefined) return this.#keep(from, length);
    const { steering, pairs, own } = bundle;
    if (steering !== undefined) {
      const hand = this.#lanes.hand(
        steering,
        pairs,
        packet,
        octets,
        from,
        length,
        vnetOctets,
        this.#flushNow,
      );
      if (hand === 'full') this.#cells.drop(queueFull);
      if (hand !== 'own') return;
    }
    if (own === undefined) return this.#cells.drop(noChild);
    this.#send(own, from);
  }

  /** Nobody carries the packet that was read; it may be the one that wakes a child. */
  #keep(from: number, length: number): void {
    const { octets } = this.#memory;
    const wanted = this.#sleepers.wantedBy(octets, this.#packet);
    if (wanted === undefined) return this.#cells.drop(noChild);
    this.#sleepers.keep(octets.slice(from, from + length));
    this.#events.onWanted(wanted);
  }

  /** The packet that woke a child, once there is one for it. */
  #sendKept(): void {
    const { kept } = this.#sleepers;
    if (kept === undefined || this.#children.empty) return;
    const at = this.#next + this.#headroom;
    const from = at - this.#vnetOctets;
    this.#memory.octets.set(kept, from);
    if (!readInnerPacket(this.#memory.octets, at, kept.length - this.#vnetOctets, this.#packet)) return;
    const child = this.#children.for(this.#memory.octets, this.#packet)?.own;
    if (child === undefined) return;
    this.#sleepers.keep(undefined);
    this.#send(child, from);
  }

  #send(child: OutboundChild, from: number): void {
    const packet = this.#packet;
    this.#trafficClass = trafficClassOf(this.#memory.octets, packet);
    if (this.#vnetOctets > 0) this.#header.read(this.#memory.octets, from);
    if (this.#vnetOctets > 0 && this.#header.gsoType !== gsoNone) this.#sendSuperPacket(child);
    else if (packet.length > largestInner(this.#mtu, packet.version)) this.#sendTooBig(child);
    else this.#sendPacket(child);
  }

  #readFailed(): boolean {
    const errno = errnoName(lastErrno());
    // EIO: the device is down for the moment.
    if (errno === 'EAGAIN' || errno === 'EIO') return false;
    if (errno === 'EINTR') return true;
    throw new Error(`the TUN device is gone: read says ${errno}`);
  }

  #sendPacket(child: OutboundChild): void {
    const packet = this.#packet;
    this.#placeFor(child);
    if (!this.#finishChecksum()) return;
    clampMss(this.#memory.octets, packet, packet.version === 4 ? this.#mss4 : this.#mss6);
    this.#encrypt(child, packet.at - child.sa.headroom, packet.length);
  }

  /** False when the packet was dropped: its virtio header points outside. */
  #finishChecksum(): boolean {
    if (this.#vnetOctets === 0 || !this.#header.needsChecksum) return true;
    if (finishPacketChecksum(this.#checksums, this.#packet, this.#header)) return true;
    this.#cells.drop(badInner);
    return false;
  }

  #sendSuperPacket(child: OutboundChild): void {
    const packet = this.#packet;
    const superPacket = this.#superPacket;
    if (!superPacket.read(packet, this.#header)) {
      this.#cells.drop(badInner);
      return;
    }
    const { segments } = superPacket;
    const length = superPacket.lengthOf(0);
    // Segments that may be cut go as they are; they are cut outside.
    if (length > largestInner(this.#mtu, packet.version) && !mayFragment(this.#memory.octets, packet)) {
      this.#refuse(segments);
      return;
    }
    if (segments * child.sa.lengthFor(length) > growthOctets) {
      this.#cells.drop(tooBig, segments);
      return;
    }
    this.#placeFor(child);
    this.#cells.countMerged(1);
    this.#sendPieces(child, superPacket, segments);
  }

  #sendPieces(child: OutboundChild, cut: Cut, count: number): void {
    const { at } = this.#packet;
    const stride = child.sa.lengthFor(cut.lengthOf(0));
    cut.spread(at, stride);
    for (let i = 0; i < count; i++) {
      const pieceAt = at + i * stride;
      cut.finish(i, pieceAt);
      this.#encrypt(child, pieceAt - child.sa.headroom, cut.lengthOf(i));
    }
  }

  /**
   * A packet larger than the tunnel's MTU: it came while the MTU went down, or the device has a larger one. Its sender is
   * told; if it may be cut it is, in here, so that each fragment passes the path. Where the child's selectors take no
   * fragments, as they ask for ports, it goes whole, and the kernel cuts the packet around it.
   */
  #sendTooBig(child: OutboundChild): void {
    const packet = this.#packet;
    if (!mayFragment(this.#memory.octets, packet)) {
      this.#refuse(1);
      return;
    }
    packet.sourcePort = -1;
    packet.destinationPort = -1;
    const whole = !child.selectors.takesOutbound(this.#memory.octets, packet);
    if (whole) {
      this.#sendPacket(child);
      return;
    }
    this.#placeFor(child);
    if (!this.#finishChecksum()) return;
    if (this.#fragments.read(packet, this.#mtu))
      this.#sendPieces(child, this.#fragments, this.#fragments.pieces);
    else this.#cells.drop(tooBig);
  }

  /** Drops the packet, or all segments of one, and tells its sender what would fit. */
  #refuse(packets: number): void {
    const packet = this.#packet;
    const { octets, address } = this.#memory;
    this.#cells.drop(tooBig, packets);
    const length = writeTooBig(octets, packet, largestInner(this.#mtu, packet.version), errorAt);
    if (length === 0 || !this.#errors.take(systemClock.now())) return;
    const from = errorAt - this.#vnetOctets;
    if (this.#vnetOctets > 0) writePlainHeader(octets, from);
    if (packetCalls.write(this.#tunFd, address + from, this.#vnetOctets + length) >= 0)
      this.#cells.countAnswered(1);
  }

  /** The packet was read behind the headroom of the last child; another cipher may need another one. */
  #placeFor(child: OutboundChild): void {
    const { headroom } = child.sa;
    const packet = this.#packet;
    const shift = headroom - this.#headroom;
    this.#headroom = headroom;
    if (shift === 0) return;
    this.#memory.octets.copyWithin(packet.at + shift, packet.at, packet.at + packet.length);
    readInnerPacket(this.#memory.octets, packet.at + shift, packet.length, packet);
  }

  #encrypt(child: OutboundChild, at: number, innerLength: number): void {
    if (this.#encrypting !== child) {
      this.#finish();
      this.#encrypting = child;
    }
    const length = child.sa.encapsulate(at, innerLength, this.#packet.version);
    if (length === 0) {
      this.#cells.drop(exhausted);
      if (child.use.usedUp()) this.#events.onRekeyDue(child.child, true);
      return;
    }
    this.#cells.count(1, innerLength);
    if (child.use.count(innerLength, child.sa.sequence)) this.#events.onRekeyDue(child.child, false);
    this.#next = at + length;
    this.#runs.add(at, length, child.remote, this.#trafficClass);
  }

  #finish(): void {
    this.#encrypting?.sa.finish();
    this.#encrypting = undefined;
  }
}
