import { type Failure, failure } from '../base/errors.ts';

/** The name of the error that a call of Node's failed with, such as `ENOENT`; `unknown` for any other exception. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

/** An exception of node:fs as a Failure: `system.permission` for EPERM, EACCES and EROFS, else `system.call`. */
export function fileFailure(call: string, error: unknown): Failure {
  const errno = errnoOf(error);
  const denied = errno === 'EPERM' || errno === 'EACCES' || errno === 'EROFS';
  return failure(denied ? 'system.permission' : 'system.call', { call, errno });
}
