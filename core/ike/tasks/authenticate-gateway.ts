import { type Failure, failure } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { CryptoProvider } from '../../crypto/interfaces.ts';
import { certReqHashes } from '../../pki/certificate-request.ts';
import { payloadOf, payloadsOf } from '../../wire/ike/lookup.ts';
import type { AuthPayload, IkeMessage, Payload } from '../../wire/ike/payload.ts';
import { certEncoding } from '../../wire/registry/authentication.ts';
import type { Association } from '../association.ts';
import type { IkeConfig, IkeIdentity } from '../config.ts';
import { required } from '../payload-list.ts';
import { verifySignature } from '../signature-method.ts';
import { signedOctets } from '../signed-octets.ts';

/*
 * HDR, SK {IDi, [CERTREQ], [IDr], …}  -->           no AUTH: we want EAP
 *               <--  HDR, SK {IDr, CERT+, AUTH, EAP}
 *
 * The gateway proves itself here, before EAP hears anything from it. @rfc 7296 2.16
 */

/** What the gateway says about itself, to be proven by the verdict on `chain` and by `auth`. */
export interface GatewayClaim {
  readonly identity: IkeIdentity;
  /** DER certificates, the gateway's own first. */
  readonly chain: readonly Uint8Array[];
  readonly auth: AuthPayload;
}

/** Who we are, whom we expect, and which CAs we trust. */
export function buildIdentities(config: IkeConfig, crypto: CryptoProvider): readonly Payload[] {
  const payloads: Payload[] = [{ kind: 'IDi', ...config.localIdentity }];
  if (config.trustAnchors.length > 0) {
    const authorities = certReqHashes(config.trustAnchors, crypto.hash);
    payloads.push({ kind: 'CERTREQ', encoding: certEncoding.X509_SIGNATURE, authorities });
  }
  if (config.remoteIdentity !== undefined) payloads.push({ kind: 'IDr', ...config.remoteIdentity });
  return payloads;
}

/** Reads the gateway's claim. Only X.509 certificates count; a hash and URL, a CRL and the like are skipped. @rfc 7296 3.6 */
export function processGatewayClaim(message: IkeMessage): Result<GatewayClaim, Failure> {
  const what = 'the first IKE_AUTH response';
  const identity = required(message, 'IDr', what);
  if (!identity.ok) return identity;
  const auth = required(message, 'AUTH', what);
  if (!auth.ok) return auth;
  const chain = payloadsOf(message, 'CERT')
    .filter((payload) => payload.encoding === certEncoding.X509_SIGNATURE)
    .map((payload) => payload.data.slice());
  const { type, data } = identity.value;
  return ok({ identity: { type, data: data.slice() }, chain, auth: auth.value });
}

/** The EAP request that rides along with the claim. */
export function firstEapPacket(message: IkeMessage): Result<Uint8Array, Failure> {
  const eap = payloadOf(message, 'EAP');
  if (eap !== undefined) return ok(eap.packet);
  return err(
    failure('peer.misbehaved', { rule: 'the first IKE_AUTH response starts EAP when AUTH was left out' }),
  );
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
  claim: GatewayClaim,
  spki: Uint8Array,
): Result<string, Failure> {
  const octets = signedOctets(association.suite.prf, {
    initMessage: association.initMessages.response,
    otherNonce: association.nonces.initiator,
    skP: association.keys.skPr,
    identity: claim.identity,
  });
  const acceptSha1 = config.acceptSha1Signatures ?? false;
  return verifySignature(crypto, claim.auth, spki, octets, { acceptSha1 });
}
