import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { missingPrograms } from '../support/net/sandbox.ts';
import { guestFolder, type RootImage, rootImage } from './image.ts';
import { lintPackage } from './lint-package.ts';
import { Machine } from './machine.ts';
import { defaultSeconds, type RowName } from './protocol.ts';
import { rows as allRows } from './rows/rows.ts';

const usage = `npm run guest -- [--json] [--filter RE] [--packed] [--shell]

Boots a Debian 12 in an emulated machine, installs the package there, and plays rows against a strongSwan with the kernel's ESP.
The machine has no way outside. Made from Debian's packages once (some minutes, as root); a boot takes a minute or two.
--shell runs what standard input says in the guest afterwards, a line each: shell, or \`play RE\`.
--packed takes the package and the agent of the last run.`;

interface Row {
  readonly name: string;
  readonly theme: string;
  readonly peer: string;
  readonly verdict: 'passed' | 'failed' | 'skipped';
  readonly reason: string;
  readonly ms: number;
}

/** Played outside, as the guest has no lintian. */
const lint: RowName = { theme: 'package', name: 'lintian has nothing to say against it', seconds: 600 };

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    filter: { type: 'string', default: '' },
    packed: { type: 'boolean', default: false },
    shell: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

if (options.help) process.stdout.write(`${usage}\n`);
else report(await run());

async function run(): Promise<Row[]> {
  const filter = new RegExp(options.filter, 'i');
  const isWanted = ({ name, theme }: RowName): boolean => filter.test(`${theme}: ${name}`);
  const inside = allRows
    .map(({ name, theme, seconds = defaultSeconds }) => ({ name, theme, seconds }))
    .filter(isWanted);
  const wanted = isWanted(lint) ? [lint, ...inside] : inside;
  if (wanted.length === 0 && !options.shell) return [];
  const image =
    missingPrograms(['qemu-system-x86_64', 'dpkg-deb', 'mke2fs']) ??
    (process.arch === 'x64' ? await rootImage(say) : 'the guest is an x86-64 machine');
  if (typeof image === 'string') return wanted.map((each) => result(each, 'skipped', image, 0));
  if (!options.packed) await pack();
  const first = isWanted(lint) ? [await lintRow()] : [];
  return inside.length === 0 && !options.shell ? first : [...first, ...(await playAll(image, inside))];
}

async function lintRow(): Promise<Row> {
  const obstacle = missingPrograms(['lintian']);
  if (obstacle !== undefined) return result(lint, 'skipped', obstacle, 0);
  const start = performance.now();
  return ended(lint, await lintPackage(), start);
}

/** A row that does not end in time leaves a machine that nothing is known of: the rest is played in another. */
async function playAll(image: RootImage, wanted: readonly RowName[]): Promise<Row[]> {
  const rows: Row[] = [];
  let machine = await boot(image);
  try {
    for (const each of wanted) {
      const { row, hung } = await play(machine, each);
      rows.push(row);
      if (!hung || each === wanted.at(-1)) continue;
      say(machine.console.slice(-3_000));
      await machine.stop();
      machine = await boot(image);
    }
    if (options.shell) await lookAround(machine);
    return rows;
  } finally {
    await machine.stop();
  }
}

async function boot(image: RootImage): Promise<Machine> {
  const start = performance.now();
  say('booting the guest');
  const machine = await Machine.boot(image, join(guestFolder, 'payload.ext4'), {
    note: (text) => say(text.trimEnd().replace(/^/gm, '         ')),
  });
  try {
    await machine.ready();
  } catch (error) {
    say(machine.console.slice(-3_000));
    await machine.stop();
    throw error;
  }
  say(`the guest is up after ${Math.round((performance.now() - start) / 1_000)} s`);
  return machine;
}

/** For whoever wants to see the machine, or to play a row again. */
async function lookAround(machine: Machine): Promise<void> {
  let there: readonly RowName[] = allRows.map((row) => ({ ...row, seconds: row.seconds ?? defaultSeconds }));
  for await (const line of createInterface({ input: process.stdin })) {
    const again = /^play (.+)$/.exec(line)?.[1];
    if (again !== undefined) {
      for (const each of there.filter(({ name, theme }) => new RegExp(again, 'i').test(`${theme}: ${name}`)))
        await play(machine, each);
    } else if (line === 'wait for the agent') there = (await machine.ready()).rows;
    else {
      const { status, text } = await machine.shell(line);
      say(`${text}[${status}]`);
    }
  }
}

/** In a process of its own, since the packer prints on standard output. */
async function pack(): Promise<void> {
  const program = fileURLToPath(new URL('payload.ts', import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 2, 2] });
  const status = await new Promise((resolve) => child.on('exit', resolve));
  if (status !== 0) throw new Error('the package could not be made');
}

async function play(machine: Machine, row: RowName): Promise<{ row: Row; hung: boolean }> {
  const start = performance.now();
  let problems: readonly string[];
  let hung = false;
  try {
    ({ problems } = await machine.play(row.name, row.seconds * 1_000));
  } catch (error) {
    hung = true;
    problems = [error instanceof Error ? error.message : String(error)];
  }
  return { row: ended(row, problems, start), hung };
}

function ended(row: RowName, problems: readonly string[], start: number): Row {
  const ms = Math.round(performance.now() - start);
  const verdict = problems.length === 0 ? 'passed' : 'failed';
  say(
    `${verdict === 'passed' ? 'ok    ' : 'FAILED'} ${String(ms).padStart(6)} ms  ${row.theme}: ${row.name}`,
  );
  for (const problem of problems) say(`         ${problem}`);
  return result(row, verdict, problems.join('; '), ms);
}

function result({ name, theme }: RowName, verdict: Row['verdict'], reason: string, ms: number): Row {
  return { name, theme, peer: 'guest', verdict, reason, ms };
}

function report(rows: readonly Row[]): void {
  const count = (verdict: Row['verdict']): number => rows.filter((row) => row.verdict === verdict).length;
  const [passed, failed, skipped] = [count('passed'), count('failed'), count('skipped')];
  const ok = failed === 0 && rows.length > 0;
  if (options.json) process.stdout.write(`${JSON.stringify({ ok, passed, failed, skipped, rows })}\n`);
  else {
    for (const row of rows.filter(({ verdict }) => verdict === 'skipped'))
      process.stdout.write(`skipped ${row.theme}: ${row.name}: ${row.reason}\n`);
    process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  }
  process.exitCode = ok ? 0 : 1;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
