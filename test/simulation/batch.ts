import { parseArgs } from 'node:util';
import { addTotals, type BatchReport, noTotals } from './report.ts';
import { runSeed } from './run-seed.ts';
import { Trace } from './trace.ts';

/**
 * Runs seeds in a process of its own: `--first A --count N --step K` are the seeds A, A + K, …; `--stop` ends at the first
 * that fails; `--trace` prints what happened in it instead. Prints one JSON object.
 */
const { values } = parseArgs({
  options: {
    first: { type: 'string', default: '1' },
    count: { type: 'string', default: '1' },
    step: { type: 'string', default: '1' },
    stop: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
  },
});

const failures: BatchReport['failures'][number][] = [];
let totals = noTotals;
const [first, count, step] = [Number(values.first), Number(values.count), Number(values.step)];
for (let index = 0; index < count; index++) {
  const seed = first + index * step;
  const trace = new Trace(values.trace);
  const outcome = runSeed(seed, trace);
  if (values.trace) process.stdout.write(`${trace.lines.join('\n')}\n`);
  if (outcome.ok) totals = addTotals(totals, outcome.totals);
  else failures.push({ seed, invariant: outcome.invariant, what: outcome.what });
  if (values.stop && !outcome.ok) break;
}
const report: BatchReport = { failures, totals };
if (!values.trace) process.stdout.write(`${JSON.stringify(report)}\n`);
