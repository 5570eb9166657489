import type { Stats } from 'node:fs';
import { type Failure, failure } from '../base/errors.ts';

/** Whether a file of this owner is this process's own: the system's secrets are taken from no others. */
export function isOwn(owner: number): boolean {
  return owner === process.getuid?.();
}

/** `secret.file-mode` for a file that others than its owner may read or change. */
export function openToOthers(file: string, stats: Pick<Stats, 'mode'>): Failure | undefined {
  const mode = stats.mode & 0o777;
  if ((mode & 0o077) === 0) return undefined;
  return failure('secret.file-mode', { file, mode: mode.toString(8).padStart(4, '0') });
}
