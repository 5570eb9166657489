import type { Sample } from '../../../../core/rpc/values.ts';

/** Columns for the charts: seconds since 1970, then values; `null` where nothing was measured. */
export interface ChartSeries {
  readonly times: readonly number[];
  /** Bits a second. */
  readonly inbound: readonly (number | null)[];
  readonly outbound: readonly (number | null)[];
  /** Milliseconds. */
  readonly roundTrips: readonly (number | null)[];
}

/** A pause this long breaks the line, unless it is known that nothing moved in it. */
const breakMs = 3_000;

/** The samples of the last `windowMs` before the newest, with breaks where the connection was away. */
export function chartSeries(samples: readonly Sample[], windowMs: number): ChartSeries {
  const newest = samples.at(-1)?.at ?? 0;
  const times: number[] = [];
  const inbound: (number | null)[] = [];
  const outbound: (number | null)[] = [];
  const roundTrips: (number | null)[] = [];
  let last: number | undefined;
  for (const sample of samples) {
    if (sample.at < newest - windowMs) continue;
    // A clock that was set back must not fold the line over itself.
    if (last !== undefined && sample.at <= last) continue;
    if (last !== undefined && sample.at - last > breakMs) {
      // Nothing moved, or nothing was known.
      const between = sample.idleMs === undefined ? null : 0;
      for (const at of between === 0 ? [last + 1, sample.at - 1] : [last + 1]) {
        times.push(at / 1_000);
        inbound.push(between);
        outbound.push(between);
        roundTrips.push(null);
      }
    }
    last = sample.at;
    times.push(sample.at / 1_000);
    inbound.push(sample.inboundRate * 8);
    outbound.push(sample.outboundRate * 8);
    roundTrips.push(sample.roundTripMs ?? null);
  }
  return { times, inbound, outbound, roundTrips };
}

export function lastRoundTrip(samples: readonly Sample[]): number | undefined {
  return samples.findLast(({ roundTripMs }) => roundTripMs !== undefined)?.roundTripMs;
}
