import type { Failure } from '../../base/errors.ts';
import type { Result } from '../../base/result.ts';
import type { Instant } from '../../base/time.ts';
import { decodeInner, type SealedMessage } from '../../wire/ike/message.ts';
import { checkOccurrence } from '../../wire/ike/message-rules.ts';
import type { IkeMessage } from '../../wire/ike/payload.ts';
import { type SkCipher, unsealOctets } from '../../wire/ike/sk.ts';
import type { Reassembler } from './reassembler.ts';

export type Opened =
  /** Not from the peer, or a fragment of no use. */
  | { readonly kind: 'dropped'; readonly cause: 'fragment' | 'integrity' }
  /** A fragment of the peer whose others are missing. */
  | { readonly kind: 'stored' }
  /**
   * From the peer; a failure is a rule that it broke. `fragmentOctets`: of the largest fragment, when there were any (for
   * FragmentSizes.notAbove).
   */
  | {
      readonly kind: 'open';
      readonly message: Result<IkeMessage, Failure>;
      readonly fragmentOctets?: number;
    };

/**
 * Opens a protected message whose message ID is the expected one, whole or in fragments. `reassembler` is that of its direction
 * (requests or responses); absent when fragments were not agreed on, and then they are dropped. @rfc 7383 2.6
 */
export function openMessage(
  sealed: SealedMessage,
  cipher: SkCipher,
  reassembler: Reassembler | undefined,
  now: Instant,
): Opened {
  const { header, encrypted } = sealed;
  if (encrypted.fragment === undefined) {
    const inner = unsealOctets(encrypted, cipher);
    if (!inner.ok) return { kind: 'dropped', cause: 'integrity' };
    // The whole message is there: fragments of it are not needed any more.
    reassembler?.clear();
    const { octets, offset } = inner.value;
    return { kind: 'open', message: allowed(decodeInner(header, encrypted.firstInner, octets, offset)) };
  }
  if (reassembler === undefined) return { kind: 'dropped', cause: 'fragment' };
  const outcome = reassembler.accept(sealed, cipher, now);
  if (outcome.kind !== 'whole') return outcome;
  const message = allowed(decodeInner(header, outcome.firstInner, outcome.octets, 0));
  return { kind: 'open', message, fragmentOctets: outcome.largest };
}

/**
 * Whether a protected request that has been answered already is to be answered again: all of it came again, or its first
 * fragment, so that one retransmission of the peer is one of ours. It is authentic. @rfc 7383 2.6.1
 */
export function asksAgain({ encrypted }: SealedMessage, cipher: SkCipher): boolean {
  const { fragment } = encrypted;
  return (fragment === undefined || fragment.number === 1) && unsealOctets(encrypted, cipher).ok;
}

function allowed(message: Result<IkeMessage, Failure>): Result<IkeMessage, Failure> {
  const checked = message.ok ? checkOccurrence(message.value, true) : message;
  return checked.ok ? message : checked;
}
