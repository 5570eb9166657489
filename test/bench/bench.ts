import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle, bundleFolder } from '../../build/bundle.ts';
import { enterSandbox, missingPrograms } from '../support/net/sandbox.ts';
import { type BenchOptions, benches } from './catalogue.ts';
import { writeFigures } from './figures.ts';
import { type BenchResult, say, table } from './report.ts';

const lines = Object.entries(benches).map(([name, { about }]) => `  ${name.padEnd(11)} ${about}`);
const usage = `npm run bench -- [NAME] [--json] [--quick] [--rounds N] [--seconds S] [--only PEER,PEER]

Without a name all of them run in short, and the tables and pictures of docs/performance.md are written anew.

${lines.join('\n')}`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const name = positionals[0] ?? 'all';
if (values.help || (name !== 'all' && !Object.hasOwn(benches, name))) {
  say(usage);
  process.exitCode = values.help ? 0 : 2;
} else {
  const obstacle = await enterSandbox();
  if (obstacle !== undefined) fail(`The bench cannot run: ${obstacle}.`);
  else await report();
}

async function report(): Promise<void> {
  try {
    // What is shipped is what is measured.
    await bundle();
    process.env['GODWIT_DAEMON'] = join(bundleFolder, 'godwitd.js');
    const result = name === 'all' ? await runAll() : await run(name, options());
    process.stdout.write(`${values.json ? JSON.stringify(result) : table(result)}\n`);
  } catch (error) {
    fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

function options(): BenchOptions {
  const { rounds, seconds, only, quick } = values;
  return {
    quick,
    ...(rounds === undefined ? {} : { rounds: Number(rounds) }),
    ...(seconds === undefined ? {} : { seconds: Number(seconds) }),
    ...(only === undefined ? {} : { only: only.split(',') }),
  };
}

/** @throws with the reason when it cannot run here. */
async function run(which: string, how: BenchOptions): Promise<BenchResult> {
  const bench = benches[which];
  if (bench === undefined) throw new Error(`there is no bench ${which}`);
  const obstacle = missingPrograms(bench.programs) ?? bench.obstacle?.();
  if (obstacle !== undefined) throw new Error(`The bench ${which} cannot run: ${obstacle}.`);
  return await bench.run(how);
}

/** One that fails does not take the figures of the others with it. */
async function runOrGiveUp(which: string): Promise<BenchResult> {
  const begun = performance.now();
  try {
    const result = await run(which, { ...options(), quick: true });
    say(`${which} took ${Math.round((performance.now() - begun) / 1_000)} s`);
    return result;
  } catch (error) {
    say(`${which} failed: ${error instanceof Error ? error.message : String(error)}`);
    return { ok: false, name: which, rows: [], ratios: {} };
  }
}

/** Each in short; one that cannot run here is left out by name. */
async function runAll(): Promise<BenchResult> {
  const results: BenchResult[] = [];
  for (const [which, { programs, obstacle }] of Object.entries(benches)) {
    const missing = missingPrograms(programs) ?? obstacle?.();
    if (missing === undefined) results.push(await runOrGiveUp(which));
    else say(`${which} is left out: ${missing}`);
  }
  await writeFigures(results.filter(({ rows }) => rows.length > 0));
  return {
    ok: results.every(({ ok }) => ok),
    name: 'all',
    rows: results.flatMap(({ name: of, rows }) =>
      rows.map((row) => ({ ...row, metric: `${of}:${row.metric}` })),
    ),
    ratios: Object.fromEntries(
      results.flatMap(({ name: of, ratios }) =>
        Object.entries(ratios).map(([key, value]) => [`${of}:${key}`, value]),
      ),
    ),
  };
}

function fail(reason: string): void {
  say(reason);
  if (values.json)
    process.stdout.write(`${JSON.stringify({ ok: false, name, reason, rows: [], ratios: {} })}\n`);
  process.exitCode = 1;
}
