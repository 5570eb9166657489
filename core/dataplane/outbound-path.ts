import { adoptPacketMemory, openBulkSealer, type PacketMemory } from '../crypto/openssl/bulk-cipher.ts';
import { dropIndex } from '../esp/drop-cause.ts';
import { tcpMss } from '../esp/encapsulation.ts';
import { extendedHeaderOctets } from '../esp/extended-sequence.ts';
import { InnerPacket, readInnerPacket } from '../esp/inner-packet.ts';
import { clampMss } from '../esp/mss-clamp.ts';
import { OutboundSa } from '../esp/outbound-sa.ts';
import { ChildSelectors } from '../esp/selectors.ts';
import { trafficClassOf } from '../esp/traffic-class.ts';
import { errnoName, lastErrno, packetCalls } from '../platform/linux/libc.ts';
import { SocketAddress } from '../platform/linux/socket-address.ts';
import { systemClock } from '../platform/linux/system-clock.ts';
import { octetsPerSend, segmentsPerSend, UdpSendBatch } from '../platform/linux/udp-send-batch.ts';
import type { Spi } from '../wire/ike/payload.ts';
import { ChildUse } from './child-use.ts';
import type { WorkerCommand } from './commands.ts';
import type { DirectionCells } from './counters.ts';
import { allocateSummedMemory, type SummedMemory } from './offload/summed-memory.ts';
import { finishPacketChecksum, SuperPacket } from './offload/super-packet.ts';
import { gsoNone, VirtioHeader, virtioHeaderOctets } from './offload/virtio-header.ts';
import { createRandomIv } from './random-iv.ts';

/** What one read from the TUN device may bring, with room for the ESP header in front. */
const readOctets = 65_536 + 64;
/** Cutting a super-packet makes it grow; this much room must be left before a read. */
const growthOctets = 262_144;
/** Of packets; the extended header of a sequence number is made behind them. */
const memoryOctets = 1_048_576;
/** Send when this much has gathered, although more may be waiting. */
const flushOctets = 65_536;
const messagesPerFlush = 128;
const readsPerStep = 256;

const noChild = dropIndex('no-child');
const badInner = dropIndex('malformed');
const exhausted = dropIndex('sequence-exhausted');
const queueFull = dropIndex('queue-full');
const tooBig = dropIndex('too-big');
const refused = dropIndex('refused');

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
  readonly #batch: UdpSendBatch;
  readonly #superPacket: SuperPacket;
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
  #tunFd = -1;
  #vnetOctets = 0;
  #mss4 = 0;
  #mss6 = 0;
  /** Where the next ESP packet begins, at best; and the headroom to expect there. */
  #next = 0;
  #headroom = 16;
  /** Of the packet that was read; all its segments have the same. */
  #trafficClass = 0;
  // The run of equal datagrams to one peer that the last packets form.
  #runAt = 0;
  #runLength = 0;
  #runSize = 0;
  #runCount = 0;
  #runClass = 0;
  #runTo: SocketAddress | undefined;
  #counted = { sent: 0, queueFull: 0, tooBig: 0, refused: 0 };

  constructor(udpFd: number, cells: DirectionCells, segmentation: boolean, events: OutboundEvents) {
    this.#cells = cells;
    this.#events = events;
    this.#checksums = allocateSummedMemory(memoryOctets + extendedHeaderOctets);
    this.#memory = adoptPacketMemory(this.#checksums.octets);
    this.#superPacket = new SuperPacket(this.#checksums);
    this.#batch = new UdpSendBatch(udpFd, this.#memory, messagesPerFlush, segmentation);
  }

  get tunFd(): number {
    return this.#tunFd;
  }

  carryOut(command: WorkerCommand): void {
    switch (command.kind) {
      case 'attach-tun':
        this.#tunFd = command.fd;
        this.#vnetOctets = command.vnetHeader ? virtioHeaderOctets : 0;
        this.#mss4 = tcpMss(command.mtu, 4);
        this.#mss6 = tcpMss(command.mtu, 6);
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
      case 'set-mtu':
        this.#mss4 = tcpMss(command.mtu, 4);
        this.#mss6 = tcpMss(command.mtu, 6);
        return;
      case 'use-path':
        // A step leaves nothing behind: all that was read before has left by the old socket.
        this.#batch.useSocket(command.udpFd);
        for (const { remote } of [...this.#children, ...this.#standby]) remote.set(command.remote);
        return;
      case 'set-remote':
        this.#find(command.child)?.remote.set(command.remote);
        return;
      case 'stop':
        for (const { sa } of [...this.#children, ...this.#standby]) sa.close();
        this.#children = [];
        this.#standby = [];
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
    // Packets that are dropped take no room, hence the third bound: commands must not wait behind them.
    for (let i = 0; more && i < readsPerStep; i++) {
      more = this.#readPacket();
      if (this.#next >= flushOctets || this.#batch.count >= messagesPerFlush / 2) break;
    }
    this.#endRun();
    if (this.#batch.count > 0) this.#batch.flush();
    this.#next = 0;
    this.#collect();
    return more;
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
      use: new ChildUse(command.rekeyAfter, sa.esn),
    };
    if (command.standby) this.#standby.push(installed);
    else this.#children.unshift(installed);
    this.#order();
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
      this.#cells.drop(noChild);
      return true;
    }
    this.#trafficClass = trafficClassOf(this.#memory.octets, packet);
    if (this.#vnetOctets > 0) this.#header.read(this.#memory.octets, from);
    if (this.#vnetOctets > 0 && this.#header.gsoType !== gsoNone) this.#sendSuperPacket(child);
    else this.#sendPacket(child);
    return true;
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
    const { octets } = this.#memory;
    if (this.#vnetOctets > 0 && this.#header.needsChecksum)
      if (!finishPacketChecksum(this.#checksums, packet, this.#header)) {
        this.#cells.drop(badInner);
        return;
      }
    clampMss(octets, packet, packet.version === 4 ? this.#mss4 : this.#mss6);
    this.#encrypt(child, packet.at - child.sa.headroom, packet.length);
  }

  #sendSuperPacket(child: OutboundChild): void {
    const packet = this.#packet;
    const superPacket = this.#superPacket;
    if (!superPacket.read(packet, this.#header)) {
      this.#cells.drop(badInner);
      return;
    }
    const stride = child.sa.lengthFor(superPacket.lengthOf(0));
    if (superPacket.segments * stride > growthOctets) {
      this.#cells.drop(tooBig, superPacket.segments);
      return;
    }
    this.#placeFor(child);
    const { at } = packet;
    superPacket.spread(at, stride);
    this.#cells.countMerged(1);
    for (let i = 0; i < superPacket.segments; i++) {
      const segmentAt = at + i * stride;
      superPacket.finish(i, segmentAt);
      this.#encrypt(child, segmentAt - child.sa.headroom, superPacket.lengthOf(i));
    }
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
    const length = child.sa.encapsulate(at, innerLength, this.#packet.version);
    if (length === 0) {
      this.#cells.drop(exhausted);
      if (child.use.usedUp()) this.#events.onRekeyDue(child.child, true);
      return;
    }
    this.#cells.count(1, innerLength);
    if (child.use.count(innerLength, child.sa.sequence)) this.#events.onRekeyDue(child.child, false);
    this.#next = at + length;
    this.#addToRun(at, length, child.remote, this.#trafficClass);
  }

  #addToRun(at: number, length: number, to: SocketAddress, trafficClass: number): void {
    const fits =
      this.#runTo === to &&
      this.#runClass === trafficClass &&
      at === this.#runAt + this.#runLength &&
      length <= this.#runSize &&
      this.#runLength === this.#runCount * this.#runSize &&
      this.#runCount < segmentsPerSend &&
      this.#runLength + length <= octetsPerSend;
    if (!fits) {
      this.#endRun();
      this.#runAt = at;
      this.#runLength = 0;
      this.#runSize = length;
      this.#runCount = 0;
      this.#runTo = to;
      this.#runClass = trafficClass;
    }
    this.#runLength += length;
    this.#runCount++;
  }

  #endRun(): void {
    if (this.#runTo === undefined) return;
    // A flush keeps the packets' places: those that are still in the run stay as they are.
    if (this.#batch.count + this.#batch.needs(this.#runCount) > this.#batch.capacity) this.#batch.flush();
    const size = this.#runCount > 1 ? this.#runSize : 0;
    this.#batch.add(this.#runAt, this.#runLength, size, this.#runTo, this.#runClass);
    this.#runTo = undefined;
  }

  /** Brings the batch's totals over to the counters. */
  #collect(): void {
    const batch = this.#batch;
    const counted = this.#counted;
    if (batch.sent > counted.sent) this.#cells.send(systemClock.now());
    this.#cells.countDatagrams(batch.sent - counted.sent);
    this.#cells.drop(queueFull, batch.queueFull - counted.queueFull);
    this.#cells.drop(tooBig, batch.tooBig - counted.tooBig);
    this.#cells.drop(refused, batch.refused - counted.refused);
    counted.sent = batch.sent;
    counted.queueFull = batch.queueFull;
    counted.tooBig = batch.tooBig;
    counted.refused = batch.refused;
  }
}
