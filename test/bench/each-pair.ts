import { Lab } from '../support/net/lab.ts';
import { layCable } from './cable.ts';
import type { BenchNetwork, BenchPair, BenchTunnel } from './pairs/pair.ts';
import { type BenchRow, say } from './report.ts';
import { spread } from './statistics.ts';

/** Takes down one figure of the pair that is being measured. */
export type Note = (metric: string, unit: string, value: number) => void;

/**
 * Opens every pair once a round, has it measured, and answers a row for each of its metrics in the order of the first round.
 * Rounds interleave the pairs, so that a busy moment of the machine hits all of them.
 */
export async function eachPair(
  pairs: readonly BenchPair[],
  rounds: number,
  measure: (network: BenchNetwork, tunnel: BenchTunnel, note: Note, round: number) => Promise<void>,
  onStarted: (pid: number, note: Note) => Promise<void> = async () => {},
): Promise<BenchRow[]> {
  const samples = new Map<string, { peer: string; metric: string; unit: string; values: number[] }>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const pair of pairs) {
      const { name: peer } = pair;
      await using lab = new Lab(`bench-${peer}`);
      const network = await layCable(lab);
      const note: Note = (metric, unit, value) => {
        const key = `${peer} ${metric}`;
        const sample = samples.get(key) ?? { peer, metric, unit, values: [] };
        sample.values.push(value);
        samples.set(key, sample);
        say(`round ${round}: ${peer.padEnd(18)} ${metric.padEnd(22)} ${format(value).padStart(9)} ${unit}`);
      };
      const tunnel = await pair.open(network, (pid) => onStarted(pid, note));
      await measure(network, tunnel, note, round);
      await tunnel.close();
    }
  }
  return [...samples.values()].map(({ peer, metric, unit, values }) => ({
    peer,
    metric,
    unit,
    ...spread(values),
  }));
}

function format(value: number): string {
  return value.toFixed(value < 10 ? 3 : value < 1_000 ? 1 : 0);
}
