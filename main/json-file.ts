import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type * as z from 'zod';

const mostOctets = 65_536;

/** A small file of the user's own that is checked when it is read, and replaced whole when it is written. */
export class JsonFile<T> {
  readonly #path: string;
  readonly #schema: z.ZodType<T>;

  constructor(path: string, schema: z.ZodType<T>) {
    this.#path = path;
    this.#schema = schema;
  }

  /** `undefined` when there is none, or one that nobody of ours wrote. */
  read(): T | undefined {
    try {
      const text = readFileSync(this.#path, 'utf8');
      if (text.length > mostOctets) return undefined;
      const parsed = this.#schema.safeParse(JSON.parse(text));
      return parsed.success ? parsed.data : undefined;
    } catch {
      return undefined;
    }
  }

  /** False when it could not be written: what it holds is a convenience, and nothing fails for it. */
  write(value: T): boolean {
    const fresh = `${this.#path}.new`;
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      writeFileSync(fresh, JSON.stringify(value), { mode: 0o600 });
      renameSync(fresh, this.#path);
      return true;
    } catch {
      return false;
    }
  }
}
