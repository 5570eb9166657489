import { limits } from '../base/limits.ts';
import { type Instant, instant } from '../base/time.ts';
import { dropCauses } from '../esp/drop-cause.ts';
import type { DataplaneCounters, DirectionCounters, HeardInSilence } from './dataplane.ts';
import { createKnownIkeSas } from './known-ike-sas.ts';

/**
 * Cells of one direction: packets, octets, datagrams, merged packets, times, ICMP errors of ours, then one for each drop cause.
 */
const cellPackets = 0;
const cellOctets = 1;
const cellDatagrams = 2;
const cellMerged = 3;
/** When the peer was last proven by an authentic packet, on the system's clock; 0 for never. */
const cellProvenAt = 4;
/** When something was last sent to the peer; 0 for never. */
const cellSentAt = 5;
/** When a packet of the peer last came in after a silence of ours of some seconds, and how long that was; 0 for never. */
const cellHeardAt = 6;
const cellHeardAfter = 7;
const cellAnswered = 8;
const cellDrops = 9;
const cellsPerDirection = cellDrops + dropCauses.length;

const directions = ['outbound', 'inbound', 'control'] as const;

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
    counters: new SharedArrayBuffer(3 * cellsPerDirection * 8),
    signals: new SharedArrayBuffer(signals * 4),
    ikeSas: createKnownIkeSas(),
  };
}

/**
 * The counters of one direction, as its worker writes them; `control` are those of the control thread, which sends IKE and
 * keepalives. Doubles: exact to 2^53 octets, and no BigInt is made.
 */
export class DirectionCells {
  readonly #cells: Float64Array;
  readonly #all: Float64Array;

  constructor(shared: SharedCells, direction: 'outbound' | 'inbound' | 'control') {
    const offset = directions.indexOf(direction) * cellsPerDirection * 8;
    this.#cells = new Float64Array(shared.counters, offset, cellsPerDirection);
    this.#all = new Float64Array(shared.counters);
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

  /** A datagram that was counted as dropped was only early: it is about to be counted as what it is. */
  takeBack(cause: number): void {
    this.#add(cellDrops + cause, -1);
    this.#add(cellDatagrams, -1);
  }

  /** Authentic packets with new sequence numbers came in: the peer lives. */
  prove(now: Instant): void {
    this.#cells[cellProvenAt] = now;
    const sentAt = this.lastSent;
    if (sentAt === 0 || now - sentAt < limits.keepaliveLeastMs) return;
    this.#cells[cellHeardAfter] = now - sentAt;
    this.#cells[cellHeardAt] = now;
  }

  get provenAt(): Instant | undefined {
    const at = this.#cells[cellProvenAt] ?? 0;
    return at === 0 ? undefined : instant(at);
  }

  get octets(): number {
    return this.#cells[cellOctets] ?? 0;
  }

  /** Something left for the peer. */
  send(now: Instant): void {
    this.#cells[cellSentAt] = now;
  }

  /** By whichever thread; 0: never. */
  get lastSent(): number {
    return Math.max(this.#all[cellSentAt] ?? 0, this.#all[2 * cellsPerDirection + cellSentAt] ?? 0);
  }

  get heard(): HeardInSilence | undefined {
    const at = this.#cells[cellHeardAt] ?? 0;
    return at === 0 ? undefined : { at: instant(at), afterMs: this.#cells[cellHeardAfter] ?? 0 };
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

/** Totals of several pairs of workers. */
export function sumCounters(all: readonly DataplaneCounters[]): DataplaneCounters {
  return {
    outbound: sumDirections(all.map(({ outbound }) => outbound)),
    inbound: sumDirections(all.map(({ inbound }) => inbound)),
  };
}

function sumDirections(all: readonly DirectionCounters[]): DirectionCounters {
  const sum = (of: (one: DirectionCounters) => number) => all.reduce((total, one) => total + of(one), 0);
  const drops: Record<string, number> = {};
  for (const one of all)
    for (const [cause, count] of Object.entries(one.drops)) drops[cause] = (drops[cause] ?? 0) + count;
  return {
    packets: sum(({ packets }) => packets),
    octets: sum(({ octets }) => octets),
    datagrams: sum(({ datagrams }) => datagrams),
    merged: sum(({ merged }) => merged),
    answered: sum(({ answered }) => answered),
    drops,
  };
}
