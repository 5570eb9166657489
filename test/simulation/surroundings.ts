import type { SealMemory } from './sim-crypto.ts';
import type { Story } from './story.ts';
import type { Trace } from './trace.ts';

/** What each side needs of the world around it. */
export interface Surroundings {
  readonly story: Story;
  readonly memory: SealMemory;
  readonly trace: Trace;
  now(): number;
  /** Whether somebody poses as the gateway. */
  hasImposter(): boolean;
  later(ms: number, run: () => void): void;
}
