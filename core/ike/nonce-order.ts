import { compareOctets } from '../base/octets.ts';
import type { NoncePair } from './keymat.ts';

/**
 * Both sides replaced the same SA at the same time: true when `own`, the exchange that we began, has the lowest of the four
 * nonces. Its new SA is then the redundant one, and we delete it; otherwise the peer deletes the one of `theirs`. Octets
 * are compared from the first on, and of two that agree as far as they go the shorter is lower.
 *
 * @rfc 7296 2.8.1
 */
export function losesCollision(own: NoncePair, theirs: NoncePair): boolean {
  return compareOctets(lower(own), lower(theirs)) < 0;
}

function lower({ initiator, responder }: NoncePair): Uint8Array {
  return compareOctets(initiator, responder) < 0 ? initiator : responder;
}
