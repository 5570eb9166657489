import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type Failure, failure } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';

/** Kernel settings under /proc/sys. `root` is that directory, or a test's copy of it. */
export class Sysctl {
  readonly #root: string;

  constructor(root = '/proc/sys') {
    this.#root = root;
  }

  /** `undefined` where the kernel has no such setting or hides it. */
  read(name: string): string | undefined {
    try {
      return readFileSync(`${this.#root}/${name}`, 'utf8').trim();
    } catch {
      return undefined;
    }
  }

  write(name: string, value: string): Result<undefined, Failure> {
    try {
      writeFileSync(`${this.#root}/${name}`, value);
      return ok();
    } catch (error) {
      return err(fileFailure(`write ${name}`, error));
    }
  }

  /** The names in a directory of settings, e.g. the interfaces in net/ipv4/conf. */
  list(directory: string): readonly string[] {
    try {
      return readdirSync(`${this.#root}/${directory}`);
    } catch {
      return [];
    }
  }
}

/** An exception of node:fs as a Failure: `system.permission` for EPERM, EACCES and EROFS, else `system.call`. */
export function fileFailure(call: string, error: unknown): Failure {
  const errno = errnoOf(error);
  const denied = errno === 'EPERM' || errno === 'EACCES' || errno === 'EROFS';
  return failure(denied ? 'system.permission' : 'system.call', { call, errno });
}

export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
