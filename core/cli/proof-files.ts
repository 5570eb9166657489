import { basename } from 'node:path';
import { type Failure, failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { utf8 } from '../base/utf8.ts';
import { readKeyFiles } from '../platform/key-files.ts';
import {
  clientCertificatesOf,
  loginServerOf,
  passwordFileOf,
} from '../profile/authentication/authentication.ts';
import type { ProfileClientCertificate } from '../profile/authentication/client-certificate.ts';
import { lineOfField } from '../profile/json-document.ts';
import type { Profile } from '../profile/profile.ts';
import { type PlacedProof, proofsOf } from '../profile/proofs.ts';
import type { InlineCertificate, ProofContents } from '../profile/self-contained.ts';
import { readCertificates } from './ca-files.ts';

/** The files with the passwords of a profile's proofs. */
export interface ProofPasswordFiles {
  /** By user name. */
  readonly passwords: ReadonlyMap<string, string>;
  /** By what a key file is called when its password is asked for. */
  readonly keyPasswords: ReadonlyMap<string, string>;
}

/** Of each proof and each certificate that names one. */
export function passwordFilesOf(profile: Profile): ProofPasswordFiles {
  const passwords = new Map<string, string>();
  const keyPasswords = new Map<string, string>();
  for (const { authentication } of proofsOf(profile)) {
    const file = passwordFileOf(authentication);
    if (file !== undefined && 'username' in authentication) passwords.set(authentication.username, file);
    for (const { certificate } of clientCertificatesOf(authentication))
      if (certificate.kind === 'file' && certificate.passwordFile !== undefined)
        keyPasswords.set(nameOf(certificate), certificate.passwordFile);
  }
  return { passwords, keyPasswords };
}

/** What goes with the profile in place of the files of its proofs; `text` and `file` are for a failure. */
export async function proofContents(
  profile: Profile,
  text: string,
  file: string,
): Promise<Result<readonly ProofContents[], Failure>> {
  const all: ProofContents[] = [];
  for (const proof of proofsOf(profile)) {
    const contents = await contentsOf(proof, text, file);
    if (!contents.ok) return contents;
    all.push(contents.value);
  }
  return ok(all);
}

async function contentsOf(
  { path, authentication }: PlacedProof,
  text: string,
  file: string,
): Promise<Result<ProofContents, Failure>> {
  const certificates: { path: readonly (string | number)[]; certificate: InlineCertificate }[] = [];
  for (const placed of clientCertificatesOf(authentication)) {
    const read = await inlineCertificate(placed.certificate);
    if (!read.ok) return read;
    if (read.value !== undefined) certificates.push({ path: placed.path, certificate: read.value });
  }
  const trust = loginServerOf(authentication)?.trust;
  if (trust?.kind !== 'file') return ok({ path, certificates });
  const read = await readCertificates(trust.caFile);
  if (read.ok) return ok({ path, certificates, loginServer: read.value });
  const where = [...path, 'server', 'caFile'];
  return err(unusableFile({ text, file }, where, `${trust.caFile}: ${read.error}`));
}

/** Of a profile whose field at `where` names a file that is of no use. */
export function unusableFile(
  { text, file }: { readonly text: string; readonly file: string },
  where: readonly (string | number)[],
  reason: string,
): Failure {
  return failure('profile.invalid', { file, line: lineOfField(text, where), field: where.join('.'), reason });
}

/** A certificate and key of the user, to go with the profile. The daemon decrypts it, and asks for its password. */
async function inlineCertificate(
  certificate: ProfileClientCertificate,
): Promise<Result<InlineCertificate | undefined, Failure>> {
  if (certificate.kind !== 'file') return ok(undefined);
  const read = await readKeyFiles(certificate.files, () => true);
  if (!read.ok) return read;
  const name = nameOf(certificate);
  const text = utf8.decodeStrict(read.value);
  return ok(
    text === undefined || !text.includes('-----BEGIN')
      ? { pkcs12: Buffer.from(read.value).toString('base64'), name }
      : { pem: text, name },
  );
}

function nameOf({ files }: Extract<ProfileClientCertificate, { readonly kind: 'file' }>): string {
  return basename(files.at(-1) ?? '');
}
