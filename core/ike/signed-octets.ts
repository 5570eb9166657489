import { concat } from '../base/octets.ts';
import type { Prf } from '../crypto/interfaces.ts';
import { idBody } from '../wire/ike/payloads/id.ts';
import type { IkeIdentity } from './config.ts';

/**
 * What AUTH covers on either side: that side's IKE_SA_INIT message as it was sent (without the non-ESP marker), the other
 * side's nonce, and prf(SK_p, RestOfID), where RestOfID is the body of the side's ID payload.
 *
 * @rfc 7296 2.15
 */
export function signedOctets(
  prf: Prf,
  side: {
    readonly initMessage: Uint8Array;
    readonly otherNonce: Uint8Array;
    readonly skP: Uint8Array;
    readonly identity: IkeIdentity;
  },
): Uint8Array {
  const macedId = prf.compute(side.skP, idBody({ kind: 'IDi', ...side.identity }));
  return concat(side.initMessage, side.otherNonce, macedId);
}
