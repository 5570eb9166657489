import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { noSuchFile, readBoundedFile } from '../platform/bounded-file.ts';
import { parseProfile } from '../profile/parse-profile.ts';
import type { Profile } from '../profile/profile.ts';
import type { ProfileSource } from '../rpc/schema.ts';
import type { ProfileEntry } from '../rpc/values.ts';
import type { LoadedProfile } from './controller.ts';
import { isOwnId, OwnProfiles, readGiven } from './own-profiles.ts';

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

  /** Fails with `profile.missing`, `profile.unreadable`, or the first thing that is wrong with it. */
  async load(source: ProfileSource, uid: number): Promise<Result<LoadedProfile, Failure>> {
    if (source.kind === 'text') return loaded(readGiven(source.text, source.file));
    const { id } = source;
    if (isOwnId(id)) return loaded(await this.#own.load(id, uid), id);
    const parsed = await this.#read(id);
    return parsed.ok
      ? loaded(parsed, id)
      : err(parsed.error[0] ?? failure('profile.missing', { profile: id }));
  }

  /** The text of a profile, as its file has it. `own`: it belongs to this user. Fails with `profile.missing` or `profile.unreadable`. */
  async text(
    id: string,
    uid: number,
  ): Promise<Result<{ readonly text: string; readonly own: boolean }, Failure>> {
    if (isOwnId(id)) {
      const own = await this.#own.read(id, uid);
      return own.ok ? ok({ text: own.value, own: true }) : own;
    }
    const text = await this.#text(id);
    return text.ok ? ok({ text: text.value, own: false }) : text;
  }

  /** Of a user's own alone; see `OwnProfiles`. */
  async save(id: string | undefined, text: string, uid: number): Promise<Result<string, Failure>> {
    if (id !== undefined && !isOwnId(id)) return err(failure('profile.not-own', { profile: id }));
    return this.#own.save(id, text, uid);
  }

  /** Of a user's own alone; see `OwnProfiles`. */
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
    const text = await this.#text(id);
    return text.ok ? parseProfile(text.value, this.#file(id)) : err([text.error]);
  }

  async #text(id: string): Promise<Result<string, Failure>> {
    const file = this.#file(id);
    const read = idPattern.test(id) ? await readBoundedFile(file, limits.profileOctets) : err(noSuchFile);
    if (read.ok) return ok(read.value.octets.toString('utf8'));
    if (read.error === noSuchFile) return err(failure('profile.missing', { profile: id }));
    return err(failure('profile.unreadable', { file, reason: read.error }));
  }

  #file(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}

function loaded(profile: Result<Profile, Failure>, id?: string): Result<LoadedProfile, Failure> {
  if (!profile.ok) return profile;
  const { name, gateway } = profile.value;
  const reference = { ...(id === undefined ? {} : { id }), name, gateway: gateway.host };
  return ok({ profile: profile.value, reference });
}
