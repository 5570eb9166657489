import { spawn } from 'node:child_process';
import { add, nothing, print, root, type Tally } from './run-tests.ts';

export interface Step {
  readonly name: string;
  run(): Promise<Tally>;
}

/** Runs the steps in order, all of them whatever fails, says how long each took, and answers the sum. */
export async function runSteps(steps: readonly Step[]): Promise<Tally> {
  let total = nothing;
  for (const { name, run } of steps) {
    print(`\n${name}`);
    const start = performance.now();
    const tally = await run();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    print(`  ${tally.failed === 0 ? 'ok' : 'NOT OK'} in ${seconds} s`);
    total = add(total, tally);
  }
  return total;
}

/** A step that is one program: it passes when the program exits with 0. */
export function command(name: string, argv: readonly string[]): Step {
  return {
    name,
    run: async () => {
      const { status } = await runCommand(argv, 'inherit');
      return status === 0 ? { ...nothing, passed: 1 } : { ...nothing, failed: 1 };
    },
  };
}

/** A program's exit status (128 and up for a signal), and what it wrote to standard output when `stdout` is `pipe`. */
export function runCommand(
  argv: readonly string[],
  stdout: 'inherit' | 'pipe',
): Promise<{ status: number; stdout: string }> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', stdout, 'inherit'] });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return new Promise((resolve) => {
    child.on('error', (error) => {
      print(`  ${program} does not start: ${error.message}`);
      resolve({ status: 127, stdout: text });
    });
    child.on('close', (status) => resolve({ status: status ?? 128, stdout: text }));
  });
}
