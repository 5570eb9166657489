import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { addTotals, type BatchReport, noTotals } from './report.ts';

const batch = fileURLToPath(new URL('batch.ts', import.meta.url));

/** Runs `batch.ts` with these arguments; its standard output. `preload`: a module that comes before everything else. */
export async function runBatch(
  args: readonly string[],
  preload?: { readonly module: string; readonly argument: string },
): Promise<string> {
  const before = preload === undefined ? [] : ['--import', preload.module];
  const child = spawn(process.execPath, [...before, batch, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(preload === undefined ? {} : { SIM_MUTATION: preload.argument }) },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-4_000);
  });
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  if (status !== 0) throw new Error(`a process of the simulator ended with ${status}: ${stderr}`);
  return stdout;
}

/** The seeds `first` to `first + count - 1`, shared out among processes. */
export async function runSeeds(first: number, count: number, processes: number): Promise<BatchReport> {
  const shares = Array.from({ length: Math.min(processes, count) }, (_, index) => index);
  const outputs = await Promise.all(
    shares.map((share) =>
      runBatch([
        '--first',
        String(first + share),
        '--step',
        String(shares.length),
        '--count',
        String(Math.ceil((count - share) / shares.length)),
      ]),
    ),
  );
  let all: BatchReport = { failures: [], totals: noTotals };
  for (const output of outputs) {
    const report: BatchReport = JSON.parse(output);
    all = { failures: [...all.failures, ...report.failures], totals: addTotals(all.totals, report.totals) };
  }
  return { ...all, failures: all.failures.toSorted((a, b) => a.seed - b.seed) };
}
