import { type Instant, instant } from '../base/time.ts';
import { dropCauses } from '../esp/drop-cause.ts';
import type { DataplaneCounters, DirectionCounters } from './dataplane.ts';
import { createKnownIkeSas } from './known-ike-sas.ts';

/**
 * Cells of one direction: packets, octets, datagrams, merged packets, the last proof, ICMP errors of ours, then one for each
 * drop cause.
 */
const cellPackets = 0;
const cellOctets = 1;
const cellDatagrams = 2;
const cellMerged = 3;
/** When the peer was last proven by an authentic packet, on the system's clock; 0 for never. */
const cellProvenAt = 4;
const cellAnswered = 5;
const cellDrops = 6;
const cellsPerDirection = cellDrops + dropCauses.length;

/** Signals between the threads: one word each. */
export const signalOutbound = 0;
export const signalInbound = 1;
/** IKE datagrams that the control thread has not taken yet. */
export const signalQueuedIke = 2;
/** Set once, when the process is about to end. */
export const signalExit = 3;
/** 1: the control thread wants to know of the next packet that passes. The worker that tells it sets 0. */
export const signalTraffic = 4;
const signals = 5;

/** Memory that control thread and workers share: counters, each written by one thread alone, and signals. */
export interface SharedCells {
  readonly counters: SharedArrayBuffer;
  readonly signals: SharedArrayBuffer;
  /** For `KnownIkeSas`. */
  readonly ikeSas: SharedArrayBuffer;
}

export function createSharedCells(): SharedCells {
  return {
    counters: new SharedArrayBuffer(2 * cellsPerDirection * 8),
    signals: new SharedArrayBuffer(signals * 4),
    ikeSas: createKnownIkeSas(),
  };
}

/** The counters of one direction, as its worker writes them. Doubles: exact to 2^53 octets, and no BigInt is made. */
export class DirectionCells {
  readonly #cells: Float64Array;

  constructor(shared: SharedCells, direction: 'outbound' | 'inbound') {
    const offset = direction === 'outbound' ? 0 : cellsPerDirection * 8;
    this.#cells = new Float64Array(shared.counters, offset, cellsPerDirection);
  }

  /** `count` inner packets of together `octets` went through. */
  count(count: number, octets: number): void {
    this.#add(cellPackets, count);
    this.#add(cellOctets, octets);
  }

  /** UDP datagrams with ESP or keepalives. */
  countDatagrams(count: number): void {
    this.#add(cellDatagrams, count);
  }

  /** Super-packets that came from or went to the TUN device. */
  countMerged(count: number): void {
    this.#add(cellMerged, count);
  }

  /** ICMP errors that told the sender of a packet what would fit. */
  countAnswered(count: number): void {
    this.#add(cellAnswered, count);
  }

  /** `cause` is an index of `dropCauses`. */
  drop(cause: number, count = 1): void {
    if (count > 0) this.#add(cellDrops + cause, count);
  }

  /** Authentic packets with new sequence numbers came in: the peer lives. */
  prove(now: Instant): void {
    this.#cells[cellProvenAt] = now;
  }

  get provenAt(): Instant | undefined {
    const at = this.#cells[cellProvenAt] ?? 0;
    return at === 0 ? undefined : instant(at);
  }

  get datagrams(): number {
    return this.#cells[cellDatagrams] ?? 0;
  }

  read(): DirectionCounters {
    const drops: Record<string, number> = {};
    for (const [i, cause] of dropCauses.entries()) {
      const count = this.#cells[cellDrops + i] ?? 0;
      if (count > 0) drops[cause] = count;
    }
    return {
      packets: this.#cells[cellPackets] ?? 0,
      octets: this.#cells[cellOctets] ?? 0,
      datagrams: this.datagrams,
      merged: this.#cells[cellMerged] ?? 0,
      answered: this.#cells[cellAnswered] ?? 0,
      drops,
    };
  }

  #add(cell: number, count: number): void {
    this.#cells[cell] = (this.#cells[cell] ?? 0) + count;
  }
}

export function readCounters(shared: SharedCells): DataplaneCounters {
  return {
    outbound: new DirectionCells(shared, 'outbound').read(),
    inbound: new DirectionCells(shared, 'inbound').read(),
  };
}
