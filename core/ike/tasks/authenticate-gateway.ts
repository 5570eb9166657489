import { type Failure, failure } from '../../base/errors.ts';
import { equal, equalConstantTime } from '../../base/octets.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Secret } from '../../base/secret.ts';
import { utf8 } from '../../base/utf8.ts';
import type { CryptoProvider } from '../../crypto/interfaces.ts';
import type { CertificateLookup } from '../../pki/judge-server.ts';
import { payloadOf, payloadsOf } from '../../wire/ike/lookup.ts';
import type { AuthPayload, IkeMessage } from '../../wire/ike/payload.ts';
import { authMethod, certEncoding } from '../../wire/registry/authentication.ts';
import type { Association } from '../association.ts';
import type { IkeConfig, IkeIdentity } from '../config.ts';
import { sharedSecretAuth } from '../keymat.ts';
import { required } from '../payload-list.ts';
import { verifySignature } from '../signature-method.ts';
import { signedOctets } from '../signed-octets.ts';

/*
 * HDR, SK {IDi, [CERT+], [CERTREQ], [IDr], [AUTH], …}  -->           without AUTH: we want EAP
 *               <--  HDR, SK {IDr, [CERT+], AUTH, [EAP]}
 *
 * The gateway proves itself here, before EAP hears anything from it. @rfc 7296 2.15 @rfc 7296 2.16
 * Without AUTH it wants to be proven by EAP alone. @rfc 5998 3
 */

/** What the gateway says about itself, to be proven by the verdict on `chain`, or by a key that is known, and by `auth`. */
export interface SignedClaim {
  readonly kind: 'signed';
  readonly identity: IkeIdentity;
  /** DER certificates, the gateway's own first. */
  readonly chain: readonly Uint8Array[];
  /** Certificates that it names by hash and address alone. @rfc 7296 3.6 */
  readonly lookups: readonly CertificateLookup[];
  /** What OCSP responders say of its certificates (DER), to be proven too. @rfc 4806 */
  readonly ocspResponses: readonly Uint8Array[];
  /** Raw public keys (SubjectPublicKeyInfo, DER). @rfc 7670 */
  readonly keys: readonly Uint8Array[];
  readonly auth: AuthPayload;
}

export type GatewayClaim =
  | SignedClaim
  | { readonly kind: 'shared-key'; readonly identity: IkeIdentity; readonly auth: AuthPayload }
  /** It has left AUTH out. */
  | { readonly kind: 'none'; readonly identity: IkeIdentity };

/** Reads the gateway's claim. Certificates, their addresses, OCSP responses and raw keys count; a CRL and the like are skipped. @rfc 7296 3.6 */
export function processGatewayClaim(message: IkeMessage): Result<GatewayClaim, Failure> {
  const idr = required(message, 'IDr', 'the first IKE_AUTH response');
  if (!idr.ok) return idr;
  const identity = { type: idr.value.type, data: idr.value.data.slice() };
  const auth = payloadOf(message, 'AUTH');
  if (auth === undefined) return ok({ kind: 'none', identity });
  if (auth.method === authMethod.SHARED_KEY_MIC) return ok({ kind: 'shared-key', identity, auth });
  const bodies = (encoding: number) =>
    payloadsOf(message, 'CERT')
      .filter((payload) => payload.encoding === encoding)
      .map((payload) => payload.data.slice());
  return ok({
    kind: 'signed',
    identity,
    chain: bodies(certEncoding.X509_SIGNATURE),
    lookups: readLookups(message),
    ocspResponses: bodies(certEncoding.OCSP_CONTENT),
    keys: bodies(certEncoding.RAW_PUBLIC_KEY),
    auth,
  });
}

const sha1Octets = 20;

/** `Hash and URL of X.509 certificate`: 20 octets of SHA-1, then an address. @rfc 7296 3.6 */
function readLookups(message: IkeMessage): readonly CertificateLookup[] {
  return payloadsOf(message, 'CERT')
    .filter(
      ({ encoding }) => encoding === certEncoding.X509_SIGNATURE || encoding === certEncoding.HASH_URL_X509,
    )
    .flatMap(({ encoding, data }, position) => {
      if (encoding !== certEncoding.HASH_URL_X509 || data.length <= sha1Octets) return [];
      const url = utf8.decode(data.subarray(sha1Octets));
      return [{ position, sha1: data.slice(0, sha1Octets), url }];
    });
}

/**
 * Verifies the claim's signature over the responder's octets with the key of the certificate that was found good. The result
 * names the algorithms, for the user.
 *
 * @rfc 7296 2.15
 */
export function verifyGateway(
  config: IkeConfig,
  crypto: CryptoProvider,
  association: Association,
  claim: SignedClaim,
  spki: Uint8Array,
): Result<string, Failure> {
  const acceptSha1 = config.acceptSha1Signatures ?? false;
  const octets = gatewayOctets(association, claim.identity);
  return verifySignature(crypto, claim.auth, spki, octets, { acceptSha1 });
}

/** The same with one of the keys that were pinned; the gateway need not send it. Fails with `auth.unknown-key`. @rfc 7670 */
export function verifyGatewayByKey(
  config: IkeConfig,
  crypto: CryptoProvider,
  association: Association,
  claim: SignedClaim,
  pinned: readonly Uint8Array[],
): Result<string, Failure> {
  const known = pinned.filter(
    (key) => claim.keys.length === 0 || claim.keys.some((sent) => equal(sent, key)),
  );
  const unknown = err(failure('auth.unknown-key', { side: 'remote' }));
  const verified = known.reduce<Result<string, Failure>>(
    (found, key) => (found.ok ? found : verifyGateway(config, crypto, association, claim, key)),
    unknown,
  );
  // It has sent no key of its own that could be compared: what does not fit is a signature by another one.
  return !verified.ok && verified.error.code === 'auth.signature' ? unknown : verified;
}

/** Verifies the gateway's AUTH from the pre-shared key. Fails with `auth.psk-gateway`. @rfc 7296 2.15 */
export function verifyGatewayByPsk(
  association: Association,
  claim: { readonly identity: IkeIdentity; readonly auth: AuthPayload },
  psk: Secret,
): Result<undefined, Failure> {
  const octets = gatewayOctets(association, claim.identity);
  const expected = sharedSecretAuth(association.suite.prf, psk.expose(), octets);
  return equalConstantTime(claim.auth.data, expected)
    ? ok()
    : err(failure('auth.psk-gateway', { side: 'remote' }));
}

function gatewayOctets(association: Association, identity: IkeIdentity): Uint8Array {
  return signedOctets(association.suite.prf, {
    initMessage: association.initMessages.response,
    otherNonce: association.nonces.initiator,
    skP: association.keys.skPr,
    identity,
  });
}
