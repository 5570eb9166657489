import { resolve } from 'node:path';
import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { utf8 } from '../base/utf8.ts';
import { readBoundedFile } from '../platform/bounded-file.ts';
import { lineOfField } from '../profile/json-document.ts';
import { parseProfile } from '../profile/parse-profile.ts';
import type { Profile } from '../profile/profile.ts';
import { makeSelfContained } from '../profile/self-contained.ts';
import type { ProfileSource } from '../rpc/schema.ts';

/** What `godwit up` sends, and where the password lies when the profile says so. */
export interface ChosenProfile {
  readonly source: ProfileSource;
  readonly passwordFile: string | undefined;
}

/**
 * A name stands for a profile that the daemon has; something with a slash or with `.json` at its end is a file, which
 * is read, checked and made self-contained here, with the rights of the user.
 */
export async function chooseProfile(nameOrFile: string): Promise<Result<ChosenProfile, readonly Failure[]>> {
  if (!nameOrFile.includes('/') && !nameOrFile.endsWith('.json')) {
    return ok({ source: { kind: 'stored', id: nameOrFile }, passwordFile: undefined });
  }
  const file = resolve(nameOrFile);
  const contents = await readBoundedFile(file, limits.profileOctets);
  if (!contents.ok) return err([failure('profile.unreadable', { file, reason: contents.error })]);
  const text = utf8.decodeStrict(contents.value.octets);
  if (text === undefined) return err([failure('profile.unreadable', { file, reason: 'it is not UTF-8' })]);
  const profile = parseProfile(text, file);
  if (!profile.ok) return profile;
  const ca = await certificatesOf(profile.value, text, file);
  if (!ca.ok) return err([ca.error]);
  return ok({
    source: { kind: 'text', text: makeSelfContained(text, ca.value), file },
    passwordFile: profile.value.authentication.passwordFile,
  });
}

/** Only the certificates: a private key in the same file stays here. */
async function certificatesOf(
  { trust }: Profile,
  text: string,
  file: string,
): Promise<Result<string, Failure>> {
  if (trust.kind === 'inline') return ok(trust.ca);
  const invalid = (reason: string) =>
    err(
      failure('profile.invalid', {
        file,
        line: lineOfField(text, ['trust', 'caFile']),
        field: 'trust.caFile',
        reason: `${trust.caFile}: ${reason}`,
      }),
    );
  const contents = await readBoundedFile(trust.caFile, limits.profileCaCharacters);
  if (!contents.ok) return invalid(contents.error);
  const pem = utf8.decode(contents.value.octets);
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g);
  return certificates === null
    ? invalid('it holds no certificate in PEM text')
    : ok(`${certificates.join('\n')}\n`);
}
