import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { Lab } from '../support/net/lab.ts';
import { layCable } from './cable.ts';
import { cpuSeconds } from './cpu-time.ts';
import { runIperf } from './iperf.ts';
import type { BenchNetwork, BenchPair } from './pairs/pair.ts';
import { type BenchResult, type BenchRow, say } from './report.ts';
import { spread } from './statistics.ts';

const mebibyte = 2 ** 20;

/** Resident memory of the client once it is connected, and as traffic goes through. */
export async function benchMemory(
  pairs: readonly BenchPair[],
  { rounds, gibibytes }: { rounds: number; gibibytes: number },
): Promise<BenchResult> {
  return await eachPair('memory', pairs, rounds, async (network, pid, note) => {
    note('connected', 'MiB', residentOctets(pid) / mebibyte);
    let moved = 0;
    for (let reverse = false; moved < gibibytes * 2 ** 30; reverse = !reverse)
      moved += (await runIperf(network, { seconds: 5, reverse })).octets;
    note(`after-${gibibytes}-GiB`, 'MiB', residentOctets(pid) / mebibyte);
  });
}

/** What a connected client does while nothing is sent: times that it woke up, and processor time. */
export async function benchIdle(
  pairs: readonly BenchPair[],
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<BenchResult> {
  return await eachPair('idle', pairs, rounds, async (_network, pid, note) => {
    // The login has its own work to finish.
    await setTimeout(5_000);
    const before = { wakeUps: wakeUps(pid), cpu: cpuSeconds(pid) };
    await setTimeout(seconds * 1_000);
    note('wake-ups', '1/s', (wakeUps(pid) - before.wakeUps) / seconds);
    note('cpu', 'ms/s', ((cpuSeconds(pid) - before.cpu) * 1_000) / seconds);
  });
}

async function eachPair(
  name: string,
  pairs: readonly BenchPair[],
  rounds: number,
  measure: (
    network: BenchNetwork,
    client: number,
    note: (metric: string, unit: string, value: number) => void,
  ) => Promise<void>,
): Promise<BenchResult> {
  const samples = new Map<string, number[]>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const pair of pairs) {
      const lab = new Lab(`bench-${pair.name}`);
      try {
        const network = await layCable(lab);
        const tunnel = await pair.open(network);
        await measure(network, tunnel.processes.client, (metric, unit, value) => {
          const key = `${pair.name} ${metric} ${unit}`;
          samples.set(key, [...(samples.get(key) ?? []), value]);
          say(`round ${round}: ${pair.name.padEnd(18)} ${metric.padEnd(14)} ${value.toFixed(1)} ${unit}`);
        });
        await tunnel.close();
      } finally {
        await lab.close();
      }
    }
  }
  const rows = [...samples].map(([key, of]): BenchRow => {
    const [peer = '', metric = '', unit = ''] = key.split(' ');
    return { peer, metric, unit, ...spread(of) };
  });
  return { ok: true, name, rows, ratios: {} };
}

function residentOctets(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes) * 1_024;
}

/** Of all its threads: each time that one went to sleep by itself, it had been woken before. */
function wakeUps(pid: number): number {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    sum += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }
  return sum;
}
