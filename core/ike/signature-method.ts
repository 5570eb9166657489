import { ByteReader } from '../base/byte-reader.ts';
import { type Failure, failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { CryptoProvider, HashName, PublicKeyKind, SignatureScheme } from '../crypto/interfaces.ts';
import { decodeDer } from '../pki/der.ts';
import { type CertificateSignature, readSignatureAlgorithm } from '../pki/signature-algorithm.ts';
import type { AuthPayload } from '../wire/ike/payload.ts';
import { authMethod } from '../wire/registry/authentication.ts';
import { nameOf } from '../wire/registry/registry.ts';

/** A signature of the gateway, and the schemes with which it may have been made. */
interface SignatureClaim {
  readonly schemes: readonly SignatureScheme[];
  /** The key must be of one of these kinds: an ECDSA method fixes its curve. */
  readonly keys: readonly PublicKeyKind[];
  readonly signature: Uint8Array;
}

/**
 * Verifies the gateway's AUTH payload over `data` with the key of the certificate that was found good. The result names what
 * was used, for the user. Fails with `auth.signature`, with `auth.weak-signature` for SHA-1, or with `auth.method-refused` for a method
 * that is no signature we take.
 *
 * @rfc 7296 2.15
 * @rfc 7427 3
 * @rfc 4754 3
 */
export function verifySignature(
  crypto: CryptoProvider,
  auth: AuthPayload,
  spki: Uint8Array,
  data: Uint8Array,
  options: { readonly acceptSha1: boolean },
): Result<string, Failure> {
  const claim = readClaim(auth);
  if (!claim.ok) return claim;
  const { schemes, keys, signature } = claim.value;
  const kind = crypto.signatures.kindOf(spki);
  const scheme = keys.includes(kind)
    ? schemes.find((candidate) => crypto.signatures.verify(candidate, spki, data, signature))
    : undefined;
  if (scheme === undefined) {
    return err(
      failure('auth.signature', { side: 'remote', method: nameOf(authMethod, auth.method), key: kind }),
    );
  }
  const used = describeSignature(scheme, kind);
  const weak = 'hash' in scheme && scheme.hash === 'sha1' && !options.acceptSha1;
  return weak ? err(failure('auth.weak-signature', { side: 'remote', method: used })) : ok(used);
}

function readClaim(auth: AuthPayload): Result<SignatureClaim, Failure> {
  const classic = (hash: HashName, key: PublicKeyKind) =>
    ok({ schemes: [{ kind: 'ecdsa', hash, encoding: 'p1363' }] as const, keys: [key], signature: auth.data });
  switch (auth.method) {
    case authMethod.RSA_SIGNATURE:
      return ok({ schemes: rsaSchemes, keys: ['rsa'], signature: auth.data });
    case authMethod.ECDSA_SHA256_P256:
      return classic('sha256', 'ec-p256');
    case authMethod.ECDSA_SHA384_P384:
      return classic('sha384', 'ec-p384');
    case authMethod.ECDSA_SHA512_P521:
      return classic('sha512', 'ec-p521');
    case authMethod.DIGITAL_SIGNATURE:
      return readDigitalSignature(auth);
    default:
      return err(failure('auth.method-refused', { side: 'remote', method: nameOf(authMethod, auth.method) }));
  }
}

/**
 * Method 1 does not say its hash: SHA-1 by the book, SHA-2 in better implementations. SHA-1 is tried even where it is refused, so
 * that the user hears about a weak signature and not about a forged one.
 *
 * @rfc 7296 3.8
 */
const rsaSchemes: readonly SignatureScheme[] = (['sha256', 'sha384', 'sha512', 'sha1'] as const).map(
  (hash) => ({
    kind: 'rsa-pkcs1',
    hash,
  }),
);

/** ASN.1 length (one octet), AlgorithmIdentifier, signature. @rfc 7427 3 */
function readDigitalSignature(auth: AuthPayload): Result<SignatureClaim, Failure> {
  const reader = new ByteReader(auth.data, 'AUTH payload');
  const identifier = reader.take(reader.u8());
  const parts = reader.finish({ identifier, signature: reader.rest() });
  if (!parts.ok) return parts;
  const algorithm = decodeDer(parts.value.identifier);
  const known = algorithm === undefined ? undefined : readSignatureAlgorithm(algorithm);
  // SHA-1 reads as weak, and we did not announce it. @rfc 7427 4
  if (known?.kind !== 'scheme') {
    return err(failure('auth.method-refused', { side: 'remote', method: methodName(known) }));
  }
  const { scheme } = known;
  return ok({ schemes: [scheme], keys: keysFor(scheme), signature: parts.value.signature });
}

function methodName(
  algorithm: Exclude<CertificateSignature, { readonly kind: 'scheme' }> | undefined,
): string {
  switch (algorithm?.kind) {
    case undefined:
      return 'a signature of no known algorithm';
    case 'weak':
      return `a signature with ${algorithm.name}`;
    case 'unknown':
      return `a signature of algorithm ${algorithm.oid}`;
  }
}

/** With method 14 any curve goes with any hash. @rfc 7427 3 */
function keysFor(scheme: SignatureScheme): readonly PublicKeyKind[] {
  switch (scheme.kind) {
    case 'rsa-pkcs1':
    case 'rsa-pss':
      return ['rsa'];
    case 'ecdsa':
      return ['ec-p256', 'ec-p384', 'ec-p521'];
    case 'ed25519':
    case 'ed448':
      return [scheme.kind];
  }
}

/** For a user, e.g. `ECDSA P-256 with SHA-256`. */
export function describeSignature(scheme: SignatureScheme, key: PublicKeyKind): string {
  switch (scheme.kind) {
    case 'rsa-pkcs1':
      return `RSA PKCS#1 with ${hashNames[scheme.hash]}`;
    case 'rsa-pss':
      return `RSA-PSS with ${hashNames[scheme.hash]}`;
    case 'ecdsa':
      return `ECDSA ${key.replace('ec-p', 'P-')} with ${hashNames[scheme.hash]}`;
    case 'ed25519':
      return 'Ed25519';
    case 'ed448':
      return 'Ed448';
  }
}

const hashNames = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' } as const;
