import type { Spi } from '../../wire/ike/payload.ts';
import type { DatagramOrigin } from '../early-datagrams.ts';
import type { LaneWriter } from './lane-ring.ts';

/** Where the inbound SAs of other pairs are, for the worker that reads the sockets. */
export class InboundLanes {
  readonly #writers = new Map<number, LaneWriter>();
  /** By SPI. */
  readonly #pairs = new Map<Spi, number>();

  open(pair: number, writer: LaneWriter): void {
    this.#writers.set(pair, writer);
  }

  close(pair: number): void {
    this.#writers.delete(pair);
  }

  /** After a batch: each waking costs more than a packet. */
  wake(): void {
    for (const writer of this.#writers.values()) writer.wakeReader();
  }

  share(child: Spi, pair: number): void {
    this.#pairs.set(child, pair);
  }

  unshare(child: Spi): void {
    this.#pairs.delete(child);
  }

  /** No other pair has any. */
  get none(): boolean {
    return this.#pairs.size === 0;
  }

  /** The lane for datagrams of this SPI; `undefined`: it is nobody else's. */
  for(spi: Spi): LaneWriter | undefined {
    const pair = this.#pairs.get(spi);
    return pair === undefined ? undefined : this.#writers.get(pair);
  }
}

/**
 * Hands over `length` octets at `at`: datagrams of `size` and a shorter last one, that came `from` there. False: that worker has no
 * room, and didn't make any. While this one waits, the sockets hold what comes.
 */
export function handOver(
  lane: LaneWriter,
  octets: Uint8Array,
  at: number,
  length: number,
  size: number,
  from: DatagramOrigin,
): boolean {
  if (!lane.makeRoom(length)) return false;
  lane.push(octets, at, length, size, from.outerClass, from.name, from.nameAt);
  return true;
}
