import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { errnoOf } from './errno.ts';

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
    let buffer: Buffer = Buffer.alloc(stats.size + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
      if (length > most) return err(`it is larger than ${most} octets`);
      // It has grown, or is one of the kernel's that do not say how large they are.
      if (length === buffer.length) buffer = enlarged(buffer, most + 1);
    }
    return ok({ octets: buffer.subarray(0, length), stats });
  } catch (error) {
    const errno = errnoOf(error);
    return err(reasons[errno] ?? errno);
  } finally {
    await file?.close();
  }
}

/** Twice the room, `most` at most; what was there may be secret, and is overwritten. */
function enlarged(buffer: Buffer, most: number): Buffer {
  const larger = Buffer.alloc(Math.min(Math.max(buffer.length * 2, 4_096), most));
  buffer.copy(larger);
  buffer.fill(0);
  return larger;
}

/** The text of a small file, such as a CA bundle. Fails with `profile.unreadable`, whose reason is for a user. */
export async function readBoundedText(path: string): Promise<Result<string, Failure>> {
  const read = await readBoundedFile(path, limits.profileCaCharacters);
  return read.ok
    ? ok(read.value.octets.toString('utf8'))
    : err(failure('profile.unreadable', { file: path, reason: read.error }));
}

/** The reason of `readBoundedFile` for a file that is not there. */
export const noSuchFile = 'there is no such file';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: noSuchFile,
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};
