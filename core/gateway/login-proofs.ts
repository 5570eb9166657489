import { type Failure, failure } from '../base/errors.ts';
import { equal, equalConstantTime } from '../base/octets.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Association } from '../ike/association.ts';
import type { IkeIdentity } from '../ike/config.ts';
import { sharedSecretAuth } from '../ike/keymat.ts';
import { type MixedKeys, mixPpk, ppkIdentityData } from '../ike/ppk.ts';
import { verifySignature } from '../ike/signature-method.ts';
import { signedOctets } from '../ike/signed-octets.ts';
import { notifyOf, payloadOf, payloadsOf } from '../wire/ike/lookup.ts';
import type { AuthPayload, IkeMessage, Payload } from '../wire/ike/payload.ts';
import { authMethod, certEncoding } from '../wire/registry/authentication.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import type { ClientOffers } from './client-offers.ts';
import type { GatewayConfig, GatewayDependencies } from './config.ts';
import { type ClientProof, type GatewayLogin, usualLogin } from './login-terms.ts';
import { signAuth } from './sign-auth.ts';

/*
 * The AUTH payloads of both sides: what a client's must be, and the gateway's own. @rfc 7296 2.15 @rfc 7296 2.16 @rfc 8784 3
 */

/** Which PPK the keys of an AUTH come from. */
export type PpkChoice =
  | { readonly kind: 'none' }
  | { readonly kind: 'mixed'; readonly keys: MixedKeys }
  /** The client offers one that is not known here, and an AUTH for that case. */
  | { readonly kind: 'unknown'; readonly auth: Uint8Array | undefined };

/** Which key the client's AUTH says it was made with. Fails with `auth.ppk-missing` where one is required. */
export function choosePpk(
  { ppk }: GatewayLogin,
  association: Association,
  request: IkeMessage,
): Result<PpkChoice, Failure> {
  const named = notifyOf(request, notifyType.PPK_IDENTITY)?.data;
  const { suite, keys } = association;
  if (ppk !== undefined && named !== undefined && equal(named, ppkIdentityData(ppk.id)))
    return ok({ kind: 'mixed', keys: mixPpk(suite.prf, keys, ppk.key.expose()) });
  if (ppk?.required === true)
    return err(failure('auth.ppk-missing', { reason: 'the client does not have it' }));
  if (named === undefined) return ok({ kind: 'none' });
  return ok({ kind: 'unknown', auth: notifyOf(request, notifyType.NO_PPK_AUTH)?.data });
}

/** The client's AUTH, from the key that EAP made, or from SK_pi where it made none. @rfc 7296 2.16 */
export function isRightEapAuth(
  association: Association,
  request: IkeMessage,
  identity: IkeIdentity,
  msk: Uint8Array | undefined,
  ppk: PpkChoice,
): boolean {
  const { suite, keys } = association;
  const skPi = ppk.kind === 'mixed' ? ppk.keys.skPi : keys.skPi;
  const expected = sharedSecretAuth(suite.prf, msk ?? skPi, clientOctets(association, identity, skPi));
  return isSharedKey(authOf(request, ppk), expected);
}

/** The client's AUTH without EAP. */
export function isRightProof(
  { config, dependencies }: Gatekeeper,
  association: Association,
  request: IkeMessage,
  proof: Exclude<ClientProof, 'eap'>,
  ppk: PpkChoice,
): boolean {
  const { psk, clients = [] } = config.login ?? usualLogin;
  const identity = payloadOf(request, 'IDi');
  const auth = authOf(request, ppk);
  if (identity === undefined || auth === undefined) return false;
  const { suite, keys } = association;
  const octets = clientOctets(association, identity, ppk.kind === 'mixed' ? ppk.keys.skPi : keys.skPi);
  if (proof === 'psk')
    return psk !== undefined && isSharedKey(auth, sharedSecretAuth(suite.prf, psk.expose(), octets));
  const shown = payloadsOf(request, 'CERT').find(({ encoding }) => encoding === certEncoding.X509_SIGNATURE);
  const client = clients.find(({ certificate }) => shown !== undefined && equal(certificate, shown.data));
  if (client === undefined) return false;
  return verifySignature(dependencies.crypto, auth, client.spki, octets, { acceptSha1: false }).ok;
}

export interface Gatekeeper {
  readonly config: GatewayConfig;
  readonly dependencies: GatewayDependencies;
}

/** IDr, CERT and AUTH of the gateway, in answer to `request`; without AUTH where EAP alone is to prove it. */
export function gatewayProof(
  { config, dependencies }: Gatekeeper,
  association: Association,
  offers: ClientOffers,
  ppk: PpkChoice,
  request: IkeMessage,
): readonly Payload[] {
  const { proof, psk } = config.login ?? usualLogin;
  const { habits = {}, certificates, identity, signature } = config;
  const id: Payload = { kind: 'IDr', ...identity };
  if (proof === 'eap') return [id];
  const octets = gatewayOctets(config, association, ppk);
  const shown = habits.noCertificate || proof === 'psk' ? [] : certificates;
  const { prf } = association.suite;
  const auth: AuthPayload =
    proof === 'psk'
      ? sharedKeyAuth(sharedSecretAuth(prf, psk?.expose() ?? new Uint8Array(0), octets))
      : signAuth(dependencies.signer, signature, offers.hashes, octets);
  return [
    id,
    ...shown.map((data) => ({ kind: 'CERT', encoding: certEncoding.X509_SIGNATURE, data }) as const),
    ...(shown.length === 0 ? [] : ocspPayloads(config, request)),
    habits.wrongAuthSignature ? spoiled(auth) : auth,
  ];
}

/** For a client that asks for them. Whom it trusts in this (the hashes) does not matter: it judges for itself. @rfc 4806 3.2 */
function ocspPayloads({ ocspResponses = [] }: GatewayConfig, request: IkeMessage): readonly Payload[] {
  const asked = payloadsOf(request, 'CERTREQ').some(({ encoding }) => encoding === certEncoding.OCSP_CONTENT);
  if (!asked) return [];
  return ocspResponses.map((data) => ({ kind: 'CERT', encoding: certEncoding.OCSP_CONTENT, data }));
}

/** The gateway's AUTH after EAP. */
export function gatewayEapAuth(
  config: GatewayConfig,
  association: Association,
  msk: Uint8Array | undefined,
  ppk: PpkChoice,
): AuthPayload {
  const { suite, keys } = association;
  const skPr = ppk.kind === 'mixed' ? ppk.keys.skPr : keys.skPr;
  const auth = sharedKeyAuth(
    sharedSecretAuth(suite.prf, msk ?? skPr, gatewayOctets(config, association, ppk)),
  );
  return config.habits?.wrongEapAuth ? spoiled(auth) : auth;
}

/** The AUTH that counts: that of NO_PPK_AUTH where the PPK is not known. */
function authOf(request: IkeMessage, ppk: PpkChoice): AuthPayload | undefined {
  const auth = payloadOf(request, 'AUTH');
  if (ppk.kind !== 'unknown' || auth === undefined) return auth;
  return ppk.auth === undefined ? undefined : { ...auth, data: ppk.auth };
}

function isSharedKey(auth: AuthPayload | undefined, expected: Uint8Array): boolean {
  return auth?.method === authMethod.SHARED_KEY_MIC && equalConstantTime(auth.data, expected);
}

function sharedKeyAuth(data: Uint8Array): AuthPayload {
  return { kind: 'AUTH', method: authMethod.SHARED_KEY_MIC, data };
}

/** @rfc 7296 2.15 */
function gatewayOctets(config: GatewayConfig, association: Association, ppk: PpkChoice): Uint8Array {
  const { suite, keys, nonces, initMessages } = association;
  return signedOctets(suite.prf, {
    initMessage: initMessages.response,
    otherNonce: nonces.initiator,
    skP: ppk.kind === 'mixed' ? ppk.keys.skPr : keys.skPr,
    identity: config.identity,
  });
}

function clientOctets(association: Association, identity: IkeIdentity, skPi: Uint8Array): Uint8Array {
  const { suite, nonces, initMessages } = association;
  return signedOctets(suite.prf, {
    initMessage: initMessages.request,
    otherNonce: nonces.responder,
    skP: skPi,
    identity,
  });
}

/** One bit off. */
function spoiled(auth: AuthPayload): AuthPayload {
  const data = auth.data.slice();
  data[data.length - 1] = (data[data.length - 1] ?? 0) ^ 1;
  return { ...auth, data };
}
