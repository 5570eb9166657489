import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { formatIpAddress } from '../../../base/address.ts';
import { type Failure, failure } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import { errnoOf } from '../../errno.ts';
import { type JournalOwner, ownerLives, thisProcess } from '../plan/journal.ts';
import type { DnsRecord } from '../plan/step.ts';
import type { DnsLink, DnsSettings, DnsStrategy } from './dns-strategy.ts';

const header = '# Made by Godwit while its tunnel is up; the file from before then comes back.\n';
/** Who made it, for one who finds no journal: another daemon may keep its journals elsewhere. */
const ownerLine = /^# Process (\d+) (\d*) (\S*) (\d+)$/m;
/** MAXNS of glibc's resolv.h: it does not read further ones. */
const serversRead = 3;
const searchCharacters = 2_048;

type FileRecord = Extract<DnsRecord, { strategy: 'resolv-conf' }>;
type Before = FileRecord['before'];

/**
 * /etc/resolv.conf itself. It is replaced by rename, and the old one, whatever kind it is, stays beside it under
 * another name and is renamed back: the same inode with all that hangs on it. Where the file cannot be replaced (it
 * is a mount, the directory is read-only) it is written in place and restored from the journal.
 */
export class ResolvConfStrategy implements DnsStrategy {
  readonly name = 'resolv-conf';
  readonly #path: string;
  readonly #owner: JournalOwner;

  /** `owner` is this process, unless a test says otherwise. */
  constructor(options: { readonly resolvConf?: string; readonly owner?: JournalOwner } = {}) {
    this.#path = options.resolvConf ?? '/etc/resolv.conf';
    this.#owner = options.owner ?? thisProcess();
  }

  async detect(): Promise<boolean> {
    return true;
  }

  async prepare(_link: DnsLink, settings: DnsSettings): Promise<Result<DnsRecord, Failure>> {
    const before = this.#look();
    return before.ok
      ? ok({ strategy: this.name, written: resolvConfText(settings, this.#owner), before: before.value })
      : before;
  }

  async apply(record: DnsRecord, settings: DnsSettings): Promise<Result<readonly Failure[], Failure>> {
    if (record.strategy !== this.name) return ok([]);
    try {
      if (!this.#replace(record)) writeInPlace(this.#path, record.written);
    } catch (error) {
      return err(this.#failure(errnoOf(error)));
    }
    return ok(settings.routeDomains.length > 0 ? [failure('system.dns-not-split')] : []);
  }

  async undo(record: DnsRecord): Promise<Result<undefined, Failure>> {
    if (record.strategy !== this.name) return ok();
    try {
      rmSync(this.#temporary, { force: true });
      if (readText(this.#path) === record.written) {
        this.#restore(record.before);
        return ok();
      }
      const now = this.#look();
      const untouched = now.ok && same(now.value, record.before);
      rmSync(this.#backup, { force: true });
      return untouched ? ok() : err(failure('system.dns-changed', { file: this.#path }));
    } catch (error) {
      return err(this.#failure(errnoOf(error)));
    }
  }

  async close(): Promise<void> {}

  /**
   * Brings the old file back when ours is still there but no journal is, e.g. after a power cut, since /run is
   * memory. What a living daemon made is its own. Says whether it did.
   */
  restoreOrphan(): boolean {
    const text = readText(this.#path);
    if (lstat(this.#backup) === undefined || text?.startsWith(header) !== true || madeByLiving(text))
      return false;
    try {
      renameSync(this.#backup, this.#path);
      return true;
    } catch {
      return false;
    }
  }

  get #backup(): string {
    return `${this.#path}.before-godwit`;
  }

  get #temporary(): string {
    return `${this.#path}.godwit-new`;
  }

  #look(): Result<Before, Failure> {
    try {
      const stat = lstat(this.#path);
      if (stat === undefined) return ok({ kind: 'absent' });
      const octets = lstatTarget(this.#path)?.isFile() === true ? readFileSync(this.#path) : undefined;
      if ((octets?.length ?? 0) > limits.resolvConfOctets) return err(this.#failure('it is too large'));
      const base64 = octets?.toString('base64');
      if (stat.isSymbolicLink()) {
        const target = readlinkSync(this.#path);
        return ok({ kind: 'symlink', target, ...(base64 === undefined ? {} : { base64 }) });
      }
      if (base64 === undefined) return err(this.#failure('it is not a file'));
      return ok({ kind: 'file', base64 });
    } catch (error) {
      return err(this.#failure(errnoOf(error)));
    }
  }

  /** False where the file system does not let a new file take the old one's place. */
  #replace(record: FileRecord): boolean {
    const old = lstatTarget(this.#path);
    try {
      rmSync(this.#backup, { force: true });
      writeNew(this.#temporary, record.written, old);
      if (record.before.kind !== 'absent') linkSync(this.#path, this.#backup);
      renameSync(this.#temporary, this.#path);
      return true;
    } catch {
      rmSync(this.#temporary, { force: true });
      removeQuietly(this.#backup);
      return false;
    }
  }

  #restore(before: Before): void {
    if (lstat(this.#backup) !== undefined) {
      renameSync(this.#backup, this.#path);
      return;
    }
    const isLink = lstat(this.#path)?.isSymbolicLink() === true;
    switch (before.kind) {
      case 'absent':
        rmSync(this.#path, { force: true });
        return;
      case 'file':
        writeInPlace(this.#path, Buffer.from(before.base64, 'base64'));
        return;
      case 'symlink':
        if (isLink) writeInPlace(this.#path, Buffer.from(before.base64 ?? '', 'base64'));
        else {
          symlinkSync(before.target, this.#temporary);
          renameSync(this.#temporary, this.#path);
        }
        return;
    }
  }

  #failure(reason: string): Failure {
    return failure('system.dns', { strategy: this.#path, reason });
  }
}

/** resolv.conf(5) for these settings. */
export function resolvConfText(settings: DnsSettings, owner?: JournalOwner): string {
  const lines = settings.servers
    .slice(0, serversRead)
    .map((server) => `nameserver ${formatIpAddress(server)}\n`);
  let search = '';
  for (const domain of settings.searchDomains)
    if (search.length + domain.length < searchCharacters) search += ` ${domain}`;
  const process =
    owner === undefined
      ? ''
      : `# Process ${owner.pid} ${owner.startTime} ${owner.bootId} ${owner.namespace}\n`;
  return `${header}${process}${lines.join('')}${search === '' ? '' : `search${search}\n`}`;
}

function madeByLiving(text: string): boolean {
  const [, pid, startTime, bootId, namespace] = ownerLine.exec(text) ?? [];
  if (pid === undefined || startTime === undefined || bootId === undefined || namespace === undefined)
    return false;
  return ownerLives({ pid: Number(pid), startTime, bootId, namespace });
}

function same(a: Before, b: Before): boolean {
  if (a.kind === 'symlink' && b.kind === 'symlink') return a.target === b.target;
  if (a.kind === 'file' && b.kind === 'file') return a.base64 === b.base64;
  return a.kind === b.kind;
}

/** Mode and owner are the old file's, so that everybody who could read it still can. */
function writeNew(path: string, text: string, like: Stats | undefined): void {
  rmSync(path, { force: true });
  const fd = openSync(path, 'wx', 0o644);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  chmodSync(path, like === undefined ? 0o644 : like.mode & 0o777);
  if (like !== undefined) chownSync(path, like.uid, like.gid);
}

function writeInPlace(path: string, content: string | Uint8Array): void {
  writeFileSync(path, content, { flush: true });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function lstat(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** What a symbolic link leads to; `undefined` when it leads nowhere. */
function lstatTarget(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Where nothing can be removed nothing was made.
  }
}
