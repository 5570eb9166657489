import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { readBoundedFile } from '../platform/bounded-file.ts';
import { parseProfile } from '../profile/parse-profile.ts';
import type { Profile } from '../profile/profile.ts';
import { requireSelfContained } from '../profile/self-contained.ts';
import type { ProfileSource } from '../rpc/schema.ts';
import type { ProfileEntry } from '../rpc/values.ts';
import type { LoadedProfile } from './controller.ts';
import { isOwnId, OwnProfiles } from './own-profiles.ts';

/** An id is a file name without its `.json`: nothing in it can lead out of the folder. */
const idPattern = /^[\w@+-][\w.@+-]{0,63}$/;

/** The profiles of the system: `ID.json` files in one folder that root owns. */
export class ProfileStore {
  readonly #folder: string;
  readonly #own: OwnProfiles;

  /** `ownFolder`: where the profiles that users gave are kept. */
  constructor(folder: string, ownFolder: string) {
    this.#folder = folder;
    this.#own = new OwnProfiles(ownFolder);
  }

  /** Those of the system in the order of their ids, then the user's own; a missing folder holds none. */
  async list(uid: number): Promise<readonly ProfileEntry[]> {
    return [...(await this.#ofSystem()), ...(await this.#own.list(uid))];
  }

  async #ofSystem(): Promise<readonly ProfileEntry[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const ids = names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
    const usable = ids.filter((id) => idPattern.test(id)).sort();
    return Promise.all(usable.slice(0, limits.profilesListed).map((id) => this.#entry(id)));
  }

  async load(source: ProfileSource, uid: number): Promise<Result<LoadedProfile, Failure>> {
    if (source.kind === 'text') return loadText(source.text, source.file);
    if (isOwnId(source.id)) {
      const own = await this.#own.load(source.id, uid);
      if (!own.ok) return own;
      const { name, gateway } = own.value;
      return ok({ profile: own.value, reference: { id: source.id, name, gateway: gateway.host } });
    }
    if (!idPattern.test(source.id)) return err(failure('profile.missing', { profile: source.id }));
    const parsed = await this.#read(source.id);
    if (!parsed.ok) return err(parsed.error[0] ?? failure('profile.missing', { profile: source.id }));
    const { name, gateway } = parsed.value;
    return ok({ profile: parsed.value, reference: { id: source.id, name, gateway: gateway.host } });
  }

  async text(
    id: string,
    uid: number,
  ): Promise<Result<{ readonly text: string; readonly own: boolean }, Failure>> {
    if (isOwnId(id)) {
      const own = await this.#own.read(id, uid);
      return own.ok ? ok({ text: own.value, own: true }) : own;
    }
    if (!idPattern.test(id)) return err(failure('profile.missing', { profile: id }));
    const read = await readBoundedFile(this.#file(id), limits.profileOctets);
    if (!read.ok) return err(failure('profile.unreadable', { file: this.#file(id), reason: read.error }));
    return ok({ text: read.value.octets.toString('utf8'), own: false });
  }

  async save(id: string | undefined, text: string, uid: number): Promise<Result<string, Failure>> {
    if (id !== undefined && !isOwnId(id)) return err(failure('profile.not-own', { profile: id }));
    return this.#own.save(id, text, uid);
  }

  async remove(id: string, uid: number): Promise<Result<undefined, Failure>> {
    if (!isOwnId(id)) return err(failure('profile.not-own', { profile: id }));
    return this.#own.remove(id, uid);
  }

  async #entry(id: string): Promise<ProfileEntry> {
    const file = this.#file(id);
    const parsed = await this.#read(id);
    if (!parsed.ok) return { id, file, failures: [...parsed.error] };
    return { id, file, name: parsed.value.name, gateway: parsed.value.gateway.host, failures: [] };
  }

  async #read(id: string): Promise<Result<Profile, readonly Failure[]>> {
    const file = this.#file(id);
    try {
      if ((await stat(file)).size > limits.profileOctets)
        return err([failure('profile.unreadable', { file, reason: 'it is too large for a profile' })]);
      return parseProfile(await readFile(file, 'utf8'), file);
    } catch (cause) {
      const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
      if (errno === 'ENOENT') return err([failure('profile.missing', { profile: id })]);
      return err([failure('profile.unreadable', { file, reason: errno })]);
    }
  }

  #file(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}

function loadText(text: string, file: string): Result<LoadedProfile, Failure> {
  const parsed = parseProfile(text, file);
  if (!parsed.ok)
    return err(parsed.error[0] ?? failure('misuse', { reason: 'a profile failed without a reason' }));
  const contained = requireSelfContained(parsed.value, file);
  if (!contained.ok) return contained;
  const { name, gateway } = contained.value;
  return ok({ profile: contained.value, reference: { name, gateway: gateway.host } });
}
