import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { BenchResult, BenchRow } from './report.ts';

const page = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
const folder = fileURLToPath(new URL('../../docs/figures', import.meta.url));
const [begin, end] = ['<!-- figures: written by `npm run bench` -->', '<!-- /figures -->'];

/** One picture: bars of the peers for some metrics of one bench. */
interface Picture {
  readonly file: string;
  readonly bench: string;
  readonly title: string;
  readonly unit: string;
  /** Metric → what it is called under its group of bars. */
  readonly metrics: Readonly<Record<string, string>>;
}

const pictures: readonly Picture[] = [
  {
    file: 'throughput',
    bench: 'tunnel',
    title: 'One TCP flow through the tunnel',
    unit: 'Mbit/s',
    metrics: { 'upload:throughput': 'upload', 'download:throughput': 'download' },
  },
  {
    file: 'cpu',
    bench: 'tunnel',
    title: 'Processor time of the client for one GiB',
    unit: 's/GiB',
    metrics: { 'upload:clientCpu': 'upload', 'download:clientCpu': 'download' },
  },
  {
    file: 'latency',
    bench: 'latency',
    title: 'Round trip of a ping beside a flow that fills the tunnel',
    unit: 'ms',
    metrics: { 'loaded-upload': 'upload', 'loaded-download': 'download' },
  },
  {
    file: 'small-packets',
    bench: 'pps',
    title: 'Packets of 64 octets',
    unit: 'packets/s',
    metrics: { upload: 'upload', download: 'download' },
  },
];

/** Writes the tables and pictures of a whole run into docs/performance.md and docs/figures. */
export async function writeFigures(results: readonly BenchResult[]): Promise<void> {
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error('docs/performance.md has no place for the figures');
  mkdirSync(folder, { recursive: true });
  const shown: string[] = [];
  for (const picture of pictures) {
    const rows = results.find(({ name }) => name === picture.bench)?.rows ?? [];
    const values = barsOf(picture, rows);
    if (values.length === 0) continue;
    const view = new View(parse(compile(specOf(picture, values)).spec), { renderer: 'none' });
    writeFileSync(`${folder}/${picture.file}.svg`, await view.toSVG());
    shown.push(`![${picture.title}, ${picture.unit}](figures/${picture.file}.svg)`);
  }
  const tables = results.map(tableOf);
  writeFileSync(
    page,
    `${text.slice(0, from)}${[begin, ...shown, ...tables].join('\n\n')}\n\n${text.slice(to)}`,
  );
}

interface Bar {
  readonly peer: string;
  readonly what: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

function barsOf({ metrics }: Picture, rows: readonly BenchRow[]): Bar[] {
  return rows.flatMap(({ peer, metric, median, min, max }) => {
    const what = metrics[metric];
    return what === undefined ? [] : [{ peer, what, value: median, min, max }];
  });
}

/** Bars with their numbers beside them, so that colour is not needed to read them. */
function specOf({ title, unit }: Picture, values: readonly Bar[]): TopLevelSpec {
  const best = [...values].sort((a, b) => b.value - a.value).map(({ peer }) => peer);
  const y = { field: 'peer', type: 'nominal' as const, title: null, sort: [...new Set(best)] };
  const x = { field: 'value', type: 'quantitative', title: unit } as const;
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    data: { values: [...values] },
    title,
    background: 'white',
    facet: { row: { field: 'what', type: 'nominal', title: null } },
    spec: {
      width: 420,
      layer: [
        {
          mark: { type: 'bar', color: '#8fb3d9' },
          encoding: {
            y,
            x,
            color: {
              condition: { test: "indexof(datum.peer, 'godwit') === 0", value: '#1f5f99' },
              value: '#b8c4ce',
            },
          },
        },
        {
          mark: { type: 'rule', color: '#333' },
          encoding: { y, x: { field: 'min', type: 'quantitative' }, x2: { field: 'max' } },
        },
        {
          mark: { type: 'text', align: 'left', dx: 6, color: '#222' },
          encoding: {
            y,
            x: { field: 'max', type: 'quantitative' },
            text: { field: 'value', type: 'quantitative', format: ',.3~r' },
          },
        },
      ],
    },
  };
}

function tableOf({ name, rows, ratios }: BenchResult): string {
  const number = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(0));
  const lines = rows.map(
    ({ peer, metric, unit, median, min, max, rounds }) =>
      `| ${peer} | ${metric} | ${number(median)} ${unit} | ${number(min)}–${number(max)} | ${rounds} |`,
  );
  const compared = Object.entries(ratios).map(([key, value]) => `| \`${key}\` | ${value} |`);
  return [
    `<details><summary>${name}</summary>`,
    ...(compared.length === 0 ? [] : [['| ratio | |', '| --- | --- |', ...compared].join('\n')]),
    ['| peer | what | median | range | rounds |', '| --- | --- | --- | --- | --- |', ...lines].join('\n'),
    '</details>',
  ].join('\n\n');
}
