import { type Failure, failure } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { readPasswordFile } from '../password-file.ts';
import type { SecretKey, SecretStore } from './secret-store.ts';

/**
 * One password, in the first line of a file with mode 0600 that `isOwn` says belongs to the right user: what the system's
 * profiles have, and whoever names a `passwordFile`. It is read only: who made the file changes it. `key` names what it holds.
 */
export function fileSecretStore(
  file: string,
  key: SecretKey,
  isOwn: (owner: number) => boolean,
): SecretStore {
  const readOnly = (): Result<never, Failure> =>
    err(failure('secret.store-failed', { store: file, reason: 'it is changed by hand only' }));
  const holds = (asked: SecretKey) => asked.kind === key.kind && asked.of === key.of;
  return {
    name: file,
    get: async (asked) => (holds(asked) ? await readPasswordFile(file, isOwn) : ok(undefined)),
    set: async () => readOnly(),
    forget: async () => readOnly(),
    list: async () => ok([key]),
  };
}
