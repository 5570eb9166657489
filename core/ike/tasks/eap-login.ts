import { type Failure, failure } from '../../base/errors.ts';
import { equalConstantTime } from '../../base/octets.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { AuthPayload, IkeMessage } from '../../wire/ike/payload.ts';
import { authMethod } from '../../wire/registry/authentication.ts';
import type { Association } from '../association.ts';
import type { IkeIdentity } from '../config.ts';
import { sharedSecretAuth } from '../keymat.ts';
import { required } from '../payload-list.ts';
import { signedOctets } from '../signed-octets.ts';

/*
 *     <--  HDR, SK {…, EAP}
 * HDR, SK {EAP}  -->                                once or many times
 *     <--  HDR, SK {EAP (success)}
 * HDR, SK {AUTH}  -->
 *     <--  HDR, SK {AUTH, [CP(CFG_REPLY)], SAr2, TSi, TSr}
 *
 * Both AUTH payloads bind what EAP proved to this IKE SA: without them a man in the middle could pass EAP on. @rfc 7296 2.16
 */

/** Our AUTH. `msk` is the key that EAP made; without one SK_pi takes its place. */
export function buildEapAuth(
  association: Association,
  identity: IkeIdentity,
  msk: Uint8Array | undefined,
): AuthPayload {
  const { suite, keys, initMessages, nonces } = association;
  const octets = signedOctets(suite.prf, {
    initMessage: initMessages.request,
    otherNonce: nonces.responder,
    skP: keys.skPi,
    identity,
  });
  const data = sharedSecretAuth(suite.prf, msk ?? keys.skPi, octets);
  return { kind: 'AUTH', method: authMethod.SHARED_KEY_MIC, data };
}

/** The gateway's AUTH from the same key. Fails with `auth.eap-binding`. `identity` is the one that it proved before. */
export function verifyEapAuth(
  association: Association,
  identity: IkeIdentity,
  msk: Uint8Array | undefined,
  message: IkeMessage,
): Result<undefined, Failure> {
  const { suite, keys, initMessages, nonces } = association;
  const auth = required(message, 'AUTH', 'the last IKE_AUTH response');
  if (!auth.ok) return auth;
  const octets = signedOctets(suite.prf, {
    initMessage: initMessages.response,
    otherNonce: nonces.initiator,
    skP: keys.skPr,
    identity,
  });
  const expected = sharedSecretAuth(suite.prf, msk ?? keys.skPr, octets);
  const good =
    auth.value.method === authMethod.SHARED_KEY_MIC && equalConstantTime(auth.value.data, expected);
  return good ? ok() : err(failure('auth.eap-binding', { side: 'remote' }));
}
