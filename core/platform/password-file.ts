import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { Secret } from '../base/secret.ts';
import { utf8 } from '../base/utf8.ts';
import { readBoundedFile } from './bounded-file.ts';
import { openToOthers } from './file-rights.ts';

/**
 * The password in the first line of a file that only its owner can read. `isOwn` says which user may own it.
 * Fails with `secret.file-owner`, `secret.file-mode` or `secret.unreadable`.
 */
export async function readPasswordFile(
  file: string,
  isOwn: (owner: number) => boolean,
): Promise<Result<Secret, Failure>> {
  const contents = await readBoundedFile(file, limits.passwordOctets + 2);
  if (!contents.ok) return err(failure('secret.unreadable', { source: file, reason: contents.error }));
  const { stats, octets } = contents.value;
  if (!isOwn(stats.uid)) return err(failure('secret.file-owner', { file }));
  const open = openToOthers(file, stats);
  if (open !== undefined) return err(open);
  return passwordLine(octets, file);
}

/** The first line of `octets`, which are overwritten. `source` names where they came from, for the error. */
export function passwordLine(octets: Uint8Array, source: string): Result<Secret, Failure> {
  const end = octets.indexOf(0x0a);
  const line = octets.subarray(0, end < 0 ? octets.length : end);
  const bare = line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
  const problem = problemOf(bare);
  const password = new Secret(bare);
  octets.fill(0);
  if (problem === undefined) return ok(password);
  password.wipe();
  return err(failure('secret.unreadable', { source, reason: problem }));
}

function problemOf(line: Uint8Array): string | undefined {
  if (line.length === 0) return 'its first line is empty';
  if (line.length > limits.passwordOctets) return `more than ${limits.passwordOctets} octets`;
  return utf8.decodeStrict(line) === undefined ? 'it is not UTF-8' : undefined;
}
