import { Lab } from '../support/net/lab.ts';
import { EmbeddedGateway } from '../support/peers/embedded-gateway.ts';
import { Godwit } from '../support/peers/godwit.ts';
import { layCable } from './cable.ts';
import { cpuSeconds } from './cpu-time.ts';
import { runIperf } from './iperf.ts';
import { benchGateway, benchLogin, benchMtu } from './pairs/credentials.ts';
import type { BenchNetwork } from './pairs/pair.ts';
import { round2 } from './ratios.ts';
import { type BenchResult, type BenchRow, say } from './report.ts';
import { spread as spreadOf } from './statistics.ts';

interface Setup {
  readonly name: string;
  readonly pairs: number;
  readonly spread: 'idle' | 'always';
}

/** As they are used, then whatever the machine has to spare: what the sharing itself costs. */
const setups: readonly Setup[] = [
  { name: '1 pair', pairs: 1, spread: 'idle' },
  { name: '2 pairs', pairs: 2, spread: 'idle' },
  { name: '4 pairs', pairs: 4, spread: 'idle' },
  { name: '2 pairs always', pairs: 2, spread: 'always' },
  { name: '4 pairs always', pairs: 4, spread: 'always' },
];
const directions = ['upload', 'download'] as const;
const flows = 8;
/** Traffic before the measurement: the pairs start when there is some, and where they are to, a processor that has had nothing to do. */
const warmUpSeconds = 4;

interface Sample {
  readonly megabitsPerSecond: number;
  /** Processor seconds of client and gateway per GiB. */
  readonly cpu: number;
  /** Pairs of the client that run at the end. */
  readonly running: number;
}

export interface ScaleOptions {
  readonly rounds: number;
  readonly seconds: number;
}

/**
 * Eight TCP flows between Godwit and its own gateway with up to 1, 2 and 4 pairs of workers at both ends, each pair with a CHILD SA of its
 * own. Rounds interleave the setups. On two cores there is nothing to gain: pairs that always share say what sharing costs, the others must
 * carry what one does.
 */
export async function benchScale({ rounds, seconds }: ScaleOptions): Promise<BenchResult> {
  const samples = new Map<string, Map<string, Sample[]>>();
  for (let round = 1; round <= rounds; round += 1)
    for (const setup of setups) {
      const of = samples.get(setup.name) ?? new Map<string, Sample[]>();
      samples.set(setup.name, of);
      for (const [direction, sample] of await measure(setup, seconds)) {
        of.set(direction, [...(of.get(direction) ?? []), sample]);
        const { megabitsPerSecond, cpu, running } = sample;
        say(
          `round ${round}: ${setup.name.padEnd(14)} ${direction.padEnd(8)} ${megabitsPerSecond.toFixed(0).padStart(5)} Mbit/s  ${cpu.toFixed(1)} CPU s/GiB  ${running} running`,
        );
      }
    }
  const rows = [...samples].flatMap(([peer, of]) =>
    [...of].flatMap(([direction, each]): BenchRow[] => [
      {
        peer,
        metric: `${direction}:throughput`,
        unit: 'Mbit/s',
        ...spreadOf(each.map(({ megabitsPerSecond }) => megabitsPerSecond)),
      },
      { peer, metric: `${direction}:cpu`, unit: 's/GiB', ...spreadOf(each.map(({ cpu }) => cpu)) },
    ]),
  );
  return { ok: true, name: 'scale', rows, ratios: ratios(rows) };
}

async function measure(
  { pairs, spread }: Setup,
  seconds: number,
): Promise<readonly (readonly [(typeof directions)[number], Sample])[]> {
  const lab = new Lab(`bench-scale-${pairs}${spread}`);
  try {
    const network = await layCable(lab);
    const gateway = await EmbeddedGateway.start(
      network.gateway,
      network.gatewayAddress,
      benchGateway(network),
      { workerPairs: pairs, spread, mtu: benchMtu },
    );
    const client = await Godwit.start(network.client, ['--spread', spread]);
    const login = await client.connect({ ...benchLogin(network), profile: { workerPairs: pairs } });
    if (!login.ok) throw new Error(`Godwit does not connect: ${login.detail}\n${client.log}`);
    await warmUp(network, client, spread === 'always' ? pairs : 1);
    const processes = [client.pid, gateway.process.pid];
    const spent = () => processes.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
    const samples: [(typeof directions)[number], Sample][] = [];
    for (const direction of directions) {
      const before = spent();
      const reverse = direction === 'download';
      const { octets, seconds: took } = await runIperf(network, { streams: flows, seconds, reverse });
      const cpu = (spent() - before) / (octets / 2 ** 30);
      samples.push([
        direction,
        { megabitsPerSecond: (octets * 8e-6) / took, cpu, running: await runningPairs(client) },
      ]);
    }
    await client.disconnect();
    await client.stop();
    await gateway.stop();
    return samples;
  } finally {
    await lab.close();
  }
}

async function runningPairs(client: Godwit): Promise<number> {
  const { tunnel } = await client.snapshot();
  return tunnel.state === 'connected' ? (tunnel.workerPairs?.pairs.length ?? 0) : 0;
}

/** @throws when the pairs don't come although there is traffic. */
async function warmUp(network: BenchNetwork, client: Godwit, pairs: number): Promise<void> {
  let running = 0;
  for (let i = 0; i < 5; i++) {
    await runIperf(network, { streams: flows, seconds: warmUpSeconds });
    running = await runningPairs(client);
    if (running >= pairs) return;
  }
  throw new Error(`${running} pairs of workers run, not ${pairs}`);
}

/** To one pair, the worse direction; more is better. And each direction by itself. */
function ratios(rows: readonly BenchRow[]): Record<string, number> {
  const median = (peer: string, direction: string): number =>
    rows.find((row) => row.peer === peer && row.metric === `${direction}:throughput`)?.median ?? Number.NaN;
  const result: Record<string, number> = {};
  for (const { name } of setups.slice(1)) {
    const each = directions.map((direction) => median(name, direction) / median('1 pair', direction));
    result[`${name}/1 pair`] = round2(Math.min(...each));
    for (const [index, direction] of directions.entries())
      result[`${direction}:${name}/1 pair`] = round2(each[index] ?? Number.NaN);
  }
  return result;
}
