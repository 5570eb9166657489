import { spawnSync } from 'node:child_process';
import { chmodSync, lutimesSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../testing/run-tests.ts';

/**
 * The moment that all files of a package bear, in seconds since 1970: what SOURCE_DATE_EPOCH says, or when the commit was
 * made, or, where there is no git, the change log was written. Throws when the variable holds no such number.
 */
export function sourceDate(given: string | undefined = process.env['SOURCE_DATE_EPOCH']): number {
  if (given !== undefined) {
    if (!/^\d{1,10}$/.test(given)) throw new Error('SOURCE_DATE_EPOCH must be seconds since 1970.');
    return Number(given);
  }
  const { stdout } = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' });
  const committed = /^\d+$/.exec((stdout ?? '').trim())?.[0];
  return Number(committed ?? Math.floor(statSync(join(root, 'CHANGELOG.md')).mtimeMs / 1_000));
}

/**
 * Gives everything in a folder one time, and the modes of a package: what remains of this machine in files, besides their
 * octets. Packers only lower times that are too late, so those that are too early are raised here.
 */
export function settle(folder: string, seconds: number): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) {
      lutimesSync(path, seconds, seconds);
      continue;
    }
    const runs = entry.isDirectory() || (statSync(path).mode & 0o100) !== 0;
    chmodSync(path, runs ? 0o755 : 0o644);
    utimesSync(path, seconds, seconds);
  }
  chmodSync(folder, 0o755);
  utimesSync(folder, seconds, seconds);
}
