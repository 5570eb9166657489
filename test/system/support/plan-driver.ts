import { type IpAddress, type IpPrefix, parseIpAddress, parseIpPrefix } from '../../../core/base/address.ts';
import type { Result } from '../../../core/base/result.ts';
import {
  applyNetworkPlan,
  type PlanOptions,
  undoNetworkPlan,
} from '../../../core/platform/linux/plan/network-plan-applier.ts';
import { recoverFromJournal } from '../../../core/platform/linux/plan/recover.ts';
import { sourceTowards } from '../../../core/platform/linux/source-address.ts';
import { openTunDevice } from '../../../core/platform/linux/tun-device.ts';

/**
 * Stands in for the daemon, in a process that can be killed. `apply` opens a TUN device, applies the plan and undoes
 * it on SIGTERM; `recover` does what a daemon does at its start. Each line of output is one JSON object.
 */
export interface DriverOrder {
  readonly mode: 'apply' | 'recover' | 'source';
  readonly addresses?: readonly string[];
  readonly routes?: readonly string[];
  readonly blockFamilies?: readonly (4 | 6)[];
  readonly servers?: readonly string[];
  readonly routeDomains?: readonly string[];
  readonly gateway?: string;
  readonly journalDirectory: string;
  readonly dns?: PlanOptions['dns'];
}

export const driverMark = 0x6764;
export const driverTable = 26_468;
export const driverPriority = 26_468;

const order: DriverOrder | undefined =
  process.argv[1] === import.meta.filename ? JSON.parse(process.argv[2] ?? '{}') : undefined;
if (order !== undefined) await drive(order);

async function drive(order: DriverOrder): Promise<void> {
  const options: PlanOptions = {
    journalDirectory: order.journalDirectory,
    ...(order.dns === undefined ? {} : { dns: order.dns }),
    ...(order.gateway === undefined ? {} : { gateway: address(order.gateway) }),
  };
  if (order.mode === 'recover') return say(await recoverFromJournal(options));
  if (order.mode === 'source') return say(sourceTowards(address(order.gateway ?? ''), driverMark));
  const tun = must(openTunDevice('gwtest0'));
  const applied = await applyNetworkPlan(
    {
      device: tun.name,
      mtu: 1400,
      addresses: (order.addresses ?? []).map(prefix),
      routes: (order.routes ?? []).map(prefix),
      bypassMark: driverMark,
      table: driverTable,
      rulePriority: driverPriority,
      blockFamilies: order.blockFamilies ?? [],
      ...(order.servers === undefined
        ? {}
        : {
            dns: {
              servers: order.servers.map(address),
              searchDomains: ['corp.example'],
              routeDomains: order.routeDomains ?? [],
            },
          }),
    },
    options,
  );
  if (!applied.ok) return say({ failed: applied.error });
  say({ applied: applied.value.dnsStrategy ?? 'none', warnings: applied.value.warnings });
  const alive = setInterval(() => undefined, 60_000);
  process.once('SIGTERM', async () => {
    say({ undone: await undoNetworkPlan(applied.value, options) });
    clearInterval(alive);
  });
}

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function address(text: string): IpAddress {
  return must(parseIpAddress(text));
}

function prefix(text: string): IpPrefix {
  return must(parseIpPrefix(text));
}

function must<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}
