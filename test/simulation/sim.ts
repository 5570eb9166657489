import { mkdtempSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runBatch, runSeeds } from './run-batches.ts';
import { runMutations } from './run-mutations.ts';

const usage = `npm run sim -- [--seeds N] [--seed S] [--no-mutations] [--json]

Plays the engine against the gateway in virtual time, over a network that loses, doubles, damages and delays, N times
(1,000), from seed S (1) on, and holds every step against what must always hold. --seed alone plays this one run.
Then breaks the engine on purpose, in every way that test/simulation/mutations.ts lists, to see that it is noticed.`;

const { values: options } = parseArgs({
  allowNegative: true,
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
    mutations: { type: 'boolean' },
    help: { type: 'boolean', default: false },
  },
});

/** More traces than anybody reads. */
const tracesKept = 10;

if (options.help) process.stdout.write(`${usage}\n`);
else await main();

async function main(): Promise<void> {
  const first = whole(options.seed, 1);
  const count = whole(options.seeds, options.seed === undefined ? 1_000 : 1);
  const start = performance.now();
  const { failures, totals } = await runSeeds(first, count, Math.min(2, availableParallelism()));
  const seconds = (performance.now() - start) / 1000;
  const hours = Math.round(totals.virtualMs / 3_600_000);
  say(
    `${count} runs in ${seconds.toFixed(1)} s: ${hours} h of virtual time, ${totals.logins} logins, ${totals.rekeys} rekeys, ${totals.packets} packets, ${failures.length} failures`,
  );
  const directory = failures.length === 0 ? '' : mkdtempSync(join(tmpdir(), 'godwit-sim-'));
  for (const { seed, invariant, what } of failures.slice(0, tracesKept)) {
    const file = join(directory, `seed-${seed}.txt`);
    writeFileSync(file, `${await runBatch(['--first', String(seed), '--trace'])}${invariant}: ${what}\n`);
    say(`seed ${seed}: ${invariant}: ${what}\n  replay: ${replay(seed)}\n  trace: ${file}`);
  }
  if (failures.length > tracesKept) say(`and ${failures.length - tracesKept} more`);
  const wantsMutations = options.mutations ?? (options.seeds !== undefined || options.seed === undefined);
  const mutations = wantsMutations ? await runMutations(say) : [];
  const mutationsSeen = mutations.filter(({ seen }) => seen).length;
  const ok = failures.length === 0 && mutationsSeen === mutations.length;
  if (options.json) {
    const object = {
      ok,
      seeds: count,
      failures: failures.map(({ seed, invariant }) => ({ seed, invariant, replay: replay(seed) })),
      mutations: mutations.length,
      mutationsSeen,
    };
    process.stdout.write(`${JSON.stringify(object)}\n`);
  }
  process.exitCode = ok ? 0 : 1;
}

function replay(seed: number): string {
  return `npm run sim -- --seed ${seed}`;
}

function whole(text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  process.stderr.write(`${text} is not a whole number\n\n${usage}\n`);
  process.exit(2);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
