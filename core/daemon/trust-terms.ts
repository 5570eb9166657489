import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { nodeCryptoProvider } from '../crypto/node/node-crypto-provider.ts';
import type { RevocationTerms } from '../pki/check-revocation.ts';
import { parseCrl } from '../pki/crl.ts';
import { parsePemCertificates, parsePemCrls, parsePemPublicKeys, splitPemCertificates } from '../pki/pem.ts';
import { readCertificates, readTrust, type Trust } from '../pki/trust.ts';
import { readBoundedFile, readBoundedText } from '../platform/bounded-file.ts';
import { crlText } from '../platform/crl-file.ts';
import { readSystemTrust } from '../platform/linux/system-trust.ts';
import type { Profile, ProfileTrust } from '../profile/profile.ts';

/** Whom a profile trusts, read from its files. */
export interface TrustTerms {
  readonly trust: Trust;
  readonly revocation: RevocationTerms;
  /** Public keys (SubjectPublicKeyInfo, DER) that the gateway may have without a certificate. */
  readonly publicKeys: readonly Uint8Array[];
}

export async function readTrustTerms(profile: Profile): Promise<Result<TrustTerms, Failure>> {
  const anchors = await anchorsOf(profile.name, 'trust', profile.trust);
  if (!anchors.ok) return anchors;
  const { mode, fetch, ocspUrl } = profile.revocation;
  const crls = await crlsOf(profile);
  if (!crls.ok) return crls;
  const ocspSigners = await signersOf(profile);
  if (!ocspSigners.ok) return ocspSigners;
  const publicKeys = await publicKeysOf(profile);
  if (!publicKeys.ok) return publicKeys;
  return ok({
    publicKeys: publicKeys.value,
    trust: readTrust(anchors.value, profile.pins),
    revocation: {
      mode,
      fetch,
      ocspUrl,
      crls: crls.value.flatMap((der) => {
        const crl = parseCrl(der);
        return crl.ok ? [crl.value] : [];
      }),
      ocspSigners: readCertificates(ocspSigners.value),
    },
  });
}

/** The CA certificates (DER) of one setting; `field` names it in failures. */
export async function anchorsOf(
  name: string,
  field: string,
  trust: ProfileTrust,
): Promise<Result<readonly Uint8Array[], Failure>> {
  switch (trust.kind) {
    case 'none':
    case 'pins':
      return ok([]);
    case 'inline':
      return certificatesOf(name, `${field}.ca`, trust.ca);
    case 'file': {
      const pem = await readBoundedText(trust.caFile);
      return pem.ok ? certificatesOf(name, `${field}.caFile`, pem.value) : pem;
    }
    case 'system': {
      const pem = await readSystemTrust();
      if (!pem.ok) return pem;
      const found = splitPemCertificates(pem.value);
      return found.ok ? found : invalid(name, `${field}.system`, found.error.reason);
    }
  }
}

async function publicKeysOf({ name, publicKeys }: Profile): Promise<Result<readonly Uint8Array[], Failure>> {
  if (publicKeys === undefined) return ok([]);
  const pem = publicKeys.kind === 'text' ? ok(publicKeys.text) : await readBoundedText(publicKeys.path);
  if (!pem.ok) return pem;
  const parsed = parsePemPublicKeys(pem.value);
  if (!parsed.ok) return invalid(name, 'trust.publicKey', parsed.error.reason);
  const { signatures } = nodeCryptoProvider();
  return parsed.value.some((spki) => signatures.kindOf(spki) === 'other')
    ? invalid(name, 'trust.publicKey', 'holds a public key of a kind that is unknown here')
    : parsed;
}

async function signersOf({ name, revocation }: Profile): Promise<Result<readonly Uint8Array[], Failure>> {
  const { ocspSigner } = revocation;
  if (ocspSigner === undefined) return ok([]);
  const pem = ocspSigner.kind === 'text' ? ok(ocspSigner.text) : await readBoundedText(ocspSigner.path);
  return pem.ok ? certificatesOf(name, 'trust.revocation.ocspSigner', pem.value) : pem;
}

async function crlsOf({
  name,
  revocation: { crl },
}: Profile): Promise<Result<readonly Uint8Array[], Failure>> {
  if (crl === undefined) return ok([]);
  let text = crl.kind === 'text' ? crl.text : '';
  if (crl.kind === 'file') {
    const read = await readBoundedFile(crl.path, limits.crlOctets);
    if (!read.ok) return err(failure('profile.unreadable', { file: crl.path, reason: read.error }));
    text = crlText(read.value.octets);
  }
  const parsed = parsePemCrls(text);
  return parsed.ok ? parsed : invalid(name, 'trust.revocation.crl', parsed.error.reason);
}

function certificatesOf(name: string, field: string, pem: string): Result<readonly Uint8Array[], Failure> {
  const parsed = parsePemCertificates(pem);
  return parsed.ok ? parsed : invalid(name, field, parsed.error.reason);
}

function invalid(file: string, field: string, reason: string): Result<never, Failure> {
  return err(failure('profile.invalid', { file, line: 1, field, reason }));
}
