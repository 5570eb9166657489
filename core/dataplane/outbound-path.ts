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
import { ChildUse } from './child-use.ts';
import type { WorkerCommand } from './commands.ts';
import type { DirectionCells } from './counters.ts';
import { DatagramRuns } from './datagram-runs.ts';
import { allocateSummedMemory, type SummedMemory } from './offload/summed-memory.ts';
import { finishPacketChecksum, SuperPacket } from './offload/super-packet.ts';
import { gsoNone, VirtioHeader, virtioHeaderOctets, writePlainHeader } from './offload/virtio-header.ts';
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

const noChild = dropIndex('no-child');
const badInner = dropIndex('malformed');
const exhausted = dropIndex('sequence-exhausted');
const tooBig = dropIndex('too-big');

/** A packet that is cut where it lies, into pieces that are packets. */
interface Cut {
  lengthOf(i: number): number;
  spread(at: number, stride: number): void;
  finish(i: number, at: number): void;
}

interface OutboundChild {
  readonly child: Spi;
  readonly sa: OutboundSa;
  readonly selectors: ChildSelectors;
  readonly remote: SocketAddress;
  readonly use: ChildUse;
}

/** What the path tells the control thread: rare, so it may allocate. */
export interface OutboundEvents {
  /** Once for each cause. `usedUp`: no sequence number is left. */
  readonly onRekeyDue: (child: Spi, usedUp: boolean) => void;
  /** Packets have left, or were given up by the socket. */
  readonly onTraffic: () => void;
  /** Once: a packet came for a child that sleeps. */
  readonly onWanted: (child: Spi) => void;
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
  /** Those that send, the newest first. */
  #children: OutboundChild[] = [];
  /** The same for packets of either version, in the order in which they are asked. */
  #children4: OutboundChild[] = [];
  #children6: OutboundChild[] = [];
  /** Those that wait for `switch-outbound`. */
  #standby: OutboundChild[] = [];
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
  /** Of the packet that was read; all its segments have the same. */
  #trafficClass = 0;

  constructor(udpFd: number, cells: DirectionCells, segmentation: boolean, events: OutboundEvents) {
    this.#cells = cells;
    this.#events = events;
    this.#checksums = allocateSummedMemory(errorAt + tooBigOctets);
    this.#memory = adoptPacketMemory(this.#checksums.octets);
    this.#superPacket = new SuperPacket(this.#checksums);
    this.#fragments = new Ipv4Fragments(this.#checksums.octets);
    this.#runs = new DatagramRuns(udpFd, this.#memory, segmentation, cells, () => this.#finish());
  }

  get tunFd(): number {
    return this.#tunFd;
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
        this.#switchTo(command.child);
        return;
      case 'remove':
        this.#remove(command.child);
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
        for (const { remote } of [...this.#children, ...this.#standby]) remote.set(command.remote);
        return;
      case 'set-remote':
        this.#find(command.child)?.remote.set(command.remote);
        return;
      case 'stop':
        for (const { sa } of [...this.#children, ...this.#standby]) sa.close();
        this.#children = [];
        this.#standby = [];
        this.#sleepers.clear();
        this.#order();
        this.#tunFd = -1;
        return;
    }
  }

  /**
   * Moves what is waiting, up to one send. True when there may be more, false when the TUN device is empty.
   * @throws Error when the TUN device is gone.
   */
  step(): boolean {
    if (this.#tunFd < 0) return false;
    let more = true;
    this.#sendKept();
    // Packets that are dropped take no room, hence the third bound: commands must not wait behind them.
    for (let i = 0; more && i < readsPerStep; i++) {
      more = this.#readPacket();
      if (this.#next >= flushOctets || this.#runs.many) break;
    }
    this.#runs.send();
    if (this.#next > 0) this.#events.onTraffic();
    this.#next = 0;
    return more;
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
    if (command.standby) this.#standby.push(installed);
    else this.#children.unshift(installed);
    this.#order();
  }

  #sleep(spi: Spi): void {
    const selectors = this.#find(spi)?.selectors;
    this.#remove(spi);
    if (selectors !== undefined) this.#sleepers.add(spi, selectors);
  }

  /** Commands come between two steps, and a step leaves no packet behind: the order of the packets is kept. */
  #switchTo(spi: Spi): void {
    const found = this.#find(spi);
    if (found === undefined) return;
    this.#take(spi);
    this.#children.unshift(found);
    this.#order();
  }

  /** A packet leaves by the narrowest that takes it; among equals that is the newest. */
  #order(): void {
    const narrowest = (family: 4 | 6): OutboundChild[] =>
      this.#children.toSorted((a, b) => a.selectors.breadth[family] - b.selectors.breadth[family]);
    this.#children4 = narrowest(4);
    this.#children6 = narrowest(6);
  }

  #remove(spi: Spi): void {
    this.#find(spi)?.sa.close();
    this.#sleepers.forget(spi);
    this.#take(spi);
    this.#order();
  }

  #find(spi: Spi): OutboundChild | undefined {
    const named = ({ child }: OutboundChild) => child === spi;
    return this.#children.find(named) ?? this.#standby.find(named);
  }

  #take(spi: Spi): void {
    const others = ({ child }: OutboundChild) => child !== spi;
    this.#children = this.#children.filter(others);
    this.#standby = this.#standby.filter(others);
  }

  /** One packet, read to where it will be encrypted. False when there was none. */
  #readPacket(): boolean {
    if (this.#next + readOctets + growthOctets > memoryOctets) return true;
    const at = this.#next + this.#headroom;
    const from = at - this.#vnetOctets;
    // The virtio header never begins before the space that is ours: the headroom is at least 16.
    const length = packetCalls.read(this.#tunFd, this.#memory.address + from, readOctets - 64);
    if (length < 0) return this.#readFailed();
    if (length === 0) throw new Error('the TUN device is gone: end of file');
    const packet = this.#packet;
    const available = length - this.#vnetOctets;
    if (!readInnerPacket(this.#memory.octets, at, available, packet)) {
      this.#cells.drop(badInner);
      return true;
    }
    const child = this.#childFor(packet);
    if (child === undefined) {
      this.#keep(from, length);
      return true;
    }
    this.#send(child, from);
    return true;
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
    if (kept === undefined || this.#children.length === 0) return;
    const at = this.#next + this.#headroom;
    const from = at - this.#vnetOctets;
    this.#memory.octets.set(kept, from);
    if (!readInnerPacket(this.#memory.octets, at, kept.length - this.#vnetOctets, this.#packet)) return;
    const child = this.#childFor(this.#packet);
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

  #childFor(packet: InnerPacket): OutboundChild | undefined {
    const { octets } = this.#memory;
    const children = packet.version === 4 ? this.#children4 : this.#children6;
    for (const child of children) if (child.selectors.takesOutbound(octets, packet)) return child;
    return undefined;
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
