import type { Instant } from '../base/time.ts';
import type { SealedMessage } from '../wire/ike/message.ts';
import type { FragmentSizes } from './fragments/fragment-sizes.ts';
import { asksAgain, type Opened, openMessage } from './fragments/open-message.ts';
import { Reassembler } from './fragments/reassembler.ts';
import { type PlainMessage, sealDatagrams } from './fragments/seal-datagrams.ts';
import type { Protection } from './protection.ts';
import type { DropCause } from './received.ts';

/** What a request of the peer is: new, the last one again with our answer to it, or nothing to act on. */
export type PeerRequest =
  | Extract<Opened, { readonly kind: 'open' }>
  | { readonly kind: 'again'; readonly answer: readonly Uint8Array[] }
  | { readonly kind: 'dropped'; readonly cause: DropCause }
  | { readonly kind: 'nothing' };

/**
 * The peer's requests on one IKE SA, one at a time: which message ID is next, and the answer to the last one in case that comes
 * again. @rfc 7296 2.1 @rfc 7296 2.2
 */
export class PeerWindow {
  readonly #sizes: FragmentSizes;
  readonly #fragments = new Reassembler();
  #nextId = 0;
  /** The answer to the last request, as it was cut. */
  #lastResponse: readonly Uint8Array[] | undefined;
  /** The largest fragment of the last request; `undefined` when that came whole. */
  #fragmentOctets: number | undefined;

  constructor(sizes: FragmentSizes) {
    this.#sizes = sizes;
  }

  receive(sealed: SealedMessage, protection: Protection, now: Instant): PeerRequest {
    const { messageId } = sealed.header;
    if (this.#lastResponse !== undefined && messageId === this.#nextId - 1) {
      return this.#repeated(sealed, protection, this.#lastResponse);
    }
    if (messageId !== this.#nextId) return { kind: 'dropped', cause: 'message-id' };
    const cipher = { cipher: protection.cipher, key: protection.inbound };
    const opened = openMessage(sealed, cipher, this.#sizes.allowed ? this.#fragments : undefined, now);
    if (opened.kind === 'stored') return { kind: 'nothing' };
    if (opened.kind === 'dropped') return opened;
    this.#nextId += 1;
    this.#fragmentOctets = opened.fragmentOctets;
    return opened;
  }

  /** The datagrams of the answer to the last request. They are kept. @rfc 7383 2.6.1 */
  respond(message: PlainMessage, protection: Protection): readonly Uint8Array[] {
    const largest =
      this.#fragmentOctets === undefined ? this.#sizes.largest : this.#sizes.notAbove(this.#fragmentOctets);
    this.#lastResponse = sealDatagrams(message, protection, largest);
    return this.#lastResponse;
  }

  clear(): void {
    this.#lastResponse = undefined;
    this.#fragments.clear();
  }

  /** The peer's last request again: it has lost our answer, or part of it. */
  #repeated(sealed: SealedMessage, protection: Protection, answer: readonly Uint8Array[]): PeerRequest {
    const { fragment } = sealed.encrypted;
    if (fragment !== undefined && !this.#sizes.allowed) return { kind: 'dropped', cause: 'fragment' };
    // Its other fragments go by without a word. @rfc 7383 2.6.1
    if (fragment !== undefined && fragment.number !== 1) return { kind: 'nothing' };
    const cipher = { cipher: protection.cipher, key: protection.inbound };
    return asksAgain(sealed, cipher) ? { kind: 'again', answer } : { kind: 'dropped', cause: 'integrity' };
  }
}
