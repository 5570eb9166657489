import { checkSteps } from './check.ts';
import { nothing, print, runTests, type Tally } from './testing/run-tests.ts';
import { command, runCommand, runSteps, type Step } from './testing/steps.ts';

/** Each waits for silent peers most of the time, in a sandbox of its own: two at once do not hinder each other. The longest is first. */
const waiting = ['reconnect', 'bad-input-*', 'bundle', 'keyring', 'lab', 'resolved'].map(
  (name) => `test/system/${name}.test.ts`,
);

/** What one test takes at the most, for one that hangs: on a machine that does much else, what takes 20 s may take minutes. */
const hangs = 300_000;

/** `npm test`: every check and every test, from the quickest to the slowest. */
const steps: readonly Step[] = [
  ...checkSteps,
  {
    name: 'Properties and vectors',
    run: () =>
      runTests({
        patterns: ['test/property/**/*.test.ts', 'test/vectors/**/*.test.ts'],
        concurrency: 2,
        timeoutMs: hangs,
      }),
  },
  {
    name: 'Simulator and fuzzing',
    run: () =>
      runTests({
        patterns: ['test/simulation/**/*.test.ts', 'test/fuzz/**/*.test.ts'],
        concurrency: 1,
        timeoutMs: hangs,
      }),
  },
  command('Simulator: 2,000 runs', [
    process.execPath,
    'test/simulation/sim.ts',
    '--seed',
    '301',
    '--seeds',
    '2000',
    '--no-mutations',
  ]),
  {
    name: 'System tests that wait',
    run: () => runTests({ patterns: waiting, concurrency: 2, timeoutMs: hangs }),
  },
  {
    name: 'System tests',
    run: () =>
      runTests({
        patterns: ['test/system/**/*.test.ts'],
        except: waiting,
        concurrency: 1,
        timeoutMs: hangs,
      }),
  },
  { name: 'Demo: embedded gateway', run: () => demo('embedded') },
  { name: 'Demo: strongSwan', run: () => demo('strongswan') },
  { name: 'Interface', run: () => counted(['test/e2e/e2e.ts', '--json', '--quick']) },
  { name: 'Interop', run: () => counted(['test/interop/interop.ts', '--json']) },
];

/** A demo that cannot run here answers `skipped` with a reason in place of its result. */
async function demo(gateway: string): Promise<Tally> {
  return counted(['test/demo/demo.ts', '--json', '--gateway', gateway]);
}

/** Runs a program that prints one JSON object: with counts, or with `ok` alone. */
async function counted(argv: readonly string[]): Promise<Tally> {
  const { status, stdout } = await runCommand([process.execPath, ...argv], 'pipe');
  const result = parse(stdout);
  if (result === undefined) {
    print(`  exit status ${status}, and no JSON object on standard output: ${stdout.slice(0, 500)}`);
    return { ...nothing, failed: 1 };
  }
  if (typeof result['skipped'] === 'string') {
    print(`  skipped: ${result['skipped']}`);
    return { ...nothing, skipped: 1 };
  }
  const ok = result['ok'] === true && status === 0;
  const number = (name: string): number => (typeof result[name] === 'number' ? result[name] : 0);
  const tally = { passed: number('passed'), failed: number('failed'), skipped: number('skipped') };
  if (tally.passed + tally.failed + tally.skipped === 0) {
    if (!ok) print(`  ${stdout.trim()}`);
    return ok ? { ...nothing, passed: 1 } : { ...nothing, failed: 1 };
  }
  return ok || tally.failed > 0 ? tally : { ...tally, failed: 1 };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const { passed, failed, skipped } = await runSteps(steps);
print(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 ? 0 : 1;
