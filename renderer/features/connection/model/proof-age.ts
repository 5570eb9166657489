import type { Proof } from '../../../app/state.ts';

/** How far a proof may be trusted to say that the connection stands. */
export type Freshness = 'now' | 'fresh' | 'stale';

/** Older than this without an answer, the gateway has been asked and has not answered yet. */
const staleMs = 20_000;

export interface ProofAge {
  readonly ageMs: number;
  readonly freshness: Freshness;
}

/** The age of the last proof at `now`, on the clock that the proof was noted on. */
export function proofAge(proof: Proof | undefined, now: number): ProofAge | undefined {
  if (proof === undefined) return undefined;
  const ageMs = Math.max(0, now - proof.provenAt);
  return { ageMs, freshness: ageMs < 1_000 ? 'now' : ageMs < staleMs ? 'fresh' : 'stale' };
}
