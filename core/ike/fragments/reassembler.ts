import { limits } from '../../base/limits.ts';
import { concat } from '../../base/octets.ts';
import type { Instant } from '../../base/time.ts';
import type { SealedMessage } from '../../wire/ike/message.ts';
import { type SkCipher, type SkFragment, unsealOctets } from '../../wire/ike/sk.ts';

export type FragmentOutcome =
  /** Not taken: forged (`integrity`), or of no use (`fragment`). */
  | { readonly kind: 'dropped'; readonly cause: 'fragment' | 'integrity' }
  /** Authentic, and others are missing. */
  | { readonly kind: 'stored' }
  /** The message is there: decode `octets` with `decodeInner`. `largest`: octets of its largest datagram. */
  | {
      readonly kind: 'whole';
      readonly firstInner: number;
      readonly octets: Uint8Array;
      readonly largest: number;
    };

interface FragmentSet {
  readonly messageId: number;
  readonly exchange: number;
  readonly total: number;
  readonly since: Instant;
  readonly contents: Map<number, Uint8Array>;
  firstInner: number;
  octets: number;
  largest: number;
}

/**
 * Puts the fragments of one direction's requests, or of its responses, together: give an IKE SA one for each. The caller has checked
 * the SPIs, that fragments were agreed on, and that the message ID is the expected one. Since the window is 1 there is one message at a
 * time; another message ID starts anew. Nothing is kept that is not authentic, and never more than
 * `limits.fragmentsPerMessage` fragments, `limits.ikeMessageOctets` octets, or for longer than `limits.reassemblyMs`.
 *
 * @rfc 7383 2.6
 */
export class Reassembler {
  #set: FragmentSet | undefined;

  /** Octets that wait for the rest of their message. */
  get octets(): number {
    return this.#set?.octets ?? 0;
  }

  /** `sealed` has `encrypted.fragment`; anything else is dropped. */
  accept(sealed: SealedMessage, cipher: SkCipher, now: Instant): FragmentOutcome {
    const { header, encrypted } = sealed;
    const { fragment } = encrypted;
    if (fragment === undefined || fragment.total > limits.fragmentsPerMessage) return dropped('fragment');
    this.#forgetOther(header, now);
    if (!this.#wants(header.exchange, fragment)) return dropped('fragment');
    const inner = unsealOctets(encrypted, cipher);
    if (!inner.ok) return dropped('integrity');
    const set = this.#setOf(header, fragment, now);
    set.contents.set(fragment.number, inner.value.octets);
    set.octets += inner.value.octets.length;
    set.largest = Math.max(set.largest, encrypted.associated.length + encrypted.sealed.length);
    if (fragment.number === 1) set.firstInner = encrypted.firstInner;
    if (set.octets > limits.ikeMessageOctets) {
      this.clear();
      return dropped('fragment');
    }
    return set.contents.size === set.total ? this.#complete(set) : { kind: 'stored' };
  }

  /** Wipes what waits. */
  clear(): void {
    for (const content of this.#set?.contents.values() ?? []) content.fill(0);
    this.#set = undefined;
  }

  #forgetOther({ messageId }: SealedMessage['header'], now: Instant): void {
    const set = this.#set;
    if (set === undefined) return;
    if (set.messageId !== messageId || now - set.since >= limits.reassemblyMs) this.clear();
  }

  /** A set with more fragments is the same message cut smaller, and replaces the old one; one with fewer is the older. */
  #wants(exchange: number, { number, total }: SkFragment): boolean {
    const set = this.#set;
    if (set === undefined) return true;
    if (set.exchange !== exchange) return false;
    return total > set.total || (total === set.total && !set.contents.has(number));
  }

  #setOf(
    { messageId, exchange }: SealedMessage['header'],
    { total }: SkFragment,
    since: Instant,
  ): FragmentSet {
    if (this.#set?.total === total) return this.#set;
    this.clear();
    const contents = new Map<number, Uint8Array>();
    this.#set = { messageId, exchange, total, since, contents, firstInner: 0, octets: 0, largest: 0 };
    return this.#set;
  }

  #complete(set: FragmentSet): FragmentOutcome {
    const contents = Array.from({ length: set.total }, (_, index) => set.contents.get(index + 1));
    const octets = concat(...contents.filter((content) => content !== undefined));
    const { firstInner, largest } = set;
    this.clear();
    return { kind: 'whole', firstInner, octets, largest };
  }
}

function dropped(cause: 'fragment' | 'integrity'): FragmentOutcome {
  return { kind: 'dropped', cause };
}
