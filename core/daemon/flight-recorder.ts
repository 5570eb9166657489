import { networkInterfaces } from 'node:os';
import { limits } from '../base/limits.ts';
import type { LogRecord, LogSink } from '../base/log.ts';
import type { Instant } from '../base/time.ts';
import type { EventData, SubscribableEvent } from '../rpc/schema.ts';
import type { JourneyEntry, LogLine, Sample } from '../rpc/values.ts';

/** Cumulative figures of the connection at a moment. */
export interface Reading {
  readonly now: Instant;
  readonly wall: number;
  readonly attempt: number;
  readonly outboundOctets: number;
  readonly inboundOctets: number;
  readonly provenAgeMs: number;
  readonly roundTripMs?: number;
  /** The first one after a rest: nothing was read because nothing moved. */
  readonly rested?: boolean;
}

type Publish = <E extends SubscribableEvent>(event: E, data: EventData<E>) => void;

/** What was, as far as it is kept: samples of the traffic, what became of the path, the last lines of the log. */
export class FlightRecorder {
  readonly #samples: Sample[] = [];
  readonly #journey: JourneyEntry[] = [];
  readonly #log: LogLine[] = [];
  readonly #publish: Publish;
  readonly #wall: () => number;
  #last: Reading | undefined;

  constructor(publish: Publish, wall: () => number) {
    this.#publish = publish;
    this.#wall = wall;
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  get journey(): readonly JourneyEntry[] {
    return this.#journey;
  }

  get logLines(): readonly LogLine[] {
    return this.#log;
  }

  /** A reading becomes a sample: rates are what came since the reading before. */
  read(reading: Reading): void {
    const last = this.#last?.attempt === reading.attempt ? this.#last : undefined;
    this.#last = reading;
    const seconds = last === undefined ? 0 : (reading.now - last.now) / 1_000;
    const rate = (now: number, before: number | undefined): number =>
      // A new data plane counts from zero again.
      seconds <= 0 || before === undefined ? 0 : Math.max(0, now < before ? now : now - before) / seconds;
    const sample: Sample = {
      at: reading.wall,
      attempt: reading.attempt,
      outboundRate: rate(reading.outboundOctets, last?.outboundOctets),
      inboundRate: rate(reading.inboundOctets, last?.inboundOctets),
      outboundOctets: reading.outboundOctets,
      inboundOctets: reading.inboundOctets,
      provenAgeMs: reading.provenAgeMs,
      ...(reading.rested === true && last !== undefined ? { idleMs: reading.now - last.now } : {}),
      ...(reading.roundTripMs === undefined ? {} : { roundTripMs: reading.roundTripMs }),
    };
    keep(this.#samples, sample, limits.samplesKept);
    this.#publish('sample', sample);
  }

  note(entry: JourneyEntry): void {
    keep(this.#journey, entry, limits.journeyKept);
    this.#publish('journey', entry);
  }

  /** Passes records on to `sink`, keeps the last ones, and tells those who listen. */
  tee(sink: LogSink): LogSink {
    return (record) => {
      sink(record);
      if (record.level === 'debug') return;
      const line = toLine(record, this.#wall());
      keep(this.#log, line, limits.logRecordsKept);
      this.#publish('log', line);
    };
  }
}

/** The network device that holds an address, such as `wlan0`. */
export function deviceOf(address: string): string | undefined {
  for (const [name, entries] of Object.entries(networkInterfaces())) {
    if (entries?.some((entry) => entry.address === address)) return name;
  }
  return undefined;
}

function keep<T>(list: T[], item: T, most: number): void {
  list.push(item);
  if (list.length > most) list.splice(0, list.length - most);
}

function toLine({ level, event, fields = {} }: LogRecord, at: number): LogLine {
  const plain: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    plain[name.slice(0, 64)] = typeof value === 'string' ? value.slice(0, limits.logFieldCharacters) : value;
  }
  return { at, level, event: event.slice(0, limits.logFieldCharacters), fields: plain };
}
