import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { cpuSeconds } from './cpu-time.ts';
import { eachPair, type Note } from './each-pair.ts';
import { runIperf } from './iperf.ts';
import type { BenchNetwork, BenchPair, BenchTunnel } from './pairs/pair.ts';
import type { BenchResult } from './report.ts';

const mebibyte = 2 ** 20;

/** What a program that was just started still loads is counted to its start. */
const settleMs = 3_000;

/** Resident memory of the client once it runs, once it is connected, and after traffic. */
export async function benchMemory(
  pairs: readonly BenchPair[],
  { rounds, gibibytes }: { rounds: number; gibibytes: number },
): Promise<BenchResult> {
  const measure = async (
    network: BenchNetwork,
    { processes: { client: pid } }: BenchTunnel,
    note: Note,
  ): Promise<void> => {
    note('connected', 'MiB', residentOctets(pid) / mebibyte);
    let moved = 0;
    for (let reverse = false; moved < gibibytes * 2 ** 30; reverse = !reverse)
      moved += (await runIperf(network, { seconds: 3, reverse })).octets;
    note(`after-${gibibytes}-GiB`, 'MiB', residentOctets(pid) / mebibyte);
  };
  const rows = await eachPair(pairs, rounds, measure, async (pid, note) => {
    await setTimeout(settleMs);
    note('started', 'MiB', residentOctets(pid) / mebibyte);
  });
  return { ok: true, name: 'memory', rows, ratios: {} };
}

/** What a connected client does while nothing is sent: times that it woke up, and processor time. */
export async function benchIdle(
  pairs: readonly BenchPair[],
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<BenchResult> {
  const rows = await eachPair(pairs, rounds, async (_network, { processes: { client: pid } }, note) => {
    // The login has its own work to finish.
    await setTimeout(5_000);
    const before = { wakeUps: wakeUps(pid), cpu: cpuSeconds(pid) };
    await setTimeout(seconds * 1_000);
    note('wake-ups', '1/s', (wakeUps(pid) - before.wakeUps) / seconds);
    note('cpu', 'ms/s', ((cpuSeconds(pid) - before.cpu) * 1_000) / seconds);
  });
  return { ok: true, name: 'idle', rows, ratios: {} };
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
