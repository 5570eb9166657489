import { useMemo } from 'react';
import { useAppState } from '../../../app/page-context.ts';
import { useTheme } from '../../../app/theme.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Chart } from '../../../ui/chart.tsx';
import { chartSeries, lastRoundTrip } from '../model/chart-series.ts';

const windowSeconds = 300;

/** What went through in the last minutes, and how long the way to the gateway was. */
export function TrafficCard() {
  const { text, format } = useWords();
  const { shown } = useTheme();
  const samples = useAppState((state) => state.samples);
  const series = useMemo(() => chartSeries(samples, windowSeconds * 1_000), [samples]);
  const traffic = useMemo(
    () => [
      { values: series.inbound, colour: '--chart-down', filled: true },
      { values: series.outbound, colour: '--chart-up' },
    ],
    [series],
  );
  const trips = useMemo(() => [{ values: series.roundTrips, colour: '--chart-trip', dots: true }], [series]);
  const last = samples.at(-1);
  const rate = (octets: number) => {
    const { value, unit } = format.rate(octets);
    return `${value} ${unit}`;
  };
  const trip = lastRoundTrip(samples);
  const common = { times: series.times, windowSeconds, formatTime: format.minute, theme: shown };
  return (
    <div className="charts">
      <section className="card chart-card" aria-labelledby="traffic-title">
        <div className="card-head">
          <h2 id="traffic-title">{text.charts.traffic}</h2>
          <p className="note legend">
            <span data-tone="down">{text.figures.down}</span>
            <span data-tone="up">{text.figures.up}</span>
            <span>{text.charts.lastMinutes}</span>
          </p>
        </div>
        {samples.length === 0 ? (
          <p className="note">{text.charts.noTraffic}</p>
        ) : (
          <Chart
            {...common}
            label={text.charts.trafficSummary(rate(last?.inboundRate ?? 0), rate(last?.outboundRate ?? 0))}
            lines={traffic}
            floor={100_000}
            formatValue={(bits) => (bits === 0 ? '0' : rate(bits / 8))}
          />
        )}
      </section>
      <section className="card chart-card" aria-labelledby="trip-title">
        <div className="card-head">
          <h2 id="trip-title">{text.charts.roundTrip}</h2>
          <p className="note">{text.charts.lastMinutes}</p>
        </div>
        {trip === undefined ? (
          <p className="note">{text.figures.unmeasured}</p>
        ) : (
          <Chart
            {...common}
            label={text.charts.roundTripSummary(format.gap(trip))}
            lines={trips}
            floor={20}
            formatValue={(ms) => (ms === 0 ? '0' : format.gap(ms))}
          />
        )}
      </section>
    </div>
  );
}
