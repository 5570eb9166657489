import type { Namespace } from '../support/net/lab.ts';
import { eachPair } from './each-pair.ts';
import { runIperf } from './iperf.ts';
import type { BenchNetwork, BenchPair } from './pairs/pair.ts';
import { ratio, round2 } from './ratios.ts';
import type { BenchResult, BenchRow } from './report.ts';
import { median } from './statistics.ts';

const pings = 200;
const loadSeconds = 5;

/**
 * The round trip of a ping through the idle tunnel, above that of the bare cable; and of a ping beside a TCP flow that
 * fills the tunnel in the direction of the requests, and in that of the replies.
 */
export async function benchLatency(
  pairs: readonly BenchPair[],
  { rounds }: { rounds: number },
): Promise<BenchResult> {
  const rows = await eachPair(pairs, rounds, async (network, _tunnel, note) => {
    const bare = await roundTrip(network.client, network.gatewayAddress, 0.01);
    const idle = await roundTrip(network.client, network.target, 0.01);
    note('idle', 'ms', idle);
    note('idle-overhead', 'ms', idle - bare);
    note('loaded-upload', 'ms', await underLoad(network, false));
    note('loaded-download', 'ms', await underLoad(network, true));
  });
  return { ok: true, name: 'latency', rows, ratios: ratios(rows) };
}

async function underLoad(network: BenchNetwork, reverse: boolean): Promise<number> {
  const load = runIperf(network, { seconds: loadSeconds, reverse });
  // While the flow lasts, without its first second: it has to fill the tunnel first.
  await network.client.must(['ping', '-q', '-c', '10', '-i', '0.1', network.target]);
  const taken = await roundTrip(network.client, network.target, 0.01);
  await load;
  return taken;
}

/** The median of many pings, in milliseconds. */
async function roundTrip(from: Namespace, to: string, interval: number): Promise<number> {
  const output = await from.must(['ping', '-c', String(pings), '-i', String(interval), '-W', '2', to]);
  const times = [...output.matchAll(/time=([\d.]+) ms/g)].map(([, time]) => Number(time));
  if (times.length < pings / 2) throw new Error(`only ${times.length} of ${pings} pings came back`);
  return median(times);
}

function ratios(rows: readonly BenchRow[]): Record<string, number> {
  const result: Record<string, number> = {};
  for (const peer of new Set(rows.map((row) => row.peer))) {
    if (peer.startsWith('godwit')) continue;
    result[`idle:godwit/${peer}`] = round2(ratio(rows, 'godwit', peer, 'idle-overhead'));
    const loaded = ['loaded-upload', 'loaded-download'].map((metric) => ratio(rows, 'godwit', peer, metric));
    result[`loaded:godwit/${peer}`] = round2(Math.max(...loaded));
  }
  return result;
}
