import type { Failure } from '../base/errors.ts';

/** Whether the user ended it: nothing failed, and there is nothing to read about. */
export function isOnPurpose({ code }: Failure): boolean {
  return code === 'tunnel.cancelled';
}
