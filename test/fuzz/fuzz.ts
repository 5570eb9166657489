import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { toHex } from '../../core/base/octets.ts';
import { fuzz, type TargetReport } from './run-target.ts';
import { allTargets } from './targets.ts';

const usage = `npm run fuzz -- [--seconds S] [--seed N] [--target RE] [--json]

Feeds changed real input to everything that takes octets from outside, for S seconds in all (60). An exception, an
unhandled rejection, more than 50 ms for one input, and growing memory are failures; their input is written to a file
that can be put into test/fuzz/regressions.`;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    target: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) process.stdout.write(`${usage}\n`);
else await main(Number(options.seconds), options.seed === undefined ? freshSeed() : Number(options.seed));

async function main(seconds: number, seed: number): Promise<void> {
  if (!(seconds > 0) || !Number.isSafeInteger(seed)) {
    process.stderr.write(`${usage}\n`);
    process.exit(2);
  }
  const pattern = new RegExp(options.target);
  const targets = allTargets().filter(({ name }) => pattern.test(name));
  say(`seed ${seed}`);
  const reports: TargetReport[] = [];
  const shares = targets.reduce((sum, { weight = 1 }) => sum + weight, 0);
  for (const target of targets) {
    const ms = (seconds * 1_000 * (target.weight ?? 1)) / shares;
    const report = await fuzz(target, ms, seed);
    reports.push(report);
    const { name, executions, outcomes, slowestMs, crashes } = report;
    say(
      `${name}: ${executions} executions, ${outcomes} outcomes, slowest ${slowestMs} ms, ${crashes.length} crashes`,
    );
    keep(report);
  }
  const ok = reports.length > 0 && reports.every(({ crashes }) => crashes.length === 0);
  if (options.json) {
    const rows = reports.map(({ name, executions, crashes, slowestMs }) => ({
      name,
      executions,
      crashes: crashes.length,
      slowestMs,
    }));
    process.stdout.write(`${JSON.stringify({ ok, targets: rows })}\n`);
  }
  process.exitCode = ok ? 0 : 1;
}

function keep({ name, crashes }: TargetReport): void {
  if (crashes.length === 0) return;
  const directory = mkdtempSync(join(tmpdir(), 'godwit-fuzz-'));
  for (const [index, { octets, what }] of crashes.entries()) {
    const file = join(directory, `${name}-${index + 1}.json`);
    writeFileSync(
      file,
      `${JSON.stringify({ target: name, why: what.split('\n')[0], octets: toHex(octets) }, undefined, 2)}\n`,
    );
    say(`  ${file}: ${what}`);
  }
}

function freshSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
