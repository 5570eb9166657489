import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { concat } from '../base/octets.ts';
import { err, ok, type Result } from '../base/result.ts';
import { utf8 } from '../base/utf8.ts';
import { readBoundedFile } from './bounded-file.ts';
import { openToOthers } from './file-rights.ts';

/**
 * The octets of a certificate with its key: of one file, or of two PEM files one after the other. `isOwn` says which user
 * may own them. Fails with `credential.file`, `secret.file-owner`, or `secret.file-mode` for a key in the clear that
 * others can read.
 */
export async function readKeyFiles(
  files: readonly string[],
  isOwn: (owner: number) => boolean,
): Promise<Result<Uint8Array, Failure>> {
  const parts: Uint8Array[] = [];
  for (const file of files) {
    const contents = await readBoundedFile(file, limits.keyFileOctets);
    if (!contents.ok) return err(failure('credential.file', { file, reason: contents.error }));
    const { stats, octets } = contents.value;
    if (!isOwn(stats.uid)) return err(failure('secret.file-owner', { file }));
    const open = openToOthers(file, stats);
    if (open !== undefined && holdsPlainKey(octets)) return err(open);
    parts.push(octets, utf8.encode('\n'));
  }
  if (parts.length === 2) return ok(new Uint8Array(parts[0] ?? []));
  return ok(concat(...parts));
}

function holdsPlainKey(octets: Uint8Array): boolean {
  const text = utf8.decode(octets);
  return /-----BEGIN (RSA |EC )?PRIVATE KEY-----/.test(text) && !text.includes('Proc-Type: 4,ENCRYPTED');
}
