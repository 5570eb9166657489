import { type Endpoint, formatIpAddress, type IpAddress, parseIpAddress } from '../base/address.ts';
import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { LogSink } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Instant } from '../base/time.ts';
import {
  type Dataplane,
  type DataplaneCounters,
  type HeardInSilence,
  noCounters,
  type PairCounters,
} from '../dataplane/dataplane.ts';
import { type DataplaneOptions, openDataplane } from '../dataplane/open-dataplane.ts';
import type { SpareWorkers } from '../dataplane/spare-workers.ts';
import type { ChildSaParameters, IkeAnswer, IkeAsk, PathId } from '../ike/io.ts';
import { knockAtNameServer } from '../platform/linux/dns-knock.ts';
import { findPaths } from '../platform/linux/find-paths.ts';
import { setLinkMtu } from '../platform/linux/link-mtu.ts';
import { networkOf } from '../platform/linux/network-identity.ts';
import type { PlanOptions } from '../platform/linux/plan/network-plan-applier.ts';
import { ScoutSockets } from '../platform/linux/scout-sockets.ts';
import { Alarm, systemClock } from '../platform/linux/system-clock.ts';
import type { ChildTerms } from '../tunnel/child-roster.ts';
import { tunnelMark } from '../tunnel/compute-network-plan.ts';
import type { PlanChange } from '../tunnel/io.ts';
import type { NetworkPlan } from '../tunnel/network-plan.ts';
import { ActivityWatch } from '../tunnel/paths/activity-watch.ts';
import type { KnownNetwork, NetworkLore } from '../tunnel/paths/network-lore.ts';
import type { PathCandidate } from '../tunnel/paths/path.ts';
import { TrafficWatch } from '../tunnel/paths/traffic-watch.ts';
import type { Spi } from '../wire/ike/payload.ts';
import { AppliedNetwork } from './applied-network.ts';
import type { NetworkMemory } from './network-memory.ts';
import { lookUp, openPathSocket, preferredWay } from './reach-gateway.ts';
import type { OpenedTransport, SendOptions, SessionDeeds, TransportEvents } from './session-deeds.ts';
import { TrafficTimer } from './traffic-timer.ts';
import { warn } from './warn.ts';

/** Far from the end of the sequence numbers, and far below what the ciphers stand. */
const rekeyAfter = { packets: limits.rekeyAfterPackets, octets: limits.rekeyAfterOctets } as const;

export interface SystemDeedsOptions {
  readonly log: LogSink;
  readonly plan: PlanOptions;
  /** What is known of the networks that this machine has been in. */
  readonly memory: NetworkMemory;
  readonly answer: SessionDeeds['answer'];
  /** Packets go through the tunnel again after a rest. */
  readonly onBusy: () => void;
  /** Threads of data planes to come. */
  readonly spareWorkers: SpareWorkers;
  readonly spread?: DataplaneOptions['spread'];
}

/** The deeds of a session on a real Linux: sockets, workers, TUN device, routes, names. */
export class SystemDeeds implements SessionDeeds {
  readonly #options: SystemDeedsOptions;
  readonly #alarm = new Alarm(systemClock);
  readonly #scouts = new ScoutSockets(tunnelMark);
  /** Where the gateway is, and whom the transport tells. */
  #remote: IpAddress | undefined;
  #events: TransportEvents | undefined;
  #dataplane: Dataplane | undefined;
  readonly #network: AppliedNetwork;
  #mtu: { readonly device: number; readonly inner: number } | undefined;
  #trafficTimer: TrafficTimer | undefined;
  #activity = new ActivityWatch();

  constructor(options: SystemDeedsOptions) {
    this.#options = options;
    this.#network = new AppliedNetwork({
      plan: options.plan,
      log: options.log,
      gateway: () => this.#remote,
      onChange: (local) => this.#events?.onNetworkChange(local),
      onRepaired: () => this.#useMtu(),
    });
  }

  now(): Instant {
    return systemClock.now();
  }

  setAlarm(at: Instant | undefined, wake: () => void): void {
    this.#alarm.set(at, wake);
  }

  answer(ask: IkeAsk, gateway: string): Promise<IkeAnswer> {
    return this.#options.answer(ask, gateway);
  }

  openScout(
    scout: number,
    remote: IpAddress,
    onDatagram: (octets: Uint8Array) => void,
    via?: PathCandidate,
  ): Promise<Result<Endpoint, Failure>> {
    return this.#scouts.open(scout, remote, onDatagram, via);
  }

  sendScout(scout: number, octets: Uint8Array, to: Endpoint): void {
    this.#scouts.send(scout, octets, to);
  }

  closeScout(scout: number): void {
    this.#scouts.close(scout);
  }

  knock(servers: readonly IpAddress[]): void {
    for (const server of servers.slice(0, 2)) knockAtNameServer(server);
  }

  async resolve(host: string): Promise<Result<readonly IpAddress[], Failure>> {
    return parseIpAddress(host).ok
      ? await lookUp(host)
      : await this.#network.outside(host, (name) => lookUp(name));
  }

  async openTransport(
    remote: IpAddress,
    events: TransportEvents,
    wanted?: PathCandidate,
  ): Promise<OpenedTransport> {
    const way = wanted === undefined ? preferredWay(remote) : ok(wanted);
    if (!way.ok) return { result: way };
    const via = way.value;
    const socket = openPathSocket(via);
    if (!socket.ok) return { result: socket };
    const { fd, local, gso } = socket.value;
    const { spread } = this.#options;
    const dataplane = openDataplane(
      { udpFd: fd, segmentation: gso, ...(spread === undefined ? {} : { spread }) },
      {
        onIke: events.onIke,
        onFailure: events.onFailure,
        onKeepalive: events.onLook,
        onFirstInbound: events.onChildUsed,
        onRekeyDue: events.onRekeyDue,
        onBusy: events.onBusy,
        onTraffic: () => this.#onTraffic(),
        onWanted: events.onChildWanted,
      },
      this.#options.spareWorkers,
    );
    if (!dataplane.ok) return { result: dataplane };
    this.#remote = remote;
    this.#events = events;
    this.#dataplane = dataplane.value;
    this.#trafficTimer?.stop();
    this.#trafficTimer = this.#watchTraffic(dataplane.value, events);
    return { result: ok(local), via };
  }

  transmit(octets: Uint8Array, to: Endpoint, marker: boolean, options: SendOptions): void {
    this.#dataplane?.sendIke(octets, to, marker, options);
  }

  findPaths(remotes: readonly IpAddress[]): readonly PathCandidate[] {
    const found = findPaths(remotes, tunnelMark, [this.#network.device ?? '']);
    if (found.ok) return found.value;
    this.#warn('paths.not-found', found.error);
    return [];
  }

  async openPath(path: PathId, candidate: PathCandidate): Promise<Result<Endpoint, Failure>> {
    const dataplane = this.#dataplane;
    if (dataplane === undefined) return err(failure('misuse', { reason: 'a path without a transport' }));
    const socket = openPathSocket(candidate);
    if (!socket.ok) return socket;
    await dataplane.openPath(path, socket.value.fd);
    return ok(socket.value.local);
  }

  usePath(path: PathId, remote: Endpoint): void {
    this.#remote = remote.address;
    void this.#dataplane?.usePath(path, remote);
  }

  closePath(path: PathId): void {
    void this.#dataplane?.closePath(path);
  }

  setKeepalive(remote: Endpoint, everyMs: number | undefined): void {
    this.#dataplane?.setKeepalive(remote, everyMs);
  }

  recallNetwork(candidate: PathCandidate): KnownNetwork {
    const found = networkOf(candidate, tunnelMark);
    if (!found.ok) this.#warn('network.not-known', found.error);
    const network = found.ok ? found.value : undefined;
    const gateway = formatIpAddress(candidate.remote);
    return { network, lore: network === undefined ? {} : this.#options.memory.recall(network, gateway) };
  }

  rememberNetwork(network: string, remote: IpAddress, lore: NetworkLore): void {
    this.#options.memory.remember(network, formatIpAddress(remote), lore);
  }

  lastSent(): Instant | undefined {
    return this.#dataplane?.lastSent();
  }

  lastHeardInSilence(): HeardInSilence | undefined {
    return this.#dataplane?.lastHeardInSilence();
  }

  setMtu(device: number, inner: number): void {
    this.#mtu = { device, inner };
    this.#useMtu();
  }

  /** The measured one, again where the plan's own may have been put in its place. */
  #useMtu(): void {
    if (this.#mtu === undefined) return;
    const { device, inner } = this.#mtu;
    void this.#dataplane?.setMtu(inner);
    const name = this.#network.device;
    const changed = name === undefined ? ok() : setLinkMtu(name, device);
    if (!changed.ok) this.#warn('mtu.not-set', changed.error);
  }

  #watchTraffic(dataplane: Dataplane, { onStalled, onLook }: TransportEvents): TrafficTimer {
    const watch = new TrafficWatch();
    return new TrafficTimer({
      packets: () => {
        const { outbound, inbound } = dataplane.counters();
        return outbound.packets + inbound.packets;
      },
      awaitTraffic: () => dataplane.awaitTraffic(),
      onLook: () => {
        const { outbound } = dataplane.counters();
        if (watch.look(outbound.packets, dataplane.lastInbound(), this.now())) onStalled();
        this.#activity.look(dataplane.carried(), this.now());
        onLook();
      },
    });
  }

  async installChild(
    child: ChildSaParameters,
    remote: Endpoint,
    { standby, pair }: ChildTerms,
  ): Promise<Result<undefined, Failure>> {
    if (this.#dataplane === undefined)
      return err(failure('misuse', { reason: 'a child without a transport' }));
    // A redirect leads to another gateway over the same socket.
    this.#remote = remote.address;
    await this.#dataplane.installChild({ ...child, remote, standby, pair, rekeyAfter });
    return ok();
  }

  async switchOutbound(inboundSpi: Spi): Promise<void> {
    await this.#dataplane?.switchOutbound(inboundSpi);
  }

  async removeChild(inboundSpi: Spi): Promise<void> {
    await this.#dataplane?.removeChild(inboundSpi);
  }

  async retireChild(inboundSpi: Spi): Promise<void> {
    await this.#dataplane?.retireChild(inboundSpi);
  }

  async sleepChild(inboundSpi: Spi): Promise<void> {
    await this.#dataplane?.sleepChild(inboundSpi);
  }

  async applyNetwork(plan: NetworkPlan, change: PlanChange): Promise<Result<undefined, Failure>> {
    if (this.#dataplane === undefined)
      return err(failure('misuse', { reason: 'a network without a transport' }));
    const tun = this.#network.openTun(plan.device);
    if (!tun.ok) return tun;
    await this.#dataplane.attachTun({ ...tun.value, mtu: plan.mtu });
    if (this.#network.device !== undefined && change !== 'new') {
      this.#useMtu();
      return change === 'same' ? ok() : await this.#network.replace(plan);
    }
    this.#mtu = undefined;
    return await this.#network.apply(plan);
  }

  undoNetwork(): Promise<void> {
    return this.#network.undo();
  }

  async closeTransport(): Promise<void> {
    const dataplane = this.#dataplane;
    this.#dataplane = undefined;
    this.#trafficTimer?.stop();
    this.#trafficTimer = undefined;
    this.#alarm.set(undefined, () => undefined);
    await dataplane?.close();
    // For the next connection, or the next try of this one.
    this.#options.spareWorkers.prepare();
  }

  lastTraffic(): Instant | undefined {
    return this.#dataplane?.lastInbound();
  }

  childActivity(): ReadonlyMap<Spi, Instant> {
    if (this.#dataplane !== undefined) this.#activity.look(this.#dataplane.carried(), this.now());
    return this.#activity.lastUses;
  }

  /** Packets went through the tunnel a moment ago. */
  get busy(): boolean {
    return this.#trafficTimer?.busy === true;
  }

  counters(): DataplaneCounters {
    return this.#dataplane?.counters() ?? noCounters;
  }

  /** Of each pair of workers that runs. */
  pairCounters(): readonly PairCounters[] {
    return this.#dataplane?.pairCounters() ?? [];
  }

  #onTraffic(): void {
    this.#trafficTimer?.wake();
    this.#options.onBusy();
  }

  #warn(event: string, failure: Failure): void {
    warn(this.#options.log, event, [failure]);
  }
}
