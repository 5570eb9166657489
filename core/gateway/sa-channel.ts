import type { Failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Result } from '../base/result.ts';
import { after, earliest, type Instant } from '../base/time.ts';
import type { Random } from '../crypto/interfaces.ts';
import type { FragmentSizes } from '../ike/fragments/fragment-sizes.ts';
import { asksAgain, openMessage } from '../ike/fragments/open-message.ts';
import { OutgoingRequest } from '../ike/fragments/outgoing-request.ts';
import { Reassembler } from '../ike/fragments/reassembler.ts';
import { type PlainMessage, sealDatagrams } from '../ike/fragments/seal-datagrams.ts';
import { type IkeKeys, wipeIkeKeys } from '../ike/keymat.ts';
import type { IkeSuite } from '../ike/negotiate.ts';
import { createProtection, type Protection } from '../ike/protection.ts';
import { RetransmitSchedule } from '../ike/retransmission.ts';
import type { SealedMessage } from '../wire/ike/message.ts';
import type { IkeHeader, IkeMessage, IkeSpi, Payload } from '../wire/ike/payload.ts';
import { encodeChain } from '../wire/ike/payload-chain.ts';
import type { SkCipher } from '../wire/ike/sk.ts';
import type { GatewayDrop } from './io.ts';

/** The keys of one IKE SA, and which side of it we are: IKE_SA_INIT and the client's rekeys make us the responder. */
export interface ChannelKeys {
  readonly role: 'initiator' | 'responder';
  readonly spis: { readonly initiator: IkeSpi; readonly responder: IkeSpi };
  readonly suite: IkeSuite;
  readonly keys: IkeKeys;
}

export interface ChannelStart extends ChannelKeys {
  /** The message ID of the client's first protected request: 1 after IKE_SA_INIT, 0 after a rekey. @rfc 7296 2.2 */
  readonly firstPeerId: 0 | 1;
}

export type Received<Purpose> =
  | { readonly kind: 'dropped'; readonly cause: GatewayDrop }
  /** A request that was answered before, and was again; or a fragment whose others are missing. */
  | { readonly kind: 'nothing-new' }
  /** Answer it with `respond`. An error: from the client, and against the rules. */
  | { readonly kind: 'request'; readonly header: IkeHeader; readonly message: Result<IkeMessage, Failure> }
  | { readonly kind: 'answer'; readonly to: Purpose; readonly message: Result<IkeMessage, Failure> };

interface OwnRequest<Purpose> {
  readonly exchange: number;
  readonly payloads: readonly Payload[];
  readonly purpose: Purpose;
}

/** Gets each datagram of a message. */
export type Send = (octets: Uint8Array) => void;

/**
 * The exchanges of one IKE SA: sealing, message IDs, retransmission and the last response. The window is 1 on both sides;
 * further requests of ours wait. `Purpose` is what the owner wants to know again when an answer comes.
 *
 * @rfc 7296 2.1
 * @rfc 7296 2.3
 */
export class SaChannel<Purpose> {
  #sa: ChannelKeys;
  /** When it is forgotten; not set while it is in use. */
  forgetAt: Instant | undefined;
  /** When we delete it, having replaced it ourselves. */
  deleteAt: Instant | undefined;
  /** `replaced`: by a new IKE SA, and about to be deleted. `over`: deleted; lingers to answer retransmissions. */
  phase: 'open' | 'replaced' | 'over' = 'open';
  readonly #protection: Protection;
  readonly #send: Send;
  #nextPeerId: number;
  readonly #sizes: FragmentSizes;
  readonly #requestFragments = new Reassembler();
  readonly #responseFragments = new Reassembler();
  /** The largest fragment of the client's last request; `undefined` when that came whole. */
  #requestFragmentOctets: number | undefined;
  #lastResponse: { readonly messageId: number; readonly datagrams: readonly Uint8Array[] } | undefined;
  #nextOwnId = 0;
  #outstanding:
    | {
        readonly messageId: number;
        readonly exchange: number;
        readonly purpose: Purpose;
        readonly sent: OutgoingRequest;
        readonly retransmission: RetransmitSchedule;
      }
    | undefined;
  #queue: OwnRequest<Purpose>[] = [];

  /** Takes over the keys. All IKE SAs of a client share what is known of fragments (`sizes`). */
  constructor(start: ChannelStart, random: Random, sizes: FragmentSizes, send: Send) {
    const { keys, suite, role } = start;
    this.#sa = start;
    // `createProtection` calls outbound what the initiator of the IKE SA sends.
    const turned =
      role === 'initiator' ? keys : { ...keys, initiator: keys.responder, responder: keys.initiator };
    this.#protection = createProtection(suite.cipher, turned, random);
    this.#sizes = sizes;
    this.#send = send;
    this.#nextPeerId = start.firstPeerId;
  }

  get ownSpi(): IkeSpi {
    return this.#sa.spis[this.#sa.role];
  }

  /** What our request that waits for its answer is for. */
  get outstanding(): Purpose | undefined {
    return this.#outstanding?.purpose;
  }

  /** No request of ours is on the wire or waits. */
  get idle(): boolean {
    return this.#outstanding === undefined && this.#queue.length === 0;
  }

  nextWakeup(): Instant | undefined {
    return earliest(this.forgetAt, this.#outstanding?.retransmission.dueAt);
  }

  /** A protected message with our SPIs. `answerTo` sends a kept response to where the repeated request came from. */
  receive(sealed: SealedMessage, answerTo: Send, now: Instant): Received<Purpose> {
    const { header } = sealed;
    if (header.fromInitiator === (this.#sa.role === 'initiator')) return dropped('unexpected');
    if (sealed.encrypted.fragment !== undefined && !this.#sizes.allowed) return dropped('unexpected');
    const cipher = { cipher: this.#protection.cipher, key: this.#protection.inbound };
    if (header.isResponse) return this.#receiveAnswer(sealed, cipher, now);
    const last = this.#lastResponse;
    if (last !== undefined && header.messageId === last.messageId) {
      // The other fragments of a repeated request go by without a word. @rfc 7383 2.6.1
      if ((sealed.encrypted.fragment?.number ?? 1) !== 1) return { kind: 'nothing-new' };
      if (!asksAgain(sealed, cipher)) return dropped('integrity');
      for (const octets of last.datagrams) answerTo(octets);
      return { kind: 'nothing-new' };
    }
    if (header.messageId !== this.#nextPeerId) return dropped('out-of-order');
    const opened = openMessage(sealed, cipher, this.#requestFragments, now);
    if (opened.kind === 'stored') return { kind: 'nothing-new' };
    if (opened.kind === 'dropped') return dropped(opened.cause === 'integrity' ? 'integrity' : 'unexpected');
    this.#nextPeerId += 1;
    this.#requestFragmentOctets = opened.fragmentOctets;
    return { kind: 'request', header, message: opened.message };
  }

  /** Sends a request of ours as soon as the one before is answered. */
  request(exchange: number, payloads: readonly Payload[], purpose: Purpose, now: Instant): void {
    if (this.#queue.length < limits.gatewayChildren) this.#queue.push({ exchange, payloads, purpose });
    this.#sendNext(now);
  }

  respond(request: IkeHeader, payloads: readonly Payload[]): void {
    const { exchange, messageId } = request;
    const received = this.#requestFragmentOctets;
    const largest = received === undefined ? this.#sizes.largest : this.#sizes.notAbove(received);
    const message = this.#plain(exchange, messageId, true, payloads);
    const datagrams = sealDatagrams(message, this.#protection, largest);
    this.#lastResponse = { messageId, datagrams };
    this.#sendAll(datagrams);
  }

  /** Retransmits what is due. `silent`: the client never answered; nothing of ours is on the wire any more. */
  timeout(now: Instant): 'silent' | undefined {
    const step = this.#outstanding?.retransmission.check(now);
    if (step === 'send' && this.#outstanding !== undefined) this.#sendAll(this.#outstanding.sent.again());
    if (step !== 'give-up') return undefined;
    this.abandon();
    return 'silent';
  }

  /** Whatever we asked for: its answer changes nothing any more. */
  abandon(): void {
    this.#outstanding?.sent.wipe();
    this.#outstanding = undefined;
    this.#queue = [];
  }

  /** Deleted. Lingers until `forgetAt`, as long as the client may retransmit. */
  end(forgetAt: Instant): void {
    this.phase = 'over';
    this.forgetAt = forgetAt;
  }

  get sa(): ChannelKeys {
    return this.#sa;
  }

  /** It stays. `keys`: a PPK has changed those that others are made from; those of the messages are the same. @rfc 8784 3 */
  loggedIn(keys: IkeKeys | undefined): void {
    this.forgetAt = undefined;
    if (keys !== undefined) this.#sa = { ...this.#sa, keys };
  }

  wipe(): void {
    this.abandon();
    this.#requestFragments.clear();
    this.#responseFragments.clear();
    this.#protection.wipe();
    wipeIkeKeys(this.#sa.keys);
  }

  #sendNext(now: Instant): void {
    if (this.#outstanding !== undefined) return;
    const next = this.#queue.shift();
    if (next === undefined) return;
    const { exchange, payloads, purpose } = next;
    const messageId = this.#nextOwnId++;
    const sent = new OutgoingRequest(
      this.#plain(exchange, messageId, false, payloads),
      this.#protection,
      this.#sizes,
    );
    const retransmission = new RetransmitSchedule(limits.retransmitTries, now);
    this.#outstanding = { messageId, exchange, purpose, sent, retransmission };
    this.#sendAll(sent.datagrams);
  }

  #receiveAnswer(sealed: SealedMessage, cipher: SkCipher, now: Instant): Received<Purpose> {
    const { header } = sealed;
    const outstanding = this.#outstanding;
    if (outstanding?.messageId !== header.messageId) return dropped('out-of-order');
    if (header.exchange !== outstanding.exchange) return dropped('unexpected');
    const opened = openMessage(sealed, cipher, this.#responseFragments, now);
    if (opened.kind === 'stored') return { kind: 'nothing-new' };
    if (opened.kind === 'dropped') return dropped(opened.cause === 'integrity' ? 'integrity' : 'unexpected');
    outstanding.sent.answered();
    this.#outstanding = undefined;
    this.#sendNext(now);
    return { kind: 'answer', to: outstanding.purpose, message: opened.message };
  }

  #sendAll(datagrams: readonly Uint8Array[]): void {
    for (const octets of datagrams) this.#send(octets);
  }

  #plain(
    exchange: number,
    messageId: number,
    isResponse: boolean,
    payloads: readonly Payload[],
  ): PlainMessage {
    const { initiator, responder } = this.#sa.spis;
    const header = {
      initiatorSpi: initiator,
      responderSpi: responder,
      majorVersion: 2,
      minorVersion: 0,
      exchange,
      fromInitiator: this.#sa.role === 'initiator',
      isResponse,
      messageId,
    };
    return { header, ...encodeChain(payloads) };
  }
}

function dropped(cause: GatewayDrop): { readonly kind: 'dropped'; readonly cause: GatewayDrop } {
  return { kind: 'dropped', cause };
}

/** A moment far enough off that the client has stopped to retransmit. */
export function lingerUntil(now: Instant): Instant {
  return after(now, limits.gatewayLingerMs);
}
