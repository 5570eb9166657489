import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { readBoundedFile } from '../platform/bounded-file.ts';
import { errnoOf } from '../platform/errno.ts';
import { replaceFile } from '../platform/replace-file.ts';
import { parseProfile } from '../profile/parse-profile.ts';
import type { Profile } from '../profile/profile.ts';
import { parseSelfContained } from '../profile/self-contained.ts';
import type { ProfileEntry } from '../rpc/values.ts';

const prefix = 'own:';
const namePattern = /^[a-z0-9][a-z0-9-]{0,47}$/;

/** True for the id of a profile that belongs to a user; those of the system have no colon. */
export function isOwnId(id: string): boolean {
  return id.startsWith(prefix);
}

/**
 * The profiles that users gave the daemon to keep: `UID/NAME.json` in a folder that only the daemon enters. A user reaches
 * those of the own uid and no others (docs/decisions/0047). Nothing in an id can lead out of the folder.
 */
export class OwnProfiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Those of this user, in the order of their names; broken ones with what is wrong with them. */
  async list(uid: number): Promise<readonly ProfileEntry[]> {
    const entries = (await this.#names(uid)).slice(0, limits.profilesOfUser).map(async (name) => {
      const id = `${prefix}${name}`;
      const file = `${name}.json`;
      const read = await this.read(id, uid);
      const parsed = read.ok ? parseProfile(read.value, file) : err([read.error]);
      if (!parsed.ok) return { id, file, own: true, failures: [...parsed.error] };
      return {
        id,
        file,
        own: true,
        name: parsed.value.name,
        gateway: parsed.value.gateway.host,
        failures: [],
      };
    });
    return Promise.all(entries);
  }

  /** The text of the profile. Fails with `profile.missing` for what this user does not have. */
  async read(id: string, uid: number): Promise<Result<string, Failure>> {
    const file = this.#file(id, uid);
    if (file === undefined) return err(failure('profile.missing', { profile: id }));
    const read = await readBoundedFile(file, limits.profileOctets);
    if (!read.ok) return err(failure('profile.missing', { profile: id }));
    return ok(read.value.octets.toString('utf8'));
  }

  /** Fails as `read`, and with what is wrong with the profile. */
  async load(id: string, uid: number): Promise<Result<Profile, Failure>> {
    const text = await this.read(id, uid);
    return text.ok ? readGiven(text.value, `${id.slice(prefix.length)}.json`) : text;
  }

  /** Keeps `text` under `id`, or under a new one. Fails when it is no profile, names files, or cannot be written. */
  async save(id: string | undefined, text: string, uid: number): Promise<Result<string, Failure>> {
    const profile = readGiven(text, 'profile.json');
    if (!profile.ok) return profile;
    const names = await this.#names(uid);
    if (id !== undefined && !names.includes(id.slice(prefix.length)))
      return err(failure('profile.missing', { profile: id }));
    if (id === undefined && names.length >= limits.profilesOfUser)
      return err(failure('profile.too-many', { most: limits.profilesOfUser }));
    const kept = id ?? `${prefix}${freeName(profile.value.name, names)}`;
    const file = this.#file(kept, uid);
    if (file === undefined) return err(failure('profile.missing', { profile: kept }));
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await chmod(this.#folder, 0o700);
      await replaceFile(file, text);
      return ok(kept);
    } catch (cause) {
      return err(failure('profile.not-kept', { reason: errnoOf(cause) }));
    }
  }

  /** Fails with `profile.missing`, or `profile.not-kept` when the file cannot be removed. */
  async remove(id: string, uid: number): Promise<Result<undefined, Failure>> {
    const file = this.#file(id, uid);
    if (file === undefined) return err(failure('profile.missing', { profile: id }));
    try {
      await rm(file);
      return ok();
    } catch (cause) {
      const errno = errnoOf(cause);
      return err(
        errno === 'ENOENT'
          ? failure('profile.missing', { profile: id })
          : failure('profile.not-kept', { reason: errno }),
      );
    }
  }

  async #names(uid: number): Promise<readonly string[]> {
    const files = await readdir(join(this.#folder, String(uid))).catch(() => []);
    return files
      .flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : []))
      .filter((name) => namePattern.test(name))
      .sort();
  }

  #file(id: string, uid: number): string | undefined {
    const name = id.slice(prefix.length);
    if (!isOwnId(id) || !namePattern.test(name)) return undefined;
    return join(this.#folder, String(uid), `${name}.json`);
  }
}

/** A profile that a user gave; the first of the things that are wrong with it. */
export function readGiven(text: string, file: string): Result<Profile, Failure> {
  const parsed = parseSelfContained(text, file);
  if (parsed.ok) return parsed;
  return err(parsed.error[0] ?? failure('misuse', { reason: 'a profile failed without a reason' }));
}

/** From what the user calls the profile: `Büro (neu)` becomes `buro-neu`, and `buro-neu-2` when that is taken. */
function freeName(title: string, taken: readonly string[]): string {
  const plain = title.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const base =
    plain
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 40) || 'profile';
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!taken.includes(name)) return name;
  }
}
