import { lookup } from 'node:dns/promises';
import { type Endpoint, type IpAddress, parseIpAddress } from '../base/address.ts';
import { type Failure, failure, formatFailure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { LogSink } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Instant } from '../base/time.ts';
import { type Dataplane, type DataplaneCounters, noCounters } from '../dataplane/dataplane.ts';
import { openDataplane } from '../dataplane/open-dataplane.ts';
import type { ChildSaParameters, IkeAnswer, IkeAsk } from '../ike/io.ts';
import { NetworkEvents } from '../platform/linux/events/network-events.ts';
import {
  type AppliedPlan,
  applyNetworkPlan,
  type PlanOptions,
  repairNetworkPlan,
  undoNetworkPlan,
} from '../platform/linux/plan/network-plan-applier.ts';
import { sourceTowards } from '../platform/linux/source-address.ts';
import { Alarm, systemClock } from '../platform/linux/system-clock.ts';
import { openTunDevice } from '../platform/linux/tun-device.ts';
import { openUdpSocket } from '../platform/linux/udp-socket.ts';
import { tunnelMark } from '../tunnel/compute-network-plan.ts';
import type { NetworkPlan } from '../tunnel/network-plan.ts';
import type { Spi } from '../wire/ike/payload.ts';
import type { SessionDeeds, TransportEvents } from './session.ts';

/** Far from the end of the sequence numbers, and far below what the ciphers stand. */
const rekeyAfter = { packets: limits.rekeyAfterPackets, octets: limits.rekeyAfterOctets } as const;

export interface SystemDeedsOptions {
  readonly log: LogSink;
  readonly plan: PlanOptions;
  /** Silence after which a NAT keepalive goes out, in milliseconds. */
  readonly keepaliveMs: number;
  readonly answer: (ask: IkeAsk) => Promise<IkeAnswer>;
}

/** The deeds of a session on a real Linux: sockets, workers, TUN device, routes, names. */
export class SystemDeeds implements SessionDeeds {
  readonly #options: SystemDeedsOptions;
  readonly #alarm = new Alarm(systemClock);
  #remote: IpAddress | undefined;
  #dataplane: Dataplane | undefined;
  #applied: AppliedPlan | undefined;
  #networkEvents: Promise<NetworkEvents | undefined> | undefined;
  #onNetworkChange: () => void = () => undefined;

  constructor(options: SystemDeedsOptions) {
    this.#options = options;
  }

  now(): Instant {
    return systemClock.now();
  }

  setAlarm(at: Instant | undefined, wake: () => void): void {
    this.#alarm.set(at, wake);
  }

  answer(ask: IkeAsk): Promise<IkeAnswer> {
    return this.#options.answer(ask);
  }

  async resolve(host: string): Promise<Result<readonly IpAddress[], Failure>> {
    try {
      // The system's order of families (RFC 6724) is kept.
      const found = await lookup(host, { all: true, order: 'verbatim' });
      const addresses = found.flatMap(({ address }) => {
        const parsed = parseIpAddress(address);
        return parsed.ok ? [parsed.value] : [];
      });
      return ok(addresses.slice(0, limits.addressesOfGateway));
    } catch {
      return err(failure('gateway.unresolved', { gateway: host }));
    }
  }

  async openTransport(remote: IpAddress, events: TransportEvents): Promise<Result<Endpoint, Failure>> {
    const source = sourceTowards(remote, tunnelMark);
    if (!source.ok) return source;
    const socket = openUdpSocket({ family: remote.family, mark: tunnelMark });
    if (!socket.ok) return socket;
    const { fd, local, gso } = socket.value;
    const dataplane = openDataplane(
      { udpFd: fd, segmentation: gso },
      {
        onIke: events.onIke,
        onFailure: events.onFailure,
        onFirstInbound: events.onChildUsed,
        onRekeyDue: events.onRekeyDue,
      },
    );
    if (!dataplane.ok) return dataplane;
    this.#remote = remote;
    this.#onNetworkChange = events.onNetworkChange;
    this.#dataplane = dataplane.value;
    return ok({ address: source.value.local, port: local.port });
  }

  transmit(octets: Uint8Array, to: Endpoint, marker: boolean): void {
    this.#dataplane?.sendIke(octets, to, marker);
  }

  async installChild(
    child: ChildSaParameters,
    remote: Endpoint,
    standby: boolean,
  ): Promise<Result<undefined, Failure>> {
    if (this.#dataplane === undefined)
      return err(failure('misuse', { reason: 'a child without a transport' }));
    await this.#dataplane.installChild({ ...child, remote, standby, rekeyAfter });
    this.#dataplane.setKeepalive(remote, this.#options.keepaliveMs);
    return ok();
  }

  async switchOutbound(inboundSpi: Spi): Promise<void> {
    await this.#dataplane?.switchOutbound(inboundSpi);
  }

  async removeChild(inboundSpi: Spi): Promise<void> {
    await this.#dataplane?.removeChild(inboundSpi);
  }

  async applyNetwork(plan: NetworkPlan): Promise<Result<undefined, Failure>> {
    if (this.#dataplane === undefined)
      return err(failure('misuse', { reason: 'a network without a transport' }));
    const tun = openTunDevice(plan.device);
    if (!tun.ok) return tun;
    await this.#dataplane.attachTun({ ...tun.value, mtu: plan.mtu });
    const applied = await applyNetworkPlan(plan, this.#planOptions());
    if (!applied.ok) return applied;
    this.#applied = applied.value;
    this.#warn('plan.warning', applied.value.warnings);
    // Its thread starts while the tunnel is already in use.
    this.#networkEvents = this.#watchNetwork(applied.value);
    return ok();
  }

  async undoNetwork(): Promise<void> {
    const applied = this.#applied;
    this.#applied = undefined;
    await (await this.#networkEvents)?.close();
    this.#networkEvents = undefined;
    if (applied === undefined) return;
    this.#warn('plan.not-undone', await undoNetworkPlan(applied, this.#planOptions()));
  }

  async closeTransport(): Promise<void> {
    const dataplane = this.#dataplane;
    this.#dataplane = undefined;
    this.#alarm.set(undefined, () => undefined);
    await dataplane?.close();
  }

  lastTraffic(): Instant | undefined {
    return this.#dataplane?.lastInbound();
  }

  counters(): DataplaneCounters {
    return this.#dataplane?.counters() ?? noCounters;
  }

  /** Puts back what another program takes away, and has the gateway probed. Without events the tunnel still works. */
  async #watchNetwork(applied: AppliedPlan): Promise<NetworkEvents | undefined> {
    const { plan } = applied;
    const opened = await NetworkEvents.open({
      ignoreDevices: [plan.device],
      ignoreTables: [plan.table],
      onChange: () => {
        this.#warn('plan.not-repaired', repairNetworkPlan(applied, this.#planOptions()));
        this.#onNetworkChange();
      },
      onFailure: (error) => this.#warn('network-events.failed', [error]),
    });
    if (opened.ok) return opened.value;
    this.#warn('network-events.failed', [opened.error]);
    return undefined;
  }

  #planOptions(): PlanOptions {
    const gateway = this.#remote;
    return { ...this.#options.plan, log: this.#options.log, ...(gateway === undefined ? {} : { gateway }) };
  }

  #warn(event: string, failures: readonly Failure[]): void {
    for (const each of failures)
      this.#options.log({ level: 'warn', event, fields: { problem: formatFailure(each) } });
  }
}
