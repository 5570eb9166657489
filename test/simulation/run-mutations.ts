import { availableParallelism } from 'node:os';
import { mutations } from './mutations.ts';
import type { BatchReport } from './report.ts';
import { runBatch } from './run-batches.ts';

export interface MutationVerdict {
  readonly name: string;
  readonly seen: boolean;
}

/** So many runs may be needed to see a broken rule; most show in the first few. */
const runsPerMutation = 120;
const hook = new URL('mutate-hook.ts', import.meta.url).href;

/** Plays with every mutation until an invariant sees it. */
export async function runMutations(say: (text: string) => void): Promise<MutationVerdict[]> {
  const waiting = [...mutations];
  const verdicts: MutationVerdict[] = [];
  const work = async (): Promise<void> => {
    for (let mutation = waiting.shift(); mutation !== undefined; mutation = waiting.shift()) {
      const { name, seenBy } = mutation;
      const args = ['--first', '1', '--count', String(runsPerMutation), '--stop'];
      const verdict = await runBatch(args, { module: hook, argument: name }).then(
        (output) => judge(JSON.parse(output), seenBy),
        (error: unknown) => ({ seen: false, by: error instanceof Error ? error.message : String(error) }),
      );
      say(
        `mutation "${name}": ${verdict.seen ? 'seen' : 'NOT SEEN'}${verdict.by === '' ? '' : `, ${verdict.by}`}`,
      );
      verdicts.push({ name, seen: verdict.seen });
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
  return verdicts;
}

function judge(
  { failures }: BatchReport,
  seenBy: readonly string[],
): { readonly seen: boolean; readonly by: string } {
  const [failure] = failures;
  if (failure === undefined) return { seen: false, by: '' };
  const by = `${failure.invariant} in seed ${failure.seed}`;
  return {
    seen: seenBy.includes(failure.invariant),
    by: seenBy.includes(failure.invariant) ? by : `${by}: ${failure.what}`,
  };
}
