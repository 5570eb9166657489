import { tellStory } from './story.ts';
import { Trace } from './trace.ts';
import { type Invariant, Violation } from './violation.ts';
import { type Totals, World } from './world.ts';

export type Outcome =
  | { readonly ok: true; readonly totals: Totals }
  | { readonly ok: false; readonly invariant: Invariant; readonly what: string };

/** One run from its seed, with all that the machine has to offer beside the arguments taken away. */
export function runSeed(seed: number, trace: Trace = new Trace(false)): Outcome {
  const restore = forbidOutside();
  try {
    return { ok: true, totals: new World(tellStory(seed), trace).run() };
  } catch (error) {
    if (error instanceof Violation) return { ok: false, invariant: error.invariant, what: error.message };
    return {
      ok: false,
      invariant: 'exception',
      what: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  } finally {
    restore();
  }
}

/** A pure engine asks nobody for time, randomness or a timer: until the result is called, who does is found out. */
function forbidOutside(): () => void {
  const kept: (() => void)[] = [];
  const forbid = (owner: object, name: string): void => {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    if (before === undefined) return;
    kept.push(() => Object.defineProperty(owner, name, before));
    Object.defineProperty(owner, name, {
      configurable: true,
      writable: true,
      value: () => {
        throw new Violation('outside', `${name} was called`);
      },
    });
  };
  for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'])
    forbid(globalThis, name);
  forbid(Date, 'now');
  forbid(Math, 'random');
  forbid(performance, 'now');
  forbid(Object.getPrototypeOf(performance), 'now');
  forbid(Object.getPrototypeOf(crypto), 'getRandomValues');
  return () => {
    for (const restore of kept) restore();
  };
}
