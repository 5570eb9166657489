import { type Failure, failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import { utf8 } from '../../base/utf8.ts';
import type { SecretKey, SecretStore } from './secret-store.ts';

const service = 'godwit';
const name = 'the keyring';

/**
 * The keyring of the desktop, over D-Bus (org.freedesktop.secrets): GNOME Keyring, KWallet, KeePassXC. It fails with
 * `secret.store-missing` where there is none, `secret.store-locked`, or `secret.store-failed`. An unlock prompt of the desktop
 * is waited for until `limits.keyringMs`. The kernel's keyring, which the library falls back to, is not used: it forgets.
 */
export const keyringSecretStore: SecretStore = {
  name,
  get: (key) =>
    attempt(async (library, signal) => {
      const text = await entry(library, key).getPassword(signal);
      return text === null ? undefined : Secret.fromText(text);
    }),
  set: (key, secret) =>
    attempt(async (library, signal) => {
      await entry(library, key).setPassword(utf8.decode(secret.expose()), signal);
      return undefined;
    }),
  forget: (key) => attempt((library, signal) => entry(library, key).deleteCredential(signal)),
  list: () =>
    attempt(async (library, signal) => {
      // The library hands out the secrets along with their names; only the names are kept.
      const found = await library.findCredentialsAsync(service, undefined, signal);
      return found.flatMap(({ account }) => parseAccount(account) ?? []);
    }),
};

type Library = typeof import('@napi-rs/keyring');

function entry(library: Library, key: SecretKey) {
  return new library.AsyncEntry(service, formatAccount(key), { linux: { store: 'secret-service' } });
}

async function attempt<T>(
  use: (library: Library, signal: AbortSignal) => Promise<T>,
): Promise<Result<T, Failure>> {
  try {
    // Only who keeps or looks for a secret pays for loading it.
    return ok(await use(await import('@napi-rs/keyring'), AbortSignal.timeout(limits.keyringMs)));
  } catch (error) {
    return err(failureOf(error instanceof Error ? error.message : String(error)));
  }
}

/** The library tells its errors apart by their text alone. */
function failureOf(message: string): Failure {
  const reason = message.replace(/^[^:]*: /, '').slice(0, limits.peerTextCharacters);
  if (/prompt was dismissed|IsLocked|locked/i.test(message)) return failure('secret.store-locked');
  if (/abort/i.test(message)) return failure('secret.store-locked', { reason: 'no answer' });
  if (
    /DBUS_SESSION_BUS_ADDRESS|not provided by any|no result found|Failed to connect|AccessDenied/i.test(
      message,
    )
  )
    return failure('secret.store-missing', { reason });
  return failure('secret.store-failed', { store: name, reason });
}

function formatAccount({ profile, kind, of }: SecretKey): string {
  return [profile, kind, of].map(encodeURIComponent).join('/');
}

/** `undefined` for what another program, or another version, put there. */
function parseAccount(account: string): SecretKey | undefined {
  try {
    const [profile = '', kind, of = '', ...rest] = account.split('/').map(decodeURIComponent);
    const known = kind === 'password' || kind === 'key-password' || kind === 'pin';
    return known && rest.length === 0 && profile !== '' ? { profile, kind, of } : undefined;
  } catch {
    return undefined;
  }
}
