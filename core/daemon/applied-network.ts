import type { IpAddress } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import type { LogSink } from '../base/log.ts';
import { ok, type Result } from '../base/result.ts';
import { NetworkEvents } from '../platform/linux/events/network-events.ts';
import {
  type AppliedPlan,
  applyNetworkPlan,
  type PlanOptions,
  repairNetworkPlan,
  resumePlanDns,
  suspendPlanDns,
  undoNetworkPlan,
} from '../platform/linux/plan/network-plan-applier.ts';
import { replaceKernelPlan } from '../platform/linux/plan/plan-replacement.ts';
import { SleepWatch } from '../platform/linux/sleep-watch.ts';
import { sourceTowards } from '../platform/linux/source-address.ts';
import {
  closeTunDevice,
  duplicateTunDevice,
  openTunDevice,
  type TunDevice,
} from '../platform/linux/tun-device.ts';
import { tunnelMark } from '../tunnel/compute-network-plan.ts';
import type { NetworkPlan } from '../tunnel/network-plan.ts';
import { withinTime } from './reach-gateway.ts';
import type { TransportEvents } from './session-deeds.ts';
import { warn } from './warn.ts';

export interface AppliedNetworkParts {
  readonly plan: PlanOptions;
  readonly log: LogSink;
  /** Where the gateway is; `undefined` before a transport leads there. */
  readonly gateway: () => IpAddress | undefined;
  readonly onChange: TransportEvents['onNetworkChange'];
  /** The plan has been put right, which may have undone what was set beside it. */
  readonly onRepaired: () => void;
}

/** The network plan that is in force on this machine, and the TUN device that it leads into. */
export class AppliedNetwork {
  readonly #parts: AppliedNetworkParts;
  #applied: AppliedPlan | undefined;
  #events: NetworkEvents | undefined;
  #sleepWatch: SleepWatch | undefined;
  /** Holds the TUN device while there is no data plane. */
  #tun: TunDevice | undefined;

  constructor(parts: AppliedNetworkParts) {
    this.#parts = parts;
  }

  /** The name of the device while a plan is in force. */
  get device(): string | undefined {
    return this.#applied?.plan.device;
  }

  /** A descriptor for the data plane to own. Ours keeps the device, and its routes with it, when the data plane goes. */
  openTun(name: string): Result<TunDevice, Failure> {
    if (this.#tun === undefined) {
      const opened = openTunDevice(name);
      if (!opened.ok) return opened;
      this.#tun = opened.value;
    }
    return duplicateTunDevice(this.#tun);
  }

  /** Where no plan is in force. Fails as `applyNetworkPlan`; then nothing of it is. */
  async apply(plan: NetworkPlan): Promise<Result<undefined, Failure>> {
    const applied = await applyNetworkPlan(plan, this.#options());
    if (!applied.ok) return applied;
    this.#applied = applied.value;
    this.#warn('plan.warning', applied.value.warnings);
    this.#events = this.#watch(applied.value.plan);
    this.#sleepWatch ??= new SleepWatch(() => this.#parts.onChange());
    return ok();
  }

  /** In place of the plan that is in force. Fails as `replaceKernelPlan`; then the old one still is. */
  async replace(plan: NetworkPlan): Promise<Result<undefined, Failure>> {
    const applied = this.#applied;
    if (applied === undefined) return await this.apply(plan);
    const options = this.#options();
    const replaced = replaceKernelPlan(applied, plan, options);
    if (!replaced.ok) return replaced;
    this.#applied = replaced.value;
    if (JSON.stringify(plan.dns) === JSON.stringify(applied.plan.dns)) return ok();
    this.#warn('dns.not-suspended', await suspendPlanDns(replaced.value, options));
    this.#warn('dns.not-resumed', await resumePlanDns(replaced.value, options));
    return ok();
  }

  /** Idempotent. */
  async undo(): Promise<void> {
    const applied = this.#applied;
    this.#applied = undefined;
    await this.#events?.close();
    this.#events = undefined;
    this.#sleepWatch?.stop();
    this.#sleepWatch = undefined;
    if (applied !== undefined) this.#warn('plan.not-undone', await undoNetworkPlan(applied, this.#options()));
    if (this.#tun !== undefined) closeTunDevice(this.#tun);
    this.#tun = undefined;
  }

  /** Looks a name up outside the tunnel, whose name servers may be out of reach: this machine's own are asked, for this question alone. */
  async outside(
    host: string,
    lookUp: (host: string) => Promise<Result<readonly IpAddress[], Failure>>,
  ): Promise<Result<readonly IpAddress[], Failure>> {
    const applied = this.#applied;
    if (applied === undefined) return await lookUp(host);
    this.#warn('dns.not-suspended', await suspendPlanDns(applied, this.#options()));
    try {
      return await withinTime(lookUp(host), host);
    } finally {
      this.#warn('dns.not-resumed', await resumePlanDns(applied, this.#options()));
    }
  }

  /** Puts back what another program takes away, and has the gateway probed. Without events the tunnel still works. */
  #watch(plan: NetworkPlan): NetworkEvents | undefined {
    const opened = NetworkEvents.open({
      ignoreDevices: [plan.device],
      ignoreTables: [plan.table],
      onChange: () => {
        if (this.#applied !== undefined)
          this.#warn('plan.not-repaired', repairNetworkPlan(this.#applied, this.#options()));
        this.#parts.onRepaired();
        this.#parts.onChange(this.#localTowardsGateway());
      },
      onFailure: (error) => this.#warn('network-events.failed', [error]),
      onClock: () => this.#sleepWatch?.look(),
    });
    if (opened.ok) return opened.value;
    this.#warn('network-events.failed', [opened.error]);
    return undefined;
  }

  #localTowardsGateway(): IpAddress | 'none' | undefined {
    const gateway = this.#parts.gateway();
    if (gateway === undefined) return undefined;
    const source = sourceTowards(gateway, tunnelMark);
    return source.ok ? source.value.local : 'none';
  }

  #options(): PlanOptions {
    const { plan, log, gateway } = this.#parts;
    const address = gateway();
    return { ...plan, log, ...(address === undefined ? {} : { gateway: address }) };
  }

  #warn(event: string, failures: readonly Failure[]): void {
    warn(this.#parts.log, event, failures);
  }
}
