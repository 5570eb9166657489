import { applyEdits, modify } from 'jsonc-parser';
import { type Failure, failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Profile } from './profile.ts';

/**
 * The text of a valid profile with the CA certificates inside it and without `passwordFile`: what a client sends to
 * the daemon, so that the daemon never opens a path that a user named. `ca` is the PEM text.
 */
export function makeSelfContained(text: string, ca: string): string {
  const edit = (source: string, path: string[], value: string | undefined) =>
    applyEdits(source, modify(source, path, value, {}));
  const plain = text.startsWith('\ufeff') ? text.slice(1) : text;
  const withoutFile = edit(plain, ['trust', 'caFile'], undefined);
  const withCa = edit(withoutFile, ['trust', 'ca'], ca);
  return edit(withCa, ['authentication', 'passwordFile'], undefined);
}

/** For the daemon: refuses a profile from a client that names files. */
export function requireSelfContained(
  profile: Profile,
  file: string,
): Result<Profile, Failure<'profile.invalid'>> {
  const refuse = (field: string) =>
    err(
      failure('profile.invalid', { file, line: 1, field, reason: 'names a file, which a client must not' }),
    );
  if (profile.trust.kind === 'file') return refuse('trust.caFile');
  if (profile.authentication.passwordFile !== undefined) return refuse('authentication.passwordFile');
  return ok(profile);
}
