import type { Endpoint } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { ok, type Result } from '../base/result.ts';
import { type Instant, instant } from '../base/time.ts';
import { dontWait } from '../platform/linux/descriptor-flags.ts';
import { libc } from '../platform/linux/libc.ts';
import { readProcessorTime } from '../platform/linux/processor-time.ts';
import { socketAddressOctets, writeSocketAddress } from '../platform/linux/socket-address.ts';
import { systemClock } from '../platform/linux/system-clock.ts';
import { setPathMtu } from '../platform/linux/udp-socket.ts';
import { addNonEspMarker, natKeepalive } from '../wire/ike/non-esp-marker.ts';
import type { Spi } from '../wire/ike/payload.ts';
import type { SelectorPair } from '../wire/ike/selector-pair.ts';
import { useOctets } from './child-use.ts';
import type { WorkerCommand, WorkerReport } from './commands.ts';
import { DirectionCells, signalQueuedIke, signalTraffic } from './counters.ts';
import type {
  Dataplane,
  DataplaneChild,
  DataplaneCounters,
  DataplaneEvents,
  HeardInSilence,
  PairCounters,
  SendOptions,
  TunDescriptor,
} from './dataplane.ts';
import { KeepaliveTimer } from './keepalive.ts';
import { KnownIkeSas } from './known-ike-sas.ts';
import { plainSa } from './plain-sa.ts';
import { SpareWorkers } from './spare-workers.ts';
import { SpreadWatch } from './spread/spread-watch.ts';
import { wipeKey } from './wipe-key.ts';
import type { WorkerPair } from './worker-pair.ts';
import { WorkerPairs } from './worker-pairs.ts';

/** Of a child: the pair that has it, and what was told of it already. */
interface KnownChild {
  readonly pair: number;
  readonly selectors: SelectorPair;
  rekeyDue: boolean;
  /** What each direction carried. */
  readonly uses: readonly Float64Array[];
}

export interface DataplaneOptions {
  /** A bound UDP socket; the data plane owns it from now on. */
  readonly udpFd: number;
  /** Send runs of datagrams as one message (UDP_SEGMENT). Default: true; it is dropped when the kernel refuses. */
  readonly segmentation?: boolean;
  /**
   * When flows are spread over the pairs of workers that have CHILD SAs: while the machine has idle processors, and only then `onBusy` asks for
   * more; or at all times. Default: `idle`.
   */
  readonly spread?: 'idle' | 'always';
}

/**
 * Sets two workers to work, and more when they are wanted. `spares` is asked for the threads; without it new ones start. Fails with `system.call` when
 * the system has no descriptor left; the socket is closed then.
 */
export function openDataplane(
  options: DataplaneOptions,
  events: DataplaneEvents,
  spares: SpareWorkers = new SpareWorkers(),
): Result<Dataplane, Failure> {
  const workers = spares.take();
  if (workers.ok) return ok(new WorkerDataplane(options, workers.value, spares, events));
  libc.close(options.udpFd);
  return workers;
}

class WorkerDataplane implements Dataplane {
  /** By path. */
  readonly #sockets: Map<number, number>;
  /** The one in use, and where it leads since it was chosen. */
  #path = 0;
  #pathRemote: Endpoint | undefined;
  readonly #pairs: WorkerPairs;
  readonly #events: DataplaneEvents;
  readonly #controlCells: DirectionCells;
  readonly #inboundCells: DirectionCells;
  readonly #name = new Uint8Array(socketAddressOctets);
  /** By inbound SPI: the outbound half is known by the same name to its worker. */
  readonly #children = new Map<Spi, KnownChild>();
  readonly #ikeSas: KnownIkeSas;
  readonly #spread: SpreadWatch;
  readonly #isAlwaysSpread: boolean;
  #keepalive: number | undefined;
  #keepaliveTimer: NodeJS.Timeout | undefined;
  #failed = false;
  #closing: Promise<void> | undefined;

  constructor(options: DataplaneOptions, workers: WorkerPair, spares: SpareWorkers, events: DataplaneEvents) {
    const { udpFd, segmentation = true } = options;
    this.#sockets = new Map([[0, udpFd]]);
    this.#controlCells = new DirectionCells(workers.shared, 'control');
    this.#inboundCells = new DirectionCells(workers.shared, 'inbound');
    this.#ikeSas = new KnownIkeSas(workers.shared.ikeSas);
    this.#events = events;
    const setting = { udpFd, segmentation, tun: undefined, mtu: undefined };
    this.#pairs = new WorkerPairs(workers, setting, spares, (pair) => ({
      onReport: (report) => this.#handle(report, pair),
      onCrash: (error) => this.#fail(error),
    }));
    this.#spread = new SpreadWatch({
      octets: () => {
        const { outbound, inbound } = this.counters();
        return outbound.octets + inbound.octets;
      },
      processorTime: readProcessorTime,
      onChange: (isSpread) => {
        this.#spreadFlows(isSpread);
        if (isSpread) this.#askForPairs();
      },
    });
    this.#isAlwaysSpread = options.spread === 'always';
    if (this.#isAlwaysSpread) this.#spreadFlows(true);
  }

  #spreadFlows(on: boolean): void {
    void this.#pairs.first.outbound.command({ kind: 'spread', on });
  }

  #askForPairs(): void {
    if (this.#closing === undefined) this.#events.onBusy?.();
  }

  async attachTun(tun: TunDescriptor): Promise<void> {
    const before = this.#pairs.setting.tun;
    await this.#pairs.attachTun(tun);
    if (before !== undefined && before.fd !== tun.fd) libc.close(before.fd);
  }

  async installChild(child: DataplaneChild): Promise<void> {
    const { selectors, remote, followRemote = false, standby = false, rekeyAfter } = child;
    const spi = child.inbound.spi;
    const options = { selectors, remote, followRemote, standby, rekeyAfter };
    const common = { kind: 'install', child: spi, ...options } as const;
    const [useIn, useOut] = [new SharedArrayBuffer(useOctets), new SharedArrayBuffer(useOctets)];
    const uses = [new Float64Array(useIn), new Float64Array(useOut)];
    const inbound: WorkerCommand = { ...common, sa: plainSa(child.inbound), use: useIn };
    const outbound = { ...common, sa: plainSa(child.outbound), use: useOut };
    const before = this.#pathRemote;
    try {
      const pair = child.pair === undefined ? 0 : await this.#pairs.start(child.pair);
      this.#children.set(spi, { pair, selectors, rekeyDue: false, uses });
      const workers = this.#pairs.get(pair);
      const installed = workers.inbound.command(inbound);
      wipeKey(inbound);
      await installed;
      if (pair !== 0) await this.#pairs.first.inbound.command({ kind: 'share', child: spi, pair, selectors });
      // The path may have changed while a pair started: this SA was not there to be told.
      const moved = this.#pathRemote === before ? undefined : this.#pathRemote;
      await workers.outbound.command({ ...outbound, remote: moved ?? remote });
      if (!standby) await this.#shareOutbound(spi);
    } finally {
      wipeKey(inbound);
      wipeKey(outbound);
    }
  }

  async switchOutbound(inboundSpi: Spi): Promise<void> {
    await this.#of(inboundSpi).outbound.command({ kind: 'switch-outbound', child: inboundSpi });
    await this.#shareOutbound(inboundSpi);
  }

  async removeChild(inboundSpi: Spi): Promise<void> {
    const { pair = 0 } = this.#children.get(inboundSpi) ?? {};
    this.#children.delete(inboundSpi);
    if (pair !== 0) return await this.#removeFrom(pair, inboundSpi, { kind: 'unshare', child: inboundSpi });
    const { first } = this.#pairs;
    await first.outbound.command({ kind: 'remove', child: inboundSpi });
    await first.inbound.command({ kind: 'remove', child: inboundSpi });
  }

  /** Takes a child from a further pair. `farewell`: what the first one, which reads, does about its packets from then on. */
  async #removeFrom(pair: number, child: Spi, farewell: WorkerCommand): Promise<void> {
    const { first } = this.#pairs;
    const { inbound, outbound } = this.#pairs.get(pair);
    await first.outbound.command(farewell);
    await outbound.command({ kind: 'remove', child });
    await first.inbound.command({ kind: 'unshare', child });
    await inbound.command({ kind: 'remove', child });
    if ([...this.#children.values()].every((other) => other.pair !== pair)) await this.#pairs.end(pair);
  }

  async sleepChild(inboundSpi: Spi): Promise<void> {
    const child = this.#children.get(inboundSpi);
    const command: WorkerCommand = { kind: 'sleep', child: inboundSpi };
    if (child !== undefined && child.pair !== 0) {
      // The packet that wakes it is seen by the first pair, whose it is from now on.
      this.#children.set(inboundSpi, { ...child, pair: 0 });
      return await this.#removeFrom(child.pair, inboundSpi, command);
    }
    await this.#pairs.first.outbound.command(command);
    await this.#pairs.first.inbound.command(command);
  }

  async retireChild(inboundSpi: Spi): Promise<void> {
    const { pair = 0 } = this.#children.get(inboundSpi) ?? {};
    if (pair !== 0) await this.#pairs.first.outbound.command({ kind: 'unshare', child: inboundSpi });
  }

  carried(): ReadonlyMap<Spi, number> {
    return new Map(
      [...this.#children].map(([spi, { uses }]) => [spi, uses.reduce((sum, use) => sum + (use[0] ?? 0), 0)]),
    );
  }

  async setRemote(inboundSpi: Spi, remote: Endpoint): Promise<void> {
    const command: WorkerCommand = { kind: 'set-remote', child: inboundSpi, remote };
    const { inbound, outbound } = this.#of(inboundSpi);
    await inbound.command(command);
    await outbound.command(command);
  }

  /** The workers that have this child. */
  #of(inboundSpi: Spi): WorkerPair {
    return this.#pairs.get(this.#children.get(inboundSpi)?.pair ?? 0);
  }

  /** The first pair reads the TUN device: it is told of a child that another pair can send on. */
  async #shareOutbound(child: Spi): Promise<void> {
    const { pair = 0, selectors } = this.#children.get(child) ?? {};
    if (pair === 0 || selectors === undefined) return;
    await this.#pairs.first.outbound.command({ kind: 'share', child, pair, selectors });
  }

  async openPath(path: number, udpFd: number): Promise<void> {
    if (this.#closing !== undefined || this.#sockets.has(path) || this.#sockets.size >= limits.pathsOpen) {
      libc.close(udpFd);
      return;
    }
    this.#sockets.set(path, udpFd);
    await this.#pairs.first.inbound.command({ kind: 'listen', path, udpFd });
  }

  async closePath(path: number): Promise<void> {
    const udpFd = this.#sockets.get(path);
    if (udpFd === undefined || path === this.#path || this.#closing !== undefined) return;
    this.#sockets.delete(path);
    await this.#pairs.first.inbound.command({ kind: 'unlisten', path });
    // The other workers may have a packet of before the change of path in their hands.
    await this.#pairs.outbound({ kind: 'unlisten', path });
    libc.close(udpFd);
  }

  async usePath(path: number, remote: Endpoint): Promise<void> {
    const udpFd = this.#sockets.get(path);
    if (udpFd === undefined || this.#closing !== undefined) return;
    this.#path = path;
    this.#pathRemote = remote;
    if (this.#keepalive !== undefined) this.setKeepalive(remote, this.#keepalive);
    this.#pairs.setting.udpFd = udpFd;
    await this.#pairs.outbound({ kind: 'use-path', udpFd, remote });
  }

  async setMtu(mtu: number): Promise<void> {
    await this.#pairs.setMtu(mtu);
  }

  sendIke(octets: Uint8Array, remote: Endpoint, marker: boolean, options: SendOptions = {}): void {
    const { path = this.#path, dontFragment = false } = options;
    const fd = this.#sockets.get(path);
    if (fd === undefined) return;
    this.#ikeSas.note(octets);
    const message = marker ? addNonEspMarker(octets) : octets;
    if (!dontFragment) return this.#send(message, remote, path);
    // An ESP packet that another thread sends meanwhile keeps its size all the same: it fits, or is lost once.
    setPathMtu(fd, remote.address.family, 'probe');
    this.#send(message, remote, path);
    setPathMtu(fd, remote.address.family, 'fragment');
  }

  setKeepalive(remote: Endpoint, everyMs: number | undefined): void {
    clearTimeout(this.#keepaliveTimer);
    this.#keepaliveTimer = undefined;
    this.#keepalive = everyMs;
    if (everyMs === undefined || this.#closing !== undefined) return;
    const timer = new KeepaliveTimer(everyMs);
    const look = (): void => {
      const { due, waitMs } = timer.look(this.lastSent(), systemClock.now());
      if (due) {
        this.#send(natKeepalive, remote, this.#path);
        this.#events.onKeepalive?.();
      }
      this.#keepaliveTimer = setTimeout(look, waitMs).unref();
    };
    look();
  }

  lastSent(): Instant | undefined {
    const at = this.#controlCells.lastSent;
    return at === 0 ? undefined : instant(at);
  }

  lastHeardInSilence(): HeardInSilence | undefined {
    return this.#inboundCells.heard;
  }

  counters(): DataplaneCounters {
    return this.#pairs.counters();
  }

  pairCounters(): readonly PairCounters[] {
    return this.#pairs.each();
  }

  awaitTraffic(): void {
    for (const { signals } of this.#pairs.all) Atomics.store(signals, signalTraffic, 1);
  }

  lastInbound(): Instant | undefined {
    return this.#pairs.lastInbound();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearTimeout(this.#keepaliveTimer);
    this.#spread.end();
    await this.#pairs.stop();
    const { tun } = this.#pairs.setting;
    for (const fd of [...this.#sockets.values(), tun?.fd ?? -1]) if (fd >= 0) libc.close(fd);
  }

  /** What the network refuses here is lost like a datagram on the way: IKE sends it again. */
  #send(octets: Uint8Array, remote: Endpoint, path: number): void {
    const fd = this.#sockets.get(path);
    if (this.#closing !== undefined || fd === undefined) return;
    if (path === this.#path) this.#controlCells.send(systemClock.now());
    const nameLength = writeSocketAddress(this.#name, 0, remote);
    libc.sendto(fd, octets, octets.length, dontWait, this.#name, nameLength);
  }

  #handle(report: Exclude<WorkerReport, { kind: 'done' }>, pair: number): void {
    switch (report.kind) {
      case 'ike':
        Atomics.sub(this.#pairs.get(pair).signals, signalQueuedIke, 1);
        if (this.#closing === undefined) {
          this.#events.onIke(report.octets, report.from, report.marker, report.path);
        }
        return;
      case 'moved':
        this.#follow(report.child, report.remote);
        return;
      case 'first-inbound':
        if (this.#children.has(report.child) && this.#closing === undefined)
          this.#events.onFirstInbound?.(report.child);
        return;
      case 'wanted':
        if (this.#children.has(report.child) && this.#closing === undefined)
          this.#events.onWanted?.(report.child);
        return;
      case 'rekey-due':
        this.#rekeyDue(report.child, report.usedUp);
        return;
      case 'busy':
        if (this.#isAlwaysSpread) this.#askForPairs();
        else if (this.#closing === undefined) this.#spread.begin();
        return;
      case 'traffic':
        if (this.#closing === undefined) this.#events.onTraffic?.();
        return;
      case 'broken':
        this.#fail(report.error);
        return;
    }
  }

  #follow(child: Spi, remote: Endpoint): void {
    if (!this.#children.has(child) || this.#closing !== undefined) return;
    void this.#of(child).outbound.command({ kind: 'set-remote', child, remote });
    this.#events.onMoved?.(child, remote);
  }

  /** Both workers count: which of them comes first doesn't matter. */
  #rekeyDue(spi: Spi, usedUp: boolean): void {
    const child = this.#children.get(spi);
    if (child === undefined || this.#closing !== undefined) return;
    if (child.rekeyDue && !usedUp) return;
    child.rekeyDue = true;
    this.#events.onRekeyDue?.(spi);
  }

  #fail(error: Failure): void {
    if (this.#failed || this.#closing !== undefined) return;
    this.#failed = true;
    this.#events.onFailure(error);
  }
}
