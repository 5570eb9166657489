import type { Endpoint } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { ok, type Result } from '../base/result.ts';
import { type Instant, instant } from '../base/time.ts';
import type { CipherShape } from '../crypto/interfaces.ts';
import { libc } from '../platform/linux/libc.ts';
import { socketAddressOctets, writeSocketAddress } from '../platform/linux/socket-address.ts';
import { systemClock } from '../platform/linux/system-clock.ts';
import { setPathMtu } from '../platform/linux/udp-socket.ts';
import { addNonEspMarker, natKeepalive } from '../wire/ike/non-esp-marker.ts';
import type { Spi } from '../wire/ike/payload.ts';
import { useOctets } from './child-use.ts';
import type { SaCommand, WorkerCommand, WorkerReport } from './commands.ts';
import { DirectionCells, readCounters, signalQueuedIke, signalTraffic } from './counters.ts';
import type {
  Dataplane,
  DataplaneChild,
  DataplaneCounters,
  DataplaneEvents,
  DataplaneSa,
  HeardInSilence,
  SendOptions,
  TunDescriptor,
} from './dataplane.ts';
import { KeepaliveTimer } from './keepalive.ts';
import { KnownIkeSas } from './known-ike-sas.ts';
import { SpareWorkers } from './spare-workers.ts';
import { wipeKey } from './wipe-key.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { WorkerPair } from './worker-pair.ts';

const flagDontWait = 0x40;

/** What was told of a child already. */
interface ToldOfChild {
  rekeyDue: boolean;
  /** What each direction carried. */
  readonly uses: readonly Float64Array[];
}

export interface DataplaneOptions {
  /** A bound UDP socket; the data plane owns it from now on. */
  readonly udpFd: number;
  /** Send runs of datagrams as one message (UDP_SEGMENT). Default: true; it is dropped when the kernel refuses. */
  readonly segmentation?: boolean;
}

/**
 * Sets both workers to work. `spares` is asked for the threads; without it new ones start. Fails with `system.call` when
 * the system has no descriptor left; the socket is closed then.
 */
export function openDataplane(
  options: DataplaneOptions,
  events: DataplaneEvents,
  spares: SpareWorkers = new SpareWorkers(),
): Result<Dataplane, Failure> {
  const workers = spares.take();
  if (workers.ok) return ok(new WorkerDataplane(options, workers.value, events));
  libc.close(options.udpFd);
  return workers;
}

class WorkerDataplane implements Dataplane {
  /** By path. */
  readonly #sockets: Map<number, number>;
  /** The one in use. */
  #path = 0;
  readonly #workers: WorkerPair;
  readonly #events: DataplaneEvents;
  readonly #signals: Int32Array;
  readonly #controlCells: DirectionCells;
  readonly #inboundCells: DirectionCells;
  readonly #outbound: WorkerHandle;
  readonly #inbound: WorkerHandle;
  readonly #name = new Uint8Array(socketAddressOctets);
  /** By inbound SPI: the outbound half is known by the same name to its worker. */
  readonly #children = new Map<Spi, ToldOfChild>();
  readonly #ikeSas: KnownIkeSas;
  #tunFd = -1;
  #keepalive: number | undefined;
  #keepaliveTimer: NodeJS.Timeout | undefined;
  #failed = false;
  #closing: Promise<void> | undefined;

  constructor(options: DataplaneOptions, workers: WorkerPair, events: DataplaneEvents) {
    this.#sockets = new Map([[0, options.udpFd]]);
    this.#workers = workers;
    this.#outbound = workers.outbound;
    this.#inbound = workers.inbound;
    this.#signals = new Int32Array(workers.shared.signals);
    this.#controlCells = new DirectionCells(workers.shared, 'control');
    this.#inboundCells = new DirectionCells(workers.shared, 'inbound');
    this.#ikeSas = new KnownIkeSas(workers.shared.ikeSas);
    this.#events = events;
    workers.open(options.udpFd, options.segmentation ?? true, {
      onReport: (report) => this.#handle(report),
      onCrash: (error) => this.#fail(error),
    });
  }

  async attachTun(tun: TunDescriptor): Promise<void> {
    const { fd, mtu, vnetHeader } = tun;
    const command: WorkerCommand = { kind: 'attach-tun', fd, mtu, vnetHeader };
    await this.#inbound.command(command);
    await this.#outbound.command(command);
    if (this.#tunFd >= 0 && this.#tunFd !== fd) libc.close(this.#tunFd);
    this.#tunFd = fd;
  }

  async installChild(child: DataplaneChild): Promise<void> {
    const { selectors, remote, followRemote = false, standby = false, rekeyAfter } = child;
    const spi = child.inbound.spi;
    const options = { selectors, remote, followRemote, standby, rekeyAfter };
    const common = { kind: 'install', child: spi, ...options } as const;
    const [useIn, useOut] = [new SharedArrayBuffer(useOctets), new SharedArrayBuffer(useOctets)];
    this.#children.set(spi, { rekeyDue: false, uses: [new Float64Array(useIn), new Float64Array(useOut)] });
    const inbound: WorkerCommand = { ...common, sa: plainSa(child.inbound), use: useIn };
    const outbound: WorkerCommand = { ...common, sa: plainSa(child.outbound), use: useOut };
    try {
      const installed = this.#inbound.command(inbound);
      wipeKey(inbound);
      await installed;
      await this.#outbound.command(outbound);
    } finally {
      wipeKey(outbound);
    }
  }

  async switchOutbound(inboundSpi: Spi): Promise<void> {
    await this.#outbound.command({ kind: 'switch-outbound', child: inboundSpi });
  }

  async removeChild(inboundSpi: Spi): Promise<void> {
    this.#children.delete(inboundSpi);
    await this.#outbound.command({ kind: 'remove', child: inboundSpi });
    await this.#inbound.command({ kind: 'remove', child: inboundSpi });
  }

  async sleepChild(inboundSpi: Spi): Promise<void> {
    await this.#outbound.command({ kind: 'sleep', child: inboundSpi });
    await this.#inbound.command({ kind: 'sleep', child: inboundSpi });
  }

  carried(): ReadonlyMap<Spi, number> {
    return new Map(
      [...this.#children].map(([spi, { uses }]) => [spi, uses.reduce((sum, use) => sum + (use[0] ?? 0), 0)]),
    );
  }

  async setRemote(inboundSpi: Spi, remote: Endpoint): Promise<void> {
    const command: WorkerCommand = { kind: 'set-remote', child: inboundSpi, remote };
    await this.#inbound.command(command);
    await this.#outbound.command(command);
  }

  async openPath(path: number, udpFd: number): Promise<void> {
    if (this.#closing !== undefined || this.#sockets.has(path) || this.#sockets.size >= limits.pathsOpen) {
      libc.close(udpFd);
      return;
    }
    this.#sockets.set(path, udpFd);
    await this.#inbound.command({ kind: 'listen', path, udpFd });
  }

  async closePath(path: number): Promise<void> {
    const udpFd = this.#sockets.get(path);
    if (udpFd === undefined || path === this.#path || this.#closing !== undefined) return;
    this.#sockets.delete(path);
    await this.#inbound.command({ kind: 'unlisten', path });
    // The other worker may have a packet of before the change of path in its hands.
    await this.#outbound.command({ kind: 'unlisten', path });
    libc.close(udpFd);
  }

  async usePath(path: number, remote: Endpoint): Promise<void> {
    const udpFd = this.#sockets.get(path);
    if (udpFd === undefined || this.#closing !== undefined) return;
    this.#path = path;
    if (this.#keepalive !== undefined) this.setKeepalive(remote, this.#keepalive);
    await this.#outbound.command({ kind: 'use-path', udpFd, remote });
  }

  async setMtu(mtu: number): Promise<void> {
    await Promise.all(
      [this.#inbound, this.#outbound].map((worker) => worker.command({ kind: 'set-mtu', mtu })),
    );
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
    return readCounters(this.#workers.shared);
  }

  awaitTraffic(): void {
    Atomics.store(this.#signals, signalTraffic, 1);
  }

  lastInbound(): Instant | undefined {
    return this.#inboundCells.provenAt;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearTimeout(this.#keepaliveTimer);
    await this.#workers.stop();
    for (const fd of [...this.#sockets.values(), this.#tunFd]) if (fd >= 0) libc.close(fd);
  }

  /** What the network refuses here is lost like a datagram on the way: IKE sends it again. */
  #send(octets: Uint8Array, remote: Endpoint, path: number): void {
    const fd = this.#sockets.get(path);
    if (this.#closing !== undefined || fd === undefined) return;
    if (path === this.#path) this.#controlCells.send(systemClock.now());
    const nameLength = writeSocketAddress(this.#name, 0, remote);
    libc.sendto(fd, octets, octets.length, flagDontWait, this.#name, nameLength);
  }

  #handle(report: Exclude<WorkerReport, { kind: 'done' }>): void {
    switch (report.kind) {
      case 'ike':
        Atomics.sub(this.#signals, signalQueuedIke, 1);
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
    void this.#outbound.command({ kind: 'set-remote', child, remote });
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

/** The SA as plain data. `postMessage` copies it at once, so the caller's key can be wiped right after. */
function plainSa(sa: DataplaneSa): SaCommand {
  const { cipher } = sa;
  const shape: CipherShape = {
    name: cipher.name,
    encryptionId: cipher.encryptionId,
    keyBits: cipher.keyBits,
    integrityId: cipher.integrityId,
    encryptionKeyOctets: cipher.encryptionKeyOctets,
    saltOctets: cipher.saltOctets,
    integrityKeyOctets: cipher.integrityKeyOctets,
    ivOctets: cipher.ivOctets,
    icvOctets: cipher.icvOctets,
    blockOctets: cipher.blockOctets,
    randomIv: cipher.randomIv,
  };
  return { spi: sa.spi, shape, key: sa.key, esn: sa.esn ?? false, sequence: sa.sequence ?? 0 };
}
