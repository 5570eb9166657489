import { limits } from '../base/limits.ts';
import type { Instant } from '../base/time.ts';
import type { WorkerCommand } from './commands.ts';
import { DirectionCells, readCounters, sumCounters } from './counters.ts';
import { type DataplaneCounters, noCounters, type PairCounters, type TunDescriptor } from './dataplane.ts';
import { createLaneMemory } from './lanes/lane-ring.ts';
import type { SpareWorkers } from './spare-workers.ts';
import type { WorkerPair, WorkerPairEvents } from './worker-pair.ts';

/** What a pair has to know before it can work. */
export interface PairSetting {
  udpFd: number;
  readonly segmentation: boolean;
  readonly rehearse: boolean;
  tun: TunDescriptor | undefined;
  mtu: number | undefined;
}

/** The pairs of workers of one data plane. The first one is always there; it hands over to the others what is theirs. */
export class WorkerPairs {
  readonly first: WorkerPair;
  readonly setting: PairSetting;
  readonly #spares: SpareWorkers;
  readonly #events: (pair: number) => WorkerPairEvents;
  readonly #further = new Map<number, WorkerPair>();
  /** Of pairs that have ended. */
  #past: DataplaneCounters = noCounters;
  #pastInbound: Instant | undefined;
  #closing = false;

  constructor(
    first: WorkerPair,
    setting: PairSetting,
    spares: SpareWorkers,
    events: (pair: number) => WorkerPairEvents,
  ) {
    this.first = first;
    this.setting = setting;
    this.#spares = spares;
    this.#events = events;
    const { udpFd, segmentation, rehearse } = setting;
    first.open({ pair: 0, udpFd, segmentation, rehearse }, events(0));
  }

  get all(): readonly WorkerPair[] {
    return [this.first, ...this.#further.values()];
  }

  /** The pair of this number; the first one where there is none. */
  get(pair: number): WorkerPair {
    return this.#further.get(pair) ?? this.first;
  }

  has(pair: number): boolean {
    return pair === 0 || this.#further.has(pair);
  }

  /** Starts the pair, unless it runs; the number of the one that does its work. */
  async start(pair: number): Promise<number> {
    if (this.has(pair)) return pair;
    if (this.#closing || pair >= limits.workerPairs) return 0;
    const taken = this.#spares.take();
    if (!taken.ok) return 0;
    const workers = taken.value;
    const { udpFd, segmentation, rehearse, tun, mtu } = this.setting;
    const lanes = {
      outbound: createLaneMemory(limits.laneOctets),
      inbound: createLaneMemory(limits.laneOctets),
    };
    this.#further.set(pair, workers);
    // All of it is on its way before anything waits: what changes meanwhile comes behind it.
    workers.open({ pair, lanes, udpFd, segmentation, rehearse }, this.#events(pair));
    const told = [
      ...(tun === undefined ? [] : [attach(workers, tun)]),
      ...(mtu === undefined ? [] : [both(workers, { kind: 'set-mtu', mtu })]),
      ...(['inbound', 'outbound'] as const).map((direction) => {
        const lane = { memory: lanes[direction], wakeFd: workers.wakeFds[direction] };
        return this.first[direction].command({ kind: 'open-lane', pair, ...lane });
      }),
    ];
    await Promise.all(told);
    return pair;
  }

  /** Ends a further pair; nothing may be on its way to it any more. */
  async end(pair: number): Promise<void> {
    const workers = this.#further.get(pair);
    if (workers === undefined || this.#closing) return;
    this.#further.delete(pair);
    await both(this.first, { kind: 'close-lane', pair });
    await workers.stop();
    this.#past = sumCounters([this.#past, readCounters(workers.shared)]);
    this.#pastInbound = later(this.#pastInbound, provenAt(workers));
  }

  async attachTun(tun: TunDescriptor): Promise<void> {
    this.setting.tun = tun;
    for (const workers of this.all) await attach(workers, tun);
  }

  async setMtu(mtu: number): Promise<void> {
    this.setting.mtu = mtu;
    await Promise.all(this.all.map((workers) => both(workers, { kind: 'set-mtu', mtu })));
  }

  /** Has all outbound workers do it, each between two packets. */
  async outbound(command: WorkerCommand): Promise<void> {
    await Promise.all(this.all.map(({ outbound }) => outbound.command(command)));
  }

  counters(): DataplaneCounters {
    return sumCounters([this.#past, ...this.each()]);
  }

  each(): readonly PairCounters[] {
    const all = [[0, this.first] as const, ...[...this.#further].sort(([a], [b]) => a - b)];
    return all.map(([pair, { shared }]) => ({ pair, ...readCounters(shared) }));
  }

  lastInbound(): Instant | undefined {
    return this.all.map(provenAt).reduce(later, this.#pastInbound);
  }

  async stop(): Promise<void> {
    this.#closing = true;
    // The one that reads goes first: it must not wait for those that are gone.
    await this.first.stop();
    await Promise.all([...this.#further.values()].map((workers) => workers.stop()));
  }
}

/** Each worker writes to the device: packets, or errors about those that are too big. The first outbound one reads it too. */
async function attach(workers: WorkerPair, { fd, mtu, vnetHeader }: TunDescriptor): Promise<void> {
  await both(workers, { kind: 'attach-tun', fd, mtu, vnetHeader });
}

function provenAt({ shared }: WorkerPair): Instant | undefined {
  return new DirectionCells(shared, 'inbound').provenAt;
}

function later(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a;
}

async function both({ inbound, outbound }: WorkerPair, command: WorkerCommand): Promise<void> {
  await Promise.all([inbound.command(command), outbound.command(command)]);
}
