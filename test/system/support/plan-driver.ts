import { createSocket } from 'node:dgram';
import {
  formatIpAddress,
  type IpAddress,
  type IpPrefix,
  ipAddress,
  parseIpAddress,
  parseIpPrefix,
} from '../../../core/base/address.ts';
import type { Result } from '../../../core/base/result.ts';
import { libc } from '../../../core/platform/linux/libc.ts';
import {
  applyNetworkPlan,
  type PlanOptions,
  repairNetworkPlan,
  undoNetworkPlan,
} from '../../../core/platform/linux/plan/network-plan-applier.ts';
import { recoverFromJournal } from '../../../core/platform/linux/plan/recover.ts';
import { sourceTowards } from '../../../core/platform/linux/source-address.ts';
import { openTunDevice } from '../../../core/platform/linux/tun-device.ts';
import { openUdpSocket } from '../../../core/platform/linux/udp-socket.ts';

/**
 * Stands in for the daemon, in a process that can be killed. `apply` opens a TUN device, applies the plan, tells what
 * comes out of the device and whether a marked socket has an answer from port 4500 of the gateway, repairs the
 * plan on SIGHUP and undoes it on SIGTERM; `recover` does what a daemon does at its start; `answer` is that gateway. Each line of output is one
 * JSON object.
 */
export interface DriverOrder {
  readonly mode: 'apply' | 'recover' | 'source' | 'answer';
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
const driverPriority = 26_468;

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
  if (order.mode === 'answer') return answer(order.gateway ?? '');
  const tun = must(openTunDevice('gwtest0', { offload: false }));
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
  let stopAsking: () => void = () => undefined;
  const watching = setInterval(() => watchDevice(tun.fd), 20);
  process.on('SIGHUP', () => say({ repaired: repairNetworkPlan(applied.value, options) }));
  process.once('SIGTERM', async () => {
    stopAsking();
    say({ undone: await undoNetworkPlan(applied.value, options) });
    clearInterval(watching);
  });
  say({ applied: applied.value.dnsStrategy ?? 'none', warnings: applied.value.warnings });
  if (order.gateway !== undefined) stopAsking = askOutside(address(order.gateway));
}

/** Tells the destination of each IPv4 packet that the kernel puts into the tunnel. */
function watchDevice(fd: number): void {
  const packet = new Uint8Array(2_048);
  while (libc.read(fd, packet, packet.length) > 0)
    if (packet[0] === 0x45) say({ into: formatIpAddress(ipAddress(packet.slice(16, 20))) });
}

/** Asks from a socket like the data plane's, until there is an answer. */
function askOutside(gateway: IpAddress): () => void {
  const socket = must(openUdpSocket({ family: gateway.family, mark: driverMark }));
  const to = new Uint8Array(28);
  const view = new DataView(to.buffer);
  view.setUint16(0, gateway.family === 4 ? 2 : 10, true);
  view.setUint16(2, 4_500);
  to.set(gateway.octets, gateway.family === 4 ? 4 : 8);
  const buffer = new Uint8Array(64);
  const asking = setInterval(() => {
    libc.sendto(socket.fd, Uint8Array.of(1), 1, 0, to, gateway.family === 4 ? 16 : 28);
    if (libc.recvfrom(socket.fd, buffer, buffer.length, dontWait, null, null) <= 0) return;
    say({ answered: formatIpAddress(gateway) });
    clearInterval(asking);
  }, 50);
  return () => clearInterval(asking);
}

const dontWait = 0x40;

function answer(own: string): void {
  const socket = createSocket(own.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (octets, from) => socket.send(octets, from.port, from.address));
  socket.bind(4_500, own, () => say({ listening: own }));
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
