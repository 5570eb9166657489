import type { BenchRow } from './report.ts';

/** The medians of one metric of two peers, divided; NaN where one is missing. */
export function ratio(rows: readonly BenchRow[], own: string, other: string, metric: string): number {
  const median = (peer: string): number =>
    rows.find((row) => row.peer === peer && row.metric === metric)?.median ?? Number.NaN;
  return median(own) / median(other);
}

export function worse(values: readonly number[], sense: 'higher is better' | 'lower is better'): number {
  return sense === 'higher is better' ? Math.min(...values) : Math.max(...values);
}

export function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
