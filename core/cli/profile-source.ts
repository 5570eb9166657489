import { resolve } from 'node:path';
import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { utf8 } from '../base/utf8.ts';
import { readBoundedFile } from '../platform/bounded-file.ts';
import { parseProfile } from '../profile/parse-profile.ts';
import type { Profile } from '../profile/profile.ts';
import { makeSelfContained, type ProfileCas } from '../profile/self-contained.ts';
import type { ProfileSource } from '../rpc/schema.ts';
import { readCertificates, readCrls, readPublicKeys } from './ca-files.ts';
import { type ProofPasswordFiles, passwordFilesOf, proofContents, unusableFile } from './proof-files.ts';

/** What `godwit up` sends, and where passwords lie when the profile says so. */
export interface ChosenProfile extends ProofPasswordFiles {
  readonly source: ProfileSource;
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
      passwords: new Map(),
      keyPasswords: new Map(),
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
  const proofs = await proofContents(profile.value, text, file);
  if (!proofs.ok) return err([proofs.error]);
  return ok({
    source: { kind: 'text', text: makeSelfContained(text, cas.value, proofs.value), file },
    ...passwordFilesOf(profile.value),
    pskFile: profile.value.preSharedKeyFile,
    ppkFile: profile.value.ppk?.file,
  });
}

const readers = {
  gateway: readCertificates,
  ocspSigner: readCertificates,
  crl: readCrls,
  publicKey: readPublicKeys,
} as const;

async function certificatesOf(
  { trust, revocation, publicKeys }: Profile,
  text: string,
  file: string,
): Promise<Result<ProfileCas, Failure>> {
  const cas: { -readonly [field in keyof ProfileCas]: string } = {};
  const { crl, ocspSigner } = revocation;
  const wanted = [
    ['publicKey', publicKeys?.kind === 'file' ? publicKeys.path : undefined, ['trust', 'publicKeyFile']],
    ['gateway', trust.kind === 'file' ? trust.caFile : undefined, ['trust', 'caFile']],
    ['crl', crl?.kind === 'file' ? crl.path : undefined, ['trust', 'revocation', 'crlFile']],
    [
      'ocspSigner',
      ocspSigner?.kind === 'file' ? ocspSigner.path : undefined,
      ['trust', 'revocation', 'ocspSignerFile'],
    ],
  ] as const;
  for (const [field, path, where] of wanted) {
    if (path === undefined) continue;
    const read = await readers[field](path);
    if (!read.ok) {
      return err(unusableFile({ text, file }, where, `${path}: ${read.error}`));
    }
    cas[field] = read.value;
  }
  return ok(cas);
}
