import type { Failure } from '../base/errors.ts';
import type { IkeMessage } from '../wire/ike/payload.ts';

/** Why a datagram was not taken. Nobody is told; somebody may look at the counts. @rfc 7296 2.21 */
export type DropCause =
  | 'oversize'
  | 'malformed'
  | 'spi'
  /** Its Initiator flag is not that of the other side. */
  | 'direction'
  | 'message-id'
  /** Another exchange than the request has. */
  | 'exchange'
  /** Unprotected after IKE_SA_INIT, or protected before. */
  | 'protection'
  | 'integrity'
  /** A fragment that nobody may send, that came before, or of a set that is no longer of use. */
  | 'fragment'
  /** An answer to IKE_SA_INIT that is not the one: forged, late, or an error. */
  | 'hint';

/** What came in and is worth acting on. Everything but `init-response` is authenticated. */
export type Received =
  /** It may be the answer to IKE_SA_INIT, or another one than was taken: follow with `acceptInit` or `rejectInit`. `octets` is a view of the input. */
  | { readonly kind: 'init-response'; readonly message: IkeMessage; readonly octets: Uint8Array }
  /** The answer to our request, which is done with. */
  | { readonly kind: 'response'; readonly message: IkeMessage }
  /** A new request of the peer: answer it with `respond` at once. */
  | { readonly kind: 'request'; readonly message: IkeMessage }
  /** The peer broke a rule in a way that ends the IKE SA; a request has been answered with INVALID_SYNTAX. @rfc 7296 2.21.3 */
  | { readonly kind: 'broken'; readonly error: Failure };

/** A request that nobody answered. `hint`: the last unauthenticated error that came instead. */
export interface Exhausted {
  readonly exchange: number;
  readonly hint?: Failure;
}
