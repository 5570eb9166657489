import type { PacketMemory } from '../base/packet-memory.ts';
import { dropIndex } from '../esp/drop-cause.ts';
import type { SocketAddress } from '../platform/linux/socket-address.ts';
import { systemClock } from '../platform/linux/system-clock.ts';
import { octetsPerSend, segmentsPerSend, UdpSendBatch } from '../platform/linux/udp-send-batch.ts';
import type { DirectionCells } from './counters.ts';

const messagesPerFlush = 128;

const queueFull = dropIndex('queue-full');
const tooBig = dropIndex('too-big');
const refused = dropIndex('refused');

/**
 * Gathers ESP packets that lie behind each other, of one size and to one peer, into runs that leave as one message each.
 * They leave in the order in which they were added.
 */
export class DatagramRuns {
  readonly #batch: UdpSendBatch;
  readonly #cells: DirectionCells;
  // The run of equal datagrams to one peer that the last packets form.
  #at = 0;
  #length = 0;
  #size = 0;
  #count = 0;
  #class = 0;
  #to: SocketAddress | undefined;
  readonly #complete: () => void;
  #counted = { sent: 0, queueFull: 0, tooBig: 0, refused: 0 };

  /** `complete` is called before any of the packets that were added leaves. */
  constructor(
    udpFd: number,
    memory: PacketMemory,
    segmentation: boolean,
    cells: DirectionCells,
    complete: () => void,
  ) {
    this.#complete = complete;
    this.#batch = new UdpSendBatch(udpFd, memory, messagesPerFlush, segmentation);
    this.#cells = cells;
  }

  /** Half of the messages are there: time to send, although more packets may be waiting. */
  get many(): boolean {
    return this.#batch.count >= messagesPerFlush / 2;
  }

  useSocket(fd: number): void {
    this.#batch.useSocket(fd);
  }

  /** The datagram at `at`; it stays there until `send`. `trafficClass` is DSCP and ECN of its outer header. */
  add(at: number, length: number, to: SocketAddress, trafficClass: number): void {
    const fits =
      this.#to === to &&
      this.#class === trafficClass &&
      at === this.#at + this.#length &&
      length <= this.#size &&
      this.#length === this.#count * this.#size &&
      this.#count < segmentsPerSend &&
      this.#length + length <= octetsPerSend;
    if (!fits) {
      this.#end();
      this.#at = at;
      this.#length = 0;
      this.#size = length;
      this.#count = 0;
      this.#to = to;
      this.#class = trafficClass;
    }
    this.#length += length;
    this.#count++;
  }

  /** Sends all that was added, and counts what became of it. */
  send(): void {
    this.#end();
    if (this.#batch.count > 0) this.#flush();
    this.#collect();
  }

  #end(): void {
    if (this.#to === undefined) return;
    // A flush keeps the packets' places: those that are still in the run stay as they are.
    if (this.#batch.count + this.#batch.needs(this.#count) > this.#batch.capacity) this.#flush();
    const size = this.#count > 1 ? this.#size : 0;
    this.#batch.add(this.#at, this.#length, size, this.#to, this.#class);
    this.#to = undefined;
  }

  #flush(): void {
    this.#complete();
    this.#batch.flush();
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
