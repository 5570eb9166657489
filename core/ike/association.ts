import type { IkeSpi } from '../wire/ike/payload.ts';
import { type IkeKeys, type NoncePair, wipeIkeKeys } from './keymat.ts';
import type { IkeSuite } from './negotiate.ts';

/** The keys of an IKE SA, however it came to be. */
export interface SecuredIke {
  readonly spis: { readonly initiator: IkeSpi; readonly responder: IkeSpi };
  readonly suite: IkeSuite;
  readonly keys: IkeKeys;
}

/** What IKE_SA_INIT left behind: encrypted, but with a peer that has proven nothing yet. @rfc 7296 1.2 */
export interface Association extends SecuredIke {
  readonly nonces: NoncePair;
  /** Both messages as they were on the wire: AUTH covers them. @rfc 7296 2.15 */
  readonly initMessages: { readonly request: Uint8Array; readonly response: Uint8Array };
  /** Our request had a cookie, and had gone out without it before: which of the two was answered is not known. @rfc 7296 2.6 */
  readonly afterCookie?: boolean;
  readonly nat: NatSituation;
}

/** Who sits behind a NAT, by the peer's hashes. @rfc 7296 2.23 */
export interface NatSituation {
  readonly local: boolean;
  readonly remote: boolean;
}

export function wipeAssociation(association: SecuredIke): void {
  wipeIkeKeys(association.keys);
}
