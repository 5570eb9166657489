import { type Failure, failure } from '../base/errors.ts';

/** What ended a worker, as a value. An Error's message names a call and an errno, never packet contents. */
export function describeCrash(worker: 'outbound' | 'inbound', error: unknown): Failure {
  const reason = error instanceof Error ? error.message : String(error);
  return failure('dataplane.stopped', { worker, reason });
}
