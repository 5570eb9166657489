import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Failure } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import { fileFailure } from '../../errno.ts';

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
