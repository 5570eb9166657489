import { type Failure, failure } from '../base/errors.ts';

/** Something threw that should not have: a named failure, so that the connection ends with it instead of hanging. */
export function bug(cause: unknown): Failure {
  return failure('misuse', { reason: cause instanceof Error ? cause.message : 'unknown' });
}
