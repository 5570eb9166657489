import type { Spread } from './statistics.ts';

export interface BenchRow extends Spread {
  readonly peer: string;
  readonly metric: string;
  readonly unit: string;
}

export interface BenchResult {
  readonly ok: boolean;
  readonly name: string;
  readonly rows: readonly BenchRow[];
  readonly ratios: Readonly<Record<string, number>>;
}

/** Progress: standard output is for the one JSON object, or for the table. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function table({ rows, ratios }: BenchResult): string {
  const lines = rows.map(({ peer, metric, unit, median, min, max, rounds }) => {
    const value = (of: number): string => (of < 100 ? of.toFixed(1) : of.toFixed(0));
    const range = `${value(min)} to ${value(max)} in ${rounds} rounds`;
    return `${peer.padEnd(20)} ${metric.padEnd(22)} ${value(median).padStart(8)} ${unit.padEnd(8)} ${range}`;
  });
  return [...Object.entries(ratios).map(([name, ratio]) => `${name}: ${ratio}`), ...lines].join('\n');
}
