import type { Failure } from '../../base/errors.ts';
import type { Result } from '../../base/result.ts';
import type { Secret } from '../../base/secret.ts';

/** What a secret is for. One-time codes are never kept, PINs only when a user puts them there. */
export interface SecretKey {
  /** The name in the profile. */
  readonly profile: string;
  readonly kind: 'password' | 'key-password' | 'pin';
  /** The user, the key file, or the token. */
  readonly of: string;
}

/**
 * A place for secrets on the user's side, such as the desktop's keyring. A Secret that comes
 * out is the caller's, to wipe; of one that goes in a copy is taken.
 */
export interface SecretStore {
  /** For a sentence: `the keyring`. */
  readonly name: string;
  get(key: SecretKey): Promise<Result<Secret | undefined, Failure>>;
  set(key: SecretKey, secret: Secret): Promise<Result<undefined, Failure>>;
  /** False when there was none. */
  forget(key: SecretKey): Promise<Result<boolean, Failure>>;
  list(): Promise<Result<readonly SecretKey[], Failure>>;
}
