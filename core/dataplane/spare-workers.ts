import type { Failure } from '../base/errors.ts';
import { ok, type Result } from '../base/result.ts';
import { WorkerPair } from './worker-pair.ts';

/**
 * One pair of threads in reserve: they take longer to load their code than a gateway takes to answer. There is never
 * more than one in reserve, and it keeps no process alive.
 */
export class SpareWorkers {
  #spare: WorkerPair | undefined;
  #closed = false;

  /** Lays a pair in reserve, where there is none. What the system refuses is asked for again by `take`. */
  prepare(): void {
    if (this.#closed || this.#spare?.healthy === true) return;
    void this.#spare?.stop();
    const created = WorkerPair.create();
    this.#spare = created.ok ? created.value : undefined;
  }

  /** The pair in reserve, else a new one; the caller stops it. Fails with `system.call`. */
  take(): Result<WorkerPair, Failure> {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare?.healthy === true) return ok(spare);
    void spare?.stop();
    return WorkerPair.create();
  }

  /** Ends what is in reserve; nothing is laid there any more. */
  async close(): Promise<void> {
    this.#closed = true;
    const spare = this.#spare;
    this.#spare = undefined;
    await spare?.stop();
  }
}
