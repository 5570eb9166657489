import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { z } from 'zod';
import { type Failure, failure } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import { errnoOf, fileFailure } from '../../errno.ts';
import { type Step, stepSchema } from './step.ts';

/** Who wrote a journal: enough to tell whether that process still lives. */
const ownerSchema = z.strictObject({
  pid: z.number().int().min(1),
  /** Field 22 of /proc/PID/stat: a process ID alone may have been given away again. */
  startTime: z.string().max(32),
  bootId: z.string().max(64),
  /** Inode of the network namespace. */
  namespace: z.string().regex(/^\d{1,20}$/),
});

const journalSchema = z.strictObject({
  version: z.literal(1),
  device: z.string().regex(/^[A-Za-z0-9_.-]{1,15}$/),
  owner: ownerSchema,
  steps: z.array(stepSchema).max(limits.journalSteps),
});

export type JournalOwner = z.infer<typeof ownerSchema>;
export type JournalContent = z.infer<typeof journalSchema>;

export const journalDirectoryDefault = '/run/godwit';

/**
 * The list of changes to the machine, on disk before they are made: what a daemon that was killed left, the next one
 * finds here. One file for each device and network namespace.
 */
export class Journal {
  readonly path: string;
  readonly #directory: string;
  readonly #device: string;
  readonly #owner: JournalOwner;
  #steps: readonly Step[] = [];

  private constructor(directory: string, device: string, owner: JournalOwner, path: string) {
    this.#directory = directory;
    this.#device = device;
    this.#owner = owner;
    this.path = path;
  }

  /**
   * Makes the directory if need be. Nothing is written before the first `record`. Steps that an earlier undoing had to
   * leave are kept: they are still to be taken back.
   */
  static create(directory: string, device: string): Result<Journal, Failure> {
    const usable = prepareDirectory(directory);
    if (!usable.ok) return usable;
    const owner = thisProcess();
    const path = `${directory}/${device}@${owner.namespace}.json`;
    const journal = new Journal(directory, device, owner, path);
    if (!existsSync(path)) return ok(journal);
    const left = readJournal(path);
    if (!left.ok) return left;
    journal.#steps = left.value.steps;
    return ok(journal);
  }

  /** Takes over a journal that was read from disk. */
  static adopt(directory: string, path: string, content: JournalContent): Journal {
    const journal = new Journal(directory, content.device, content.owner, path);
    journal.#steps = content.steps;
    return journal;
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** Puts steps at the end. When this returns, they are on disk and may be done. */
  record(steps: readonly Step[]): Result<undefined, Failure> {
    return this.replace([...this.#steps, ...steps]);
  }

  /** Keeps only these steps; with none left the file goes. */
  replace(steps: readonly Step[]): Result<undefined, Failure> {
    const content = { version: 1, device: this.#device, owner: this.#owner, steps: [...steps] };
    // What could not be read back must not be relied on.
    const checked = journalSchema.safeParse(content);
    if (!checked.success) return err(bad(this.path, `it would hold ${issueText(checked.error)}`));
    try {
      if (steps.length === 0) rmSync(this.path, { force: true });
      else this.#write(checked.data);
      this.#steps = steps;
      return ok();
    } catch (error) {
      return err(fileFailure(`write ${this.path}`, error));
    }
  }

  #write(content: JournalContent): void {
    const temporary = `${this.path}.new`;
    rmSync(temporary, { force: true });
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      writeSync(fd, JSON.stringify(content));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, this.path);
    syncDirectory(this.#directory);
  }
}

/** Paths of the journals in a directory; none when there is no such directory. */
export function listJournals(directory: string): readonly string[] {
  try {
    const names = readdirSync(directory).filter((name) => /^[A-Za-z0-9_.-]{1,15}@\d{1,20}\.json$/.test(name));
    return names.map((name) => `${directory}/${name}`);
  } catch {
    return [];
  }
}

/**
 * Reads one journal. Fails with `system.journal` for one that is not ours (owner, mode, a symbolic link), too large,
 * or not a journal.
 */
export function readJournal(path: string): Result<JournalContent, Failure> {
  let text: string;
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile() || stat.uid !== process.geteuid?.() || (stat.mode & 0o022) !== 0)
        return err(bad(path, 'it is not a file that only this account can write'));
      if (stat.size > limits.journalOctets) return err(bad(path, `it has ${stat.size} octets`));
      text = readFileSync(fd, 'utf8');
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return err(bad(path, errnoOf(error)));
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err(bad(path, 'it is not JSON'));
  }
  const checked = journalSchema.safeParse(value);
  if (checked.success) return ok(checked.data);
  return err(bad(path, issueText(checked.error)));
}

/** Does the process that wrote a journal still run? */
export function ownerLives(owner: JournalOwner): boolean {
  return owner.bootId === bootId() && startTime(owner.pid) === owner.startTime;
}

export function thisProcess(): JournalOwner {
  return {
    pid: process.pid,
    startTime: startTime(process.pid) ?? '',
    bootId: bootId(),
    namespace: networkNamespace(),
  };
}

/** The inode number of this process's network namespace. */
export function networkNamespace(): string {
  return /\d+/.exec(readlinkSync('/proc/self/ns/net'))?.[0] ?? '0';
}

export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in parentheses and may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function issueText(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim();
}

function prepareDirectory(directory: string): Result<undefined, Failure> {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    const stat = lstatSync(directory);
    if (!stat.isDirectory() || stat.uid !== process.geteuid?.() || (stat.mode & 0o022) !== 0)
      return err(bad(directory, 'the directory is not one that only this account can write'));
    return ok();
  } catch (error) {
    return err(fileFailure(`mkdir ${directory}`, error));
  }
}

function syncDirectory(directory: string): void {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function bad(file: string, reason: string): Failure {
  return failure('system.journal', { file, reason });
}
