import { globSync } from 'node:fs';
import { relative } from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { formatWithOptions } from 'node:util';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const nothing: Tally = { passed: 0, failed: 0, skipped: 0 };

export function add(a: Tally, b: Tally): Tally {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

export interface TestRun {
  /** Patterns from the root of the repository, in the order of the runs; no file in two of them. */
  readonly patterns: readonly string[];
  /** What of them is left out. */
  readonly except?: readonly string[];
  /** How many files at once. Tests that measure or own the machine's network want 1. */
  readonly concurrency: number;
  readonly timeoutMs: number;
}

/** Runs test files, each in a process of its own, and prints a line a file, failures whole, and why tests were skipped. */
export async function runTests({ patterns, except = [], concurrency, timeoutMs }: TestRun): Promise<Tally> {
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: root, exclude: except }).sort());
  if (files.length === 0) return nothing;
  const perFile = new Map<string, Tally>();
  const skips = new Map<string, number>();
  const count = (file: string | undefined, tally: Tally): void => {
    const name = file === undefined ? 'unknown file' : relative(root, file);
    perFile.set(name, add(perFile.get(name) ?? nothing, tally));
  };
  const output = new Map<string, string>();
  const keep = ({ file, message }: { file?: string; message: string }): void => {
    const name = file ?? '';
    output.set(name, `${output.get(name) ?? ''}${message}`.slice(-20_000));
  };
  const stream = run({ files, concurrency, cwd: root, timeout: timeoutMs });
  stream.on('test:stdout', keep);
  stream.on('test:stderr', keep);
  stream.on('test:pass', (event) => {
    if (event.details.type === 'suite') return;
    const skipped = event.skip !== undefined && event.skip !== false;
    if (skipped) {
      const reason = typeof event.skip === 'string' ? event.skip : 'no reason given';
      skips.set(reason, (skips.get(reason) ?? 0) + 1);
    }
    count(event.file, skipped ? { ...nothing, skipped: 1 } : { ...nothing, passed: 1 });
  });
  stream.on('test:fail', (event) => {
    // A suite fails because of a test in it, which is counted itself.
    const error: unknown = event.details.error;
    if (event.details.type === 'suite' && isFailureOfChildren(error)) return;
    count(event.file, { ...nothing, failed: 1 });
    const place = event.file === undefined ? '' : ` (${relative(root, event.file)}:${event.line ?? 1})`;
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    print(
      `  FAILED ${event.name}${place}\n${indent(formatWithOptions({ colors: false }, '%s', describe(cause)))}`,
    );
    const said = output.get(event.file ?? '');
    if (said !== undefined) print(indent(said.trimEnd()));
  });
  stream.on('test:summary', ({ file, success, duration_ms }) => {
    if (file === undefined) return;
    const name = relative(root, file);
    const { passed, failed, skipped } = perFile.get(name) ?? nothing;
    const words = [`${passed} passed`];
    if (failed > 0) words.push(`${failed} failed`);
    if (skipped > 0) words.push(`${skipped} skipped`);
    print(`  ${success ? 'ok' : 'NOT OK'} ${name}: ${words.join(', ')} (${Math.round(duration_ms)} ms)`);
  });
  stream.resume();
  await new Promise((resolve) => stream.on('close', resolve).on('end', resolve));
  for (const [reason, times] of skips) print(`  skipped ${times}: ${reason}`);
  return [...perFile.values()].reduce(add, nothing);
}

function isFailureOfChildren(error: unknown): boolean {
  return error instanceof Error && 'failureType' in error && error.failureType === 'subtestsFailed';
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}

/** Progress of tests is on standard output, which is all that these commands have to say. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
