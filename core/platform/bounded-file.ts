import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';

/** A file's octets and what it is, from one open descriptor: what was checked is what was read. */
export interface FileContents {
  readonly octets: Buffer;
  readonly stats: Stats;
}

/** Reads a regular file of at most `most` octets. The error is a reason for a user. Never waits (as on a FIFO). */
export async function readBoundedFile(path: string, most: number): Promise<Result<FileContents, string>> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    if (!stats.isFile()) return err('it is not a regular file');
    if (stats.size > most) return err(`it is larger than ${most} octets`);
    const buffer = Buffer.alloc(most + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
      if (length > most) return err(`it is larger than ${most} octets`);
    }
    return ok({ octets: buffer.subarray(0, length), stats });
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    return err(reasons[String(code)] ?? String(code ?? error));
  } finally {
    await file?.close();
  }
}

/** The text of a small file, such as a CA bundle. Fails with `profile.unreadable`, whose reason is for a user. */
export async function readBoundedText(path: string): Promise<Result<string, Failure>> {
  const read = await readBoundedFile(path, limits.profileCaCharacters);
  return read.ok
    ? ok(read.value.octets.toString('utf8'))
    : err(failure('profile.unreadable', { file: path, reason: read.error }));
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};
