import { type Failure, failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { CryptoProvider, HashName, PublicKeyKind, SignatureScheme } from '../crypto/interfaces.ts';
import { rsaBitsOfKey } from '../pki/certificate.ts';
import { authMethod } from '../wire/registry/authentication.ts';
import { signatureHash } from '../wire/registry/notify-types.ts';

/** How we sign AUTH: the number of the method, and what the key has to do. */
export interface SignatureChoice {
  readonly method: number;
  readonly scheme: SignatureScheme;
}

/**
 * Chooses how our key signs for this gateway. `peerHashes` is its SIGNATURE_HASH_ALGORITHMS; `undefined` means that it does not
 * know RFC 7427, which leaves one method for each kind of key: for RSA that is SHA-1, refused unless `allowSha1`.
 * Fails with `auth.signature-unsupported`.
 *
 * @rfc 7427 4
 * @rfc 7296 3.8
 * @rfc 4754 3
 * @rfc 8420 2
 */
export function chooseSignature(
  crypto: CryptoProvider,
  spki: Uint8Array,
  peerHashes: readonly number[] | undefined,
  wishes: { readonly rsaPss: boolean; readonly allowSha1: boolean },
): Result<SignatureChoice, Failure> {
  const kind = crypto.signatures.kindOf(spki);
  const choice =
    peerHashes === undefined
      ? classicChoice(kind, wishes.allowSha1)
      : digitalChoice(kind, rsaBitsOfKey(spki), peerHashes, wishes.rsaPss);
  if (choice !== undefined) return ok(choice);
  const reason =
    peerHashes === undefined ? 'it does not know RFC 7427' : 'it takes none of the hashes for it';
  return err(failure('auth.signature-unsupported', { side: 'local', key: kind, reason }));
}

function classicChoice(kind: PublicKeyKind, allowSha1: boolean): SignatureChoice | undefined {
  switch (kind) {
    case 'rsa':
      return allowSha1
        ? { method: authMethod.RSA_SIGNATURE, scheme: { kind: 'rsa-pkcs1', hash: 'sha1' } }
        : undefined;
    case 'ec-p256':
      return { method: authMethod.ECDSA_SHA256_P256, scheme: p1363('sha256') };
    case 'ec-p384':
      return { method: authMethod.ECDSA_SHA384_P384, scheme: p1363('sha384') };
    case 'ec-p521':
      return { method: authMethod.ECDSA_SHA512_P521, scheme: p1363('sha512') };
    default:
      return undefined;
  }
}

function digitalChoice(
  kind: PublicKeyKind,
  rsaBits: number,
  peerHashes: readonly number[],
  rsaPss: boolean,
): SignatureChoice | undefined {
  const scheme = schemeFor(kind, rsaBits, peerHashes, rsaPss);
  return scheme === undefined ? undefined : { method: authMethod.DIGITAL_SIGNATURE, scheme };
}

function schemeFor(
  kind: PublicKeyKind,
  rsaBits: number,
  peerHashes: readonly number[],
  rsaPss: boolean,
): SignatureScheme | undefined {
  if (kind === 'ed25519' || kind === 'ed448')
    return peerHashes.includes(signatureHash.IDENTITY) ? { kind } : undefined;
  const hash = hashesFor(kind, rsaBits).find((name) => peerHashes.includes(hashNumbers[name]));
  if (hash === undefined) return undefined;
  if (kind !== 'rsa') return { kind: 'ecdsa', hash, encoding: 'der' };
  return rsaPss ? { kind: 'rsa-pss', hash, saltOctets: hashOctets[hash] } : { kind: 'rsa-pkcs1', hash };
}

type StrongHash = Exclude<HashName, 'sha1'>;

/** The hash as strong as the key first, then stronger ones, then weaker. */
function hashesFor(kind: PublicKeyKind, rsaBits: number): readonly StrongHash[] {
  switch (kind) {
    case 'rsa':
      return rsaBits < 3072 ? ['sha256', 'sha384', 'sha512'] : ['sha384', 'sha512', 'sha256'];
    case 'ec-p256':
      return ['sha256', 'sha384', 'sha512'];
    case 'ec-p384':
      return ['sha384', 'sha512', 'sha256'];
    case 'ec-p521':
      return ['sha512', 'sha384', 'sha256'];
    default:
      return [];
  }
}

function p1363(hash: StrongHash): SignatureScheme {
  return { kind: 'ecdsa', hash, encoding: 'p1363' };
}

const hashNumbers = {
  sha256: signatureHash.SHA2_256,
  sha384: signatureHash.SHA2_384,
  sha512: signatureHash.SHA2_512,
} as const;

const hashOctets = { sha256: 32, sha384: 48, sha512: 64 } as const;
