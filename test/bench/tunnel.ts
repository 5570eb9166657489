import { Lab } from '../support/net/lab.ts';
import { cpuSeconds } from './cpu-time.ts';
import type { BenchNetwork, BenchPair, BenchTunnel } from './pairs/pair.ts';
import { type BenchResult, type BenchRow, say } from './report.ts';
import { spread } from './statistics.ts';

const directions = ['upload', 'download'] as const;
type Direction = (typeof directions)[number];

interface Sample {
  readonly megabitsPerSecond: number;
  /** Processor seconds per GiB moved, by role. */
  readonly client: number;
  readonly gateway: number;
}

/**
 * Throughput of one TCP flow (iperf3) through a tunnel between two namespaces on this machine, and the processor time
 * that both ends take for it. Rounds interleave the pairs, so that a busy moment of the machine hits all of them.
 */
export async function benchTunnel(
  pairs: readonly BenchPair[],
  options: { rounds: number; seconds: number },
): Promise<BenchResult> {
  const samples = new Map<string, Sample[]>();
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const pair of pairs) {
      const lab = new Lab(`bench-${pair.name}`);
      try {
        const network = await layCable(lab);
        const tunnel = await pair.open(network);
        for (const direction of directions) {
          const sample = await measure(network, tunnel, direction, options.seconds);
          const key = `${pair.name} ${direction}`;
          samples.set(key, [...(samples.get(key) ?? []), sample]);
          say(`round ${round}: ${pair.name.padEnd(20)} ${direction.padEnd(9)} ${describe(sample)}`);
        }
        await tunnel.close();
      } finally {
        await lab.close();
      }
    }
  }
  const rows = [...samples].flatMap(([key, of]) => toRows(key, of));
  return { ok: true, name: 'tunnel', rows, ratios: ratios(rows) };
}

/** A client and a gateway on one cable, and a target behind the gateway. */
export async function layCable(lab: Lab): Promise<BenchNetwork> {
  const [client, gateway] = await Promise.all([lab.namespace('client'), lab.namespace('gateway')]);
  await lab.link(
    { namespace: client, device: 'eth0', addresses: ['192.0.2.10/24'] },
    { namespace: gateway, device: 'eth0', addresses: ['192.0.2.1/24'] },
  );
  await gateway.ip(['addr add 10.77.0.1/32 dev lo']);
  return {
    client,
    gateway,
    clientAddress: '192.0.2.10',
    gatewayAddress: '192.0.2.1',
    target: '10.77.0.1',
    targetNetwork: '10.77.0.0/24',
  };
}

async function measure(
  network: BenchNetwork,
  tunnel: BenchTunnel,
  direction: Direction,
  seconds: number,
): Promise<Sample> {
  const before = times(tunnel);
  const octets = await throughput(network, direction, seconds);
  const after = times(tunnel);
  const gibibytes = octets.total / 2 ** 30;
  return {
    megabitsPerSecond: octets.perSecond * 8e-6,
    client: (after.client - before.client) / gibibytes,
    gateway: (after.gateway - before.gateway) / gibibytes,
  };
}

/** One TCP flow: octets that arrived, in all and a second. */
export async function throughput(
  { client, gateway, target }: BenchNetwork,
  direction: Direction,
  seconds: number,
): Promise<{ total: number; perSecond: number }> {
  const server = gateway.spawn(['iperf3', '--server', '--one-off', '--bind', target, '--forceflush']);
  await server.waitFor(/listening/);
  const args = ['--client', target, '--time', String(seconds), '--json'];
  const run = await client.run(['iperf3', ...args, ...(direction === 'download' ? ['--reverse'] : [])]);
  await server.stop();
  return received(run.stdout);
}

function times({ processes }: BenchTunnel): { client: number; gateway: number } {
  return { client: cpuSeconds(processes.client), gateway: cpuSeconds(processes.gateway) };
}

/** What the receiving end counted. */
function received(json: string): { total: number; perSecond: number } {
  const report: { end?: { sum_received?: { bytes: number; seconds: number } }; error?: string } =
    JSON.parse(json);
  const sum = report.end?.sum_received;
  if (sum === undefined || report.error !== undefined)
    throw new Error(`iperf3: ${report.error ?? json.slice(0, 500)}`);
  return { total: sum.bytes, perSecond: sum.bytes / sum.seconds };
}

function describe({ megabitsPerSecond, client, gateway }: Sample): string {
  const cpu = `${client.toFixed(1)} + ${gateway.toFixed(1)} CPU s/GiB (client + gateway)`;
  return `${megabitsPerSecond.toFixed(0).padStart(5)} Mbit/s  ${cpu}`;
}

function toRows(key: string, samples: readonly Sample[]): BenchRow[] {
  const [peer = '', direction = ''] = key.split(' ');
  const row = (metric: string, unit: string, of: (sample: Sample) => number): BenchRow => ({
    peer,
    metric: `${direction}:${metric}`,
    unit,
    ...spread(samples.map(of)),
  });
  return [
    row('throughput', 'Mbit/s', (sample) => sample.megabitsPerSecond),
    row('clientCpu', 's/GiB', (sample) => sample.client),
    row('gatewayCpu', 's/GiB', (sample) => sample.gateway),
  ];
}

/**
 * `godwit/libipsec` is the worse of the two directions. `cpuPerGiB:` compares the clients, the worse direction again
 * (lower is better there).
 */
function ratios(rows: readonly BenchRow[]): Record<string, number> {
  const result: Record<string, number> = {};
  const median = (peer: string, metric: string): number | undefined =>
    rows.find((row) => row.peer === peer && row.metric === metric)?.median;
  const ratio = (a: string, b: string, metric: string): number => {
    const [x, y] = [median(a, metric), median(b, metric)];
    return x === undefined || y === undefined ? Number.NaN : x / y;
  };
  const round = (value: number): number => Math.round(value * 100) / 100;
  const others = new Set(rows.map((row) => row.peer));
  for (const peer of others) {
    if (peer === 'libipsec' || !others.has('libipsec')) continue;
    const each = directions.map((direction) => ratio(peer, 'libipsec', `${direction}:throughput`));
    const cpu = directions.map((direction) => ratio(peer, 'libipsec', `${direction}:clientCpu`));
    result[`${peer}/libipsec`] = round(Math.min(...each));
    result[`cpuPerGiB:${peer}/libipsec`] = round(Math.max(...cpu));
    for (const [index, direction] of directions.entries()) {
      result[`${direction}:${peer}/libipsec`] = round(each[index] ?? Number.NaN);
    }
  }
  return result;
}
