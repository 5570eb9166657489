import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { inTurn } from './in-turn.ts';

export interface ChartLine {
  readonly values: readonly (number | null)[];
  /** Name of a colour among the tokens, such as `--chart-down`. */
  readonly colour: string;
  readonly filled?: boolean;
  readonly dots?: boolean;
}

interface ChartProps {
  readonly label: string;
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly windowSeconds: number;
  /** The least top of the scale, so that nothing much does not look like a lot. */
  readonly floor: number;
  readonly formatValue: (value: number) => string;
  readonly formatTime: (epochMs: number) => string;
  /** Changes when the colours do. */
  readonly theme: string;
}

const redrawMs = 200;

/** Lines over time on a canvas. What it shows is also said in words nearby; here it has one sentence as its name. */
export function Chart(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | undefined>(undefined);
  const drawnAt = useRef(Number.NEGATIVE_INFINITY);
  const latest = useRef(props);
  latest.current = props;
  const { times, lines, theme, label } = props;

  // biome-ignore lint/correctness/useExhaustiveDependencies: colours and language are read when the chart is made.
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    let end = (): void => undefined;
    // The words and figures come first; a chart takes as long as all of them.
    const takeBack = inTurn(() => {
      const made = makePlot(element, () => latest.current);
      plot.current = made;
      const fit = new ResizeObserver(() =>
        made.setSize({ width: element.clientWidth, height: element.clientHeight }),
      );
      fit.observe(element);
      end = () => {
        fit.disconnect();
        made.destroy();
        plot.current = undefined;
      };
    });
    return () => {
      takeBack();
      end();
    };
  }, [theme, props.formatTime]);

  useEffect(() => {
    // Nobody reads a chart sixty times a second; what is around it must stay quick.
    let takeBack = (): void => undefined;
    const wait = Math.max(0, redrawMs - (performance.now() - drawnAt.current));
    const timer = setTimeout(() => {
      takeBack = inTurn(() => {
        drawnAt.current = performance.now();
        plot.current?.setData(columns(times, lines));
      });
    }, wait);
    return () => {
      clearTimeout(timer);
      takeBack();
    };
  }, [times, lines]);

  return <div ref={place} className="chart" role="img" aria-label={label} />;
}

function columns(times: readonly number[], lines: readonly ChartLine[]): UPlot.AlignedData {
  return [[...times], ...lines.map(({ values }) => [...values])];
}

function makePlot(element: HTMLElement, props: () => ChartProps): UPlot {
  const { lines, times } = props();
  const paint = getComputedStyle(element);
  const colour = (token: string) => resolve(element, token);
  const axis = {
    stroke: colour('--muted'),
    font: `${Math.round(Number.parseFloat(paint.fontSize) * 0.8)}px ${paint.fontFamily}`,
    grid: { stroke: colour('--chart-grid'), width: 1 },
    ticks: { show: false },
  };
  const em = Number.parseFloat(paint.fontSize);
  const options: UPlot.Options = {
    width: element.clientWidth,
    height: element.clientHeight,
    cursor: { show: false },
    legend: { show: false },
    padding: [em * 0.6, em * 0.5, 0, 0],
    scales: {
      x: { time: true, range: (_, __, max) => [max - props().windowSeconds, max] },
      y: { range: (_, __, max) => [0, Math.max(props().floor, (max ?? 0) * 1.15)] },
    },
    axes: [
      {
        ...axis,
        size: em * 1.9,
        splits: (_, __, min, max) => minutesBetween(min, max, element.clientWidth / em < 26 ? 120 : 60),
        values: (_, splits) => splits.map((split) => props().formatTime(split * 1_000)),
      },
      {
        ...axis,
        size: em * 5,
        space: em * 2.4,
        values: (_, splits) => splits.map((split) => props().formatValue(split)),
      },
    ],
    series: [
      {},
      ...lines.map(({ colour: token, filled = false, dots = false }): UPlot.Series => {
        const stroke = colour(token);
        return {
          stroke,
          width: Math.max(2, em / 8),
          spanGaps: dots,
          points: { show: dots, size: Math.max(4, em / 4), fill: stroke },
          ...(filled ? { fill: translucent(stroke) } : {}),
        };
      }),
    ],
  };
  return new UPlot(options, columns(times, lines), element);
}

/** Whole minutes in a span of seconds, each far enough from the edge for its label. */
function minutesBetween(min: number, max: number, step: number): number[] {
  const found: number[] = [];
  for (let at = Math.ceil(min / step) * step; at <= max; at += step) {
    if (at - min > 8 && max - at > 12) found.push(at);
  }
  return found;
}

/** A colour token as the canvas understands it: `light-dark()` is settled by the style of an element. */
function resolve(element: HTMLElement, token: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function translucent(colour: string): string {
  return colour
    .replace(/^rgb\(([^)]+)\)$/, 'rgb($1, 0.14)')
    .replace(/^rgb\((.*),\s*0\.14\)$/, 'rgba($1, 0.14)');
}
