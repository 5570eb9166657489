import { basename, resolve } from 'node:path';
import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { utf8 } from '../base/utf8.ts';
import { readBoundedFile } from '../platform/bounded-file.ts';
import { crlText } from '../platform/crl-file.ts';
import { readKeyFiles } from '../platform/key-files.ts';
import { clientCertificateOf, passwordFileOf } from '../profile/authentication/authentication.ts';
import { lineOfField } from '../profile/json-document.ts';
import { parseProfile } from '../profile/parse-profile.ts';
import type { Profile } from '../profile/profile.ts';
import { type InlineCertificate, makeSelfContained, type ProfileCas } from '../profile/self-contained.ts';
import type { ProfileSource } from '../rpc/schema.ts';

/** What `godwit up` sends, and where the password lies when the profile says so. */
export interface ChosenProfile {
  readonly source: ProfileSource;
  readonly passwordFile: string | undefined;
  /** Of the user's own certificate. */
  readonly keyPasswordFile: string | undefined;
  /** Of the keys that user and gateway share. */
  readonly pskFile: string | undefined;
  readonly ppkFile: string | undefined;
}

/**
 * A name stands for a profile that the daemon has; something with a slash or with `.json` at its end is a file, which
 * is read, checked and made self-contained here, with the rights of the user.
 */
export async function chooseProfile(nameOrFile: string): Promise<Result<ChosenProfile, readonly Failure[]>> {
  if (!nameOrFile.includes('/') && !nameOrFile.endsWith('.json')) {
    return ok({
      source: { kind: 'stored', id: nameOrFile },
      passwordFile: undefined,
      keyPasswordFile: undefined,
      pskFile: undefined,
      ppkFile: undefined,
    });
  }
  const file = resolve(nameOrFile);
  const contents = await readBoundedFile(file, limits.profileOctets);
  if (!contents.ok) return err([failure('profile.unreadable', { file, reason: contents.error })]);
  const text = utf8.decodeStrict(contents.value.octets);
  if (text === undefined) return err([failure('profile.unreadable', { file, reason: 'it is not UTF-8' })]);
  const profile = parseProfile(text, file);
  if (!profile.ok) return profile;
  const cas = await certificatesOf(profile.value, text, file);
  if (!cas.ok) return err([cas.error]);
  const own = await ownCertificate(profile.value);
  if (!own.ok) return err([own.error]);
  return ok({
    source: { kind: 'text', text: makeSelfContained(text, cas.value, own.value), file },
    passwordFile: passwordFileOf(profile.value.authentication),
    keyPasswordFile: keyPasswordFileOf(profile.value),
    pskFile: profile.value.preSharedKeyFile,
    ppkFile: profile.value.ppk?.file,
  });
}

async function certificatesOf(
  { trust, revocation, authentication }: Profile,
  text: string,
  file: string,
): Promise<Result<ProfileCas, Failure>> {
  const cas: { -readonly [field in keyof ProfileCas]: string } = {};
  const { crl, ocspSigner } = revocation;
  const loginServer = 'server' in authentication ? authentication.server.trust : undefined;
  const wanted = [
    ['gateway', trust.kind === 'file' ? trust.caFile : undefined, ['trust', 'caFile']],
    ['crl', crl?.kind === 'file' ? crl.path : undefined, ['trust', 'revocation', 'crlFile']],
    [
      'ocspSigner',
      ocspSigner?.kind === 'file' ? ocspSigner.path : undefined,
      ['trust', 'revocation', 'ocspSignerFile'],
    ],
    [
      'loginServer',
      loginServer?.kind === 'file' ? loginServer.caFile : undefined,
      ['authentication', 'server', 'caFile'],
    ],
  ] as const;
  for (const [field, path, where] of wanted) {
    if (path === undefined) continue;
    const read = await (field === 'crl' ? readCrls(path) : readCertificates(path));
    if (!read.ok) {
      const reason = `${path}: ${read.error}`;
      const line = lineOfField(text, where);
      return err(failure('profile.invalid', { file, line, field: where.join('.'), reason }));
    }
    cas[field] = read.value;
  }
  return ok(cas);
}

function keyPasswordFileOf({ authentication }: Profile): string | undefined {
  const certificate = clientCertificateOf(authentication);
  return certificate?.kind === 'file' ? certificate.passwordFile : undefined;
}

/** The user's own certificate and key, to go with the profile. The daemon decrypts it, and asks for its password. */
async function ownCertificate({
  authentication,
}: Profile): Promise<Result<InlineCertificate | undefined, Failure>> {
  const certificate = clientCertificateOf(authentication);
  if (certificate?.kind !== 'file') return ok(undefined);
  const read = await readKeyFiles(certificate.files, () => true);
  if (!read.ok) return read;
  const name = basename(certificate.files.at(-1) ?? '');
  const text = utf8.decodeStrict(read.value);
  return ok(
    text === undefined || !text.includes('-----BEGIN')
      ? { pkcs12: Buffer.from(read.value).toString('base64'), name }
      : { pem: text, name },
  );
}

/** Only the certificates: a private key in the same file stays here. */
async function readCertificates(path: string): Promise<Result<string, string>> {
  const contents = await readBoundedFile(path, limits.profileCaCharacters);
  if (!contents.ok) return contents;
  const pem = utf8.decode(contents.value.octets);
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g);
  return certificates === null
    ? err('it holds no certificate in PEM text')
    : ok(`${certificates.join('\n')}\n`);
}

async function readCrls(path: string): Promise<Result<string, string>> {
  const contents = await readBoundedFile(path, limits.profileCrlCharacters);
  if (!contents.ok) return contents;
  const pem = crlText(contents.value.octets);
  if (pem.length > limits.profileCrlCharacters) return err('it is too large for a profile of your own');
  return ok(pem);
}
