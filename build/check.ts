import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkLayers } from './lint/layers.ts';
import { checkLockFile } from './lint/lock-file.ts';
import { readTree } from './lint/read-tree.ts';
import { nothing, print, root, runTests, type Tally } from './testing/run-tests.ts';
import { command, runSteps, type Step } from './testing/steps.ts';

/** `npm run check`: what must hold before anything is handed on. Needs no network, no root, no peer. */
export const checkSteps: readonly Step[] = [
  command('Format and lint', ['node_modules/.bin/biome', 'check', '--error-on-warnings', '.']),
  { name: 'Layers', run: layers },
  { name: 'Lock file', run: lockFile },
  command('Types: pure folders', ['node_modules/.bin/tsc', '-p', 'build/tsconfig/pure.json']),
  command('Types: renderer', ['node_modules/.bin/tsc', '-p', 'build/tsconfig/renderer.json']),
  command('Types: Node', ['node_modules/.bin/tsc', '-p', 'build/tsconfig/node.json']),
  {
    name: 'Unit tests',
    run: () => runTests({ patterns: ['test/unit/**/*.test.ts'], concurrency: 2, timeoutMs: 120_000 }),
  },
  command('Simulator: 300 runs', [
    process.execPath,
    'test/simulation/sim.ts',
    '--seeds',
    '300',
    '--no-mutations',
  ]),
];

async function lockFile(): Promise<Tally> {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'));
  const problems = checkLockFile(read('package-lock.json'), read('package.json'));
  for (const problem of problems) print(`  ${problem}`);
  return problems.length === 0 ? { ...nothing, passed: 1 } : { ...nothing, failed: problems.length };
}

async function layers(): Promise<Tally> {
  const problems = checkLayers(readTree(root, ['core', 'main', 'renderer', 'build', 'test']));
  for (const { file, line, message } of problems) print(`  ${file}:${line} ${message}`);
  return problems.length === 0 ? { ...nothing, passed: 1 } : { ...nothing, failed: problems.length };
}

if (import.meta.main) {
  const { passed, failed, skipped } = await runSteps(checkSteps);
  print(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}
