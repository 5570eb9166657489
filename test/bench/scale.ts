import { Lab } from '../support/net/lab.ts';
import { EmbeddedGateway } from '../support/peers/embedded-gateway.ts';
import { Godwit } from '../support/peers/godwit.ts';
import { layCable } from './cable.ts';
import { cpuSeconds } from './cpu-time.ts';
import { runIperf } from './iperf.ts';
import { benchGateway, benchLogin } from './pairs/credentials.ts';
import type { BenchNetwork } from './pairs/pair.ts';
import { round2 } from './ratios.ts';
import { type BenchResult, type BenchRow, say } from './report.ts';
import { spread } from './statistics.ts';

const counts = [1, 2, 4] as const;
const directions = ['upload', 'download'] as const;
const flows = 8;
/** Traffic before the measurement: the pairs start when there is some. */
const warmUpSeconds = 1;

interface Sample {
  readonly megabitsPerSecond: number;
  /** Processor seconds of client and gateway per GiB. */
  readonly cpu: number;
}

export interface ScaleOptions {
  readonly rounds: number;
  readonly seconds: number;
}

/**
 * Eight TCP flows between Godwit and its own gateway with 1, 2 and 4 pairs of workers at both ends, each pair with a CHILD SA of its
 * own. Rounds interleave the counts. On two cores there is nothing to gain: the ratios say what the sharing costs.
 */
export async function benchScale({ rounds, seconds }: ScaleOptions): Promise<BenchResult> {
  const samples = new Map<string, Sample[]>();
  for (let round = 1; round <= rounds; round += 1)
    for (const pairs of counts)
      for (const [direction, sample] of await measure(pairs, seconds)) {
        const key = `${pairs} ${direction}`;
        samples.set(key, [...(samples.get(key) ?? []), sample]);
        const { megabitsPerSecond, cpu } = sample;
        say(
          `round ${round}: ${pairs} pairs ${direction.padEnd(8)} ${megabitsPerSecond.toFixed(0).padStart(5)} Mbit/s  ${cpu.toFixed(1)} CPU s/GiB`,
        );
      }
  const rows = [...samples].flatMap(([key, of]): BenchRow[] => {
    const [pairs = '', direction = ''] = key.split(' ');
    const peer = pairs === '1' ? '1 pair' : `${pairs} pairs`;
    return [
      {
        peer,
        metric: `${direction}:throughput`,
        unit: 'Mbit/s',
        ...spread(of.map(({ megabitsPerSecond }) => megabitsPerSecond)),
      },
      { peer, metric: `${direction}:cpu`, unit: 's/GiB', ...spread(of.map(({ cpu }) => cpu)) },
    ];
  });
  return { ok: true, name: 'scale', rows, ratios: ratios(rows) };
}

async function measure(
  pairs: number,
  seconds: number,
): Promise<readonly (readonly [(typeof directions)[number], Sample])[]> {
  const lab = new Lab(`bench-scale-${pairs}`);
  try {
    const network = await layCable(lab);
    const gateway = await EmbeddedGateway.start(
      network.gateway,
      network.gatewayAddress,
      benchGateway(network),
      { workerPairs: pairs },
    );
    const client = await Godwit.start(network.client);
    const login = await client.connect({ ...benchLogin(network), profile: { workerPairs: pairs } });
    if (!login.ok) throw new Error(`Godwit does not connect: ${login.detail}\n${client.log}`);
    await warmUp(network, client, pairs);
    const processes = [client.pid, gateway.process.pid];
    const spent = () => processes.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
    const samples: [(typeof directions)[number], Sample][] = [];
    for (const direction of directions) {
      const before = spent();
      const reverse = direction === 'download';
      const { octets, seconds: took } = await runIperf(network, { streams: flows, seconds, reverse });
      const cpu = (spent() - before) / (octets / 2 ** 30);
      samples.push([direction, { megabitsPerSecond: (octets * 8e-6) / took, cpu }]);
    }
    await client.disconnect();
    await client.stop();
    await gateway.stop();
    return samples;
  } finally {
    await lab.close();
  }
}

/** @throws when the pairs don't come although there is traffic. */
async function warmUp(network: BenchNetwork, client: Godwit, pairs: number): Promise<void> {
  let running = 0;
  for (let i = 0; i < 10; i++) {
    await runIperf(network, { streams: flows, seconds: warmUpSeconds });
    const { tunnel } = await client.snapshot();
    running = tunnel.state === 'connected' ? (tunnel.workerPairs?.pairs.length ?? 0) : 0;
    if (running === pairs) return;
  }
  throw new Error(`${running} pairs of workers run, not ${pairs}`);
}

/** To one pair, the worse direction; more is better. And each direction by itself. */
function ratios(rows: readonly BenchRow[]): Record<string, number> {
  const median = (peer: string, direction: string): number =>
    rows.find((row) => row.peer === peer && row.metric === `${direction}:throughput`)?.median ?? Number.NaN;
  const result: Record<string, number> = {};
  for (const pairs of counts.slice(1)) {
    const each = directions.map(
      (direction) => median(`${pairs} pairs`, direction) / median('1 pair', direction),
    );
    result[`${pairs}/1`] = round2(Math.min(...each));
    for (const [index, direction] of directions.entries())
      result[`${direction}:${pairs}/1`] = round2(each[index] ?? Number.NaN);
  }
  return result;
}
