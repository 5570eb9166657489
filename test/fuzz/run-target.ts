import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { mutate, Numbers } from './mutator.ts';
import type { FuzzTarget } from './target.ts';

export interface Crash {
  readonly octets: Uint8Array;
  readonly what: string;
}

export interface TargetReport {
  readonly name: string;
  readonly executions: number;
  readonly crashes: readonly Crash[];
  readonly slowestMs: number;
  /** Outcomes that were told apart. */
  readonly outcomes: number;
}

/** Longer than this for one input is a hang. */
const hangMs = 50;
/** Growth of the heap beyond this, after collection, is a leak. */
const mostGrowthOctets = 24 * 1024 * 1024;
const mostKept = 600;
const mostCrashes = 5;
/** Runs between two looks at the clock. */
const batch = 16;

/**
 * Feeds changed input to a target for `ms`. Input whose outcome is new joins the corpus. Which input comes is decided by `seed`
 * alone; how much of it, by the clock.
 */
export async function fuzz(target: FuzzTarget, ms: number, seed: number): Promise<TargetReport> {
  const numbers = new Numbers(seed);
  const corpus = target.corpus.map((octets) => octets.slice());
  const outcomes = new Set<string>();
  const crashes: Crash[] = [];
  let [executions, slowestMs] = [0, 0];
  let current = new Uint8Array(0);
  const onRejection = (reason: unknown): void => {
    crashes.push({ octets: current, what: `unhandled rejection: ${describe(reason)}` });
  };
  process.on('unhandledRejection', onRejection);
  const start = performance.now();
  let heap: { readonly octets: number; readonly corpus: number } | undefined;
  const once = (octets: Uint8Array): void => {
    current = octets.slice();
    executions += 1;
    const verdict = execute(target, octets);
    slowestMs = Math.max(slowestMs, verdict.ms);
    if (verdict.crash !== undefined) crashes.push({ octets: current, what: verdict.crash });
    if (verdict.outcome === undefined || outcomes.has(verdict.outcome)) return;
    if (outcomes.size < mostKept) {
      outcomes.add(verdict.outcome);
      corpus.push(current);
    }
  };
  for (const octets of target.corpus) once(octets);
  while (performance.now() - start < ms && crashes.length < mostCrashes) {
    for (let i = 0; i < batch; i++) {
      const empty = new Uint8Array(0);
      once(mutate(numbers.pick(corpus, empty), numbers.pick(corpus, empty), numbers));
    }
    // Rejections are reported between turns of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    if (heap === undefined && performance.now() - start > ms / 2)
      heap = { octets: heapNow(), corpus: corpus.length };
  }
  process.off('unhandledRejection', onRejection);
  const growth = heap === undefined ? 0 : heapNow() - heap.octets;
  if (growth > mostGrowthOctets) {
    crashes.push({
      octets: current,
      what: `the heap grew by ${Math.round(growth / 1_048_576)} MiB in half of the run`,
    });
  }
  return {
    name: target.name,
    executions,
    crashes,
    slowestMs: Math.round(slowestMs * 100) / 100,
    outcomes: outcomes.size,
  };
}

interface Verdict {
  readonly ms: number;
  readonly outcome?: string;
  readonly crash?: string;
}

/** Runs one input. What takes long is run again: only what is slow each time is, and not the machine. */
export function execute(target: FuzzTarget, octets: Uint8Array): Verdict {
  let [ms, outcome] = [Number.POSITIVE_INFINITY, ''];
  for (let tries = 0; tries < 4; tries++) {
    const start = performance.now();
    try {
      outcome = target.run(octets.slice());
    } catch (error) {
      return { ms: 0, crash: describe(error) };
    }
    ms = Math.min(ms, performance.now() - start);
    if (ms < hangMs / 5) break;
  }
  return ms > hangMs ? { ms, crash: `${Math.round(ms)} ms for one input` } : { ms, outcome };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function heapNow(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  return process.memoryUsage().heapUsed;
}
