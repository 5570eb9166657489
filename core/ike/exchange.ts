import type { Failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Instant } from '../base/time.ts';
import { decodeMessage, type SealedMessage } from '../wire/ike/message.ts';
import { checkOccurrence } from '../wire/ike/message-rules.ts';
import type { IkeMessage, IkeSpi, Payload } from '../wire/ike/payload.ts';
import { encodeChain } from '../wire/ike/payload-chain.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { FragmentSizes } from './fragments/fragment-sizes.ts';
import { asksAgain, type Opened, openMessage } from './fragments/open-message.ts';
import { OutgoingRequest } from './fragments/outgoing-request.ts';
import { Reassembler } from './fragments/reassembler.ts';
import { type PlainMessage, sealDatagrams } from './fragments/seal-datagrams.ts';
import { type InitRestart, InitRestarts } from './init-restarts.ts';
import type { IkePort } from './io.ts';
import { ikeNotify } from './payload-list.ts';
import type { Protection } from './protection.ts';
import { type Pace, Retransmission, RetransmitSchedule } from './retransmission.ts';

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
  /** It may be the answer to IKE_SA_INIT: follow with `acceptInit` or `rejectInit`. `octets` is a view of the input. */
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

type Outstanding =
  | {
      readonly kind: 'init';
      retransmission: Retransmission;
      readonly restarts: InitRestarts;
      readonly build: (restart: InitRestart) => Uint8Array;
      candidates: number;
      hint?: Failure;
    }
  | {
      readonly kind: 'protected';
      readonly retransmission: RetransmitSchedule;
      readonly sent: OutgoingRequest;
      readonly exchange: number;
      readonly messageId: number;
    };

interface QueuedRequest {
  readonly exchange: number;
  readonly payloads: readonly Payload[];
  readonly tries: number;
  readonly pace: Pace;
}

/**
 * The exchanges of one IKE SA. It alone knows message IDs, retransmission, restarts
 * of IKE_SA_INIT, and which response answered the peer's last request. The window is 1 on both sides: one request of ours
 * is on the wire at a time, others wait.
 *
 * @rfc 7296 2.1
 * @rfc 7296 2.2
 */
export class ExchangeLayer {
  readonly #transmit: (octets: Uint8Array, via: IkePort) => void;
  readonly #drops: Map<DropCause, number>;
  #originalInitiator = true;
  #initiatorSpi: IkeSpi = 0n;
  #responderSpi: IkeSpi = 0n;
  #protection: Protection | undefined;
  #outstanding: Outstanding | undefined;
  #queue: QueuedRequest[] = [];
  #nextId = 0;
  #nextPeerId = 0;
  /** The answer to the peer's last request, as it was cut. */
  #lastResponse: readonly Uint8Array[] | undefined;
  readonly #requestFragments = new Reassembler();
  readonly #responseFragments = new Reassembler();
  /** The largest fragment of the peer's last request; `undefined` when that came whole. */
  #requestFragmentOctets: number | undefined;
  /** For an IKE SA that replaces this one. */
  readonly fragmentSizes: FragmentSizes;

  /** `drops` counts for all IKE SAs of one connection, and `fragmentSizes` (of the IKE SA that is replaced) holds for all of them. */
  constructor(
    transmit: (octets: Uint8Array, via: IkePort) => void,
    drops: Map<DropCause, number> = new Map(),
    fragmentSizes: FragmentSizes = new FragmentSizes(),
  ) {
    this.fragmentSizes = fragmentSizes;
    this.#transmit = transmit;
    this.#drops = drops;
  }

  /** How many datagrams were dropped, by cause. */
  get drops(): Readonly<Partial<Record<DropCause, number>>> {
    return Object.fromEntries(this.#drops);
  }

  /** Whether the first SPI of the IKE SA is ours. */
  get originalInitiator(): boolean {
    return this.#originalInitiator;
  }

  /** True while a request of ours waits for its answer. */
  get busy(): boolean {
    return this.#outstanding !== undefined;
  }

  nextWakeup(): Instant | undefined {
    return this.#outstanding?.retransmission.dueAt;
  }

  /** Sends IKE_SA_INIT. `build` is called again for each restart. */
  startInit(
    initiatorSpi: IkeSpi,
    groups: readonly number[],
    build: (restart: InitRestart) => Uint8Array,
    now: Instant,
  ): void {
    this.#initiatorSpi = initiatorSpi;
    const restarts = new InitRestarts(groups);
    const retransmission = this.#sendInit(build(restarts.current), now);
    this.#outstanding = { kind: 'init', retransmission, restarts, build, candidates: 0 };
  }

  /** The response was good: from here on everything is protected, and goes to port 4500. @rfc 7296 2.23 */
  acceptInit(responderSpi: IkeSpi, protection: Protection): void {
    this.#outstanding = undefined;
    this.#responderSpi = responderSpi;
    this.#protection = protection;
    this.#nextId = 1;
  }

  /**
   * Takes over an IKE SA that CREATE_CHILD_SA made: message IDs begin at 0 in both directions. `originalInitiator`: that exchange
   * was ours, so ours is the first SPI. @rfc 7296 2.18
   */
  acceptRekeyed(
    spis: { readonly initiator: IkeSpi; readonly responder: IkeSpi },
    protection: Protection,
    originalInitiator: boolean,
  ): void {
    this.#initiatorSpi = spis.initiator;
    this.#responderSpi = spis.responder;
    this.#protection = protection;
    this.#originalInitiator = originalInitiator;
  }

  /** Whether a datagram names the SPIs of this IKE SA. */
  owns(octets: Uint8Array): boolean {
    if (octets.length < 16) return false;
    const view = new DataView(octets.buffer, octets.byteOffset, 16);
    return view.getBigUint64(0) === this.#initiatorSpi && view.getBigUint64(8) === this.#responderSpi;
  }

  /** The response was not the answer, for this reason. Anybody may have sent it, so the wait goes on, but not for long. */
  rejectInit(error: Failure): void {
    this.#drop('hint');
    if (this.#outstanding?.kind !== 'init') return;
    this.#outstanding.hint = error;
    this.#outstanding.retransmission.limitTo(limits.hintedTries);
  }

  /** Sends a protected request, or keeps it until the one on the wire is answered. */
  request(
    exchange: number,
    payloads: readonly Payload[],
    now: Instant,
    tries: number = limits.retransmitTries,
    pace: Pace = 'usual',
  ): void {
    if (this.#queue.length < limits.queuedIkeRequests) this.#queue.push({ exchange, payloads, tries, pace });
    this.#sendNext(now);
  }

  /** Our address has changed: the request on the wire goes out again from the new one, and briskly from then on. @rfc 4555 3.5 */
  hurry(now: Instant): void {
    const outstanding = this.#outstanding;
    if (outstanding?.kind !== 'protected') return;
    outstanding.retransmission.restart(limits.roamTries, now, 'brisk');
    this.#transmitAll(outstanding.sent.datagrams);
  }

  /** Sends a request once and forgets it: for the last word, whose answer would change nothing. */
  announce(exchange: number, payloads: readonly Payload[]): void {
    if (this.#outstanding !== undefined || this.#protection === undefined) return;
    const message = this.#plain(exchange, payloads, this.#nextId, false);
    this.#nextId += 1;
    this.#transmitAll(sealDatagrams(message, this.#protection, this.fragmentSizes.largest));
  }

  /** Answers the peer's request. The octets are kept, in case the request comes again. @rfc 7296 2.1 @rfc 7383 2.6.1 */
  respond(request: IkeMessage, payloads: readonly Payload[]): void {
    if (this.#protection === undefined) return;
    const { exchange, messageId } = request.header;
    const message = this.#plain(exchange, payloads, messageId, true);
    const largest =
      this.#requestFragmentOctets === undefined
        ? this.fragmentSizes.largest
        : this.fragmentSizes.notAbove(this.#requestFragmentOctets);
    this.#lastResponse = sealDatagrams(message, this.#protection, largest);
    this.#transmitAll(this.#lastResponse);
  }

  /** Retransmits what is due. The result is there when the tries are used up; then nothing is outstanding any more. */
  timeout(now: Instant): Exhausted | undefined {
    const outstanding = this.#outstanding;
    const step = outstanding?.retransmission.check(now);
    if (outstanding === undefined || step === undefined || step === 'wait') return undefined;
    if (step === 'send') {
      if (outstanding.kind === 'init') this.#transmit(outstanding.retransmission.octets, 'ike');
      else this.#transmitAll(outstanding.sent.again());
      return undefined;
    }
    this.#endOutstanding();
    this.#queue = [];
    if (outstanding.kind === 'protected') return { exchange: outstanding.exchange };
    const { hint } = outstanding;
    return { exchange: exchangeType.IKE_SA_INIT, ...(hint === undefined ? {} : { hint }) };
  }

  /** One datagram, without the non-ESP marker. `undefined`: dropped and counted, or dealt with here. */
  receive(octets: Uint8Array, now: Instant): Received | undefined {
    if (octets.length > limits.ikeMessageOctets) return this.#drop('oversize');
    const decoded = decodeMessage(octets);
    if (!decoded.ok) return this.#drop('malformed');
    const { header } = decoded.value;
    if (header.initiatorSpi !== this.#initiatorSpi) return this.#drop('spi');
    if (header.fromInitiator === this.#originalInitiator) return this.#drop('direction');
    if (decoded.value.encrypted === undefined) return this.#receiveClear(decoded.value, octets, now);
    if (this.#protection === undefined) return this.#drop('protection');
    if (header.responderSpi !== this.#responderSpi) return this.#drop('spi');
    return header.isResponse
      ? this.#receiveResponse(decoded.value, this.#protection, now)
      : this.#receiveRequest(decoded.value, this.#protection, now);
  }

  /** Nothing is sent or taken after this. */
  close(): void {
    this.#protection?.wipe();
    this.#protection = undefined;
    this.#endOutstanding();
    this.#queue = [];
    this.#lastResponse = undefined;
    this.#requestFragments.clear();
    this.#responseFragments.clear();
  }

  #receiveClear(message: IkeMessage, octets: Uint8Array, now: Instant): Received | undefined {
    const { header } = message;
    const outstanding = this.#outstanding;
    if (outstanding?.kind !== 'init') return this.#drop('protection');
    if (header.exchange !== exchangeType.IKE_SA_INIT) return this.#drop('exchange');
    if (!header.isResponse) return this.#drop('direction');
    if (header.messageId !== 0) return this.#drop('message-id');
    const allowed = checkOccurrence(message, false);
    if (!allowed.ok) {
      this.rejectInit(allowed.error);
      return undefined;
    }
    const verdict = outstanding.restarts.judge(message);
    switch (verdict.kind) {
      case 'candidate':
        if (header.responderSpi === 0n) return this.#drop('spi');
        if (outstanding.candidates >= limits.initCandidates) return this.#drop('hint');
        outstanding.candidates += 1;
        return { kind: 'init-response', message, octets };
      case 'restart':
        outstanding.retransmission = this.#sendInit(outstanding.build(outstanding.restarts.current), now);
        return undefined;
      case 'hint':
        this.rejectInit(verdict.error);
        return undefined;
      case 'stale':
        return this.#drop('hint');
    }
  }

  #receiveResponse(sealed: SealedMessage, protection: Protection, now: Instant): Received | undefined {
    const outstanding = this.#outstanding;
    const { header } = sealed;
    if (outstanding?.kind !== 'protected' || header.messageId !== outstanding.messageId) {
      return this.#drop('message-id');
    }
    if (header.exchange !== outstanding.exchange) return this.#drop('exchange');
    const opened = this.#open(sealed, protection, this.#responseFragments, now);
    if (opened === undefined) return undefined;
    outstanding.sent.answered();
    this.#outstanding = undefined;
    this.#sendNext(now);
    if (!opened.message.ok) return { kind: 'broken', error: opened.message.error };
    return { kind: 'response', message: opened.message.value };
  }

  #receiveRequest(sealed: SealedMessage, protection: Protection, now: Instant): Received | undefined {
    const { header } = sealed;
    if (this.#lastResponse !== undefined && header.messageId === this.#nextPeerId - 1) {
      return this.#repeat(sealed, protection, this.#lastResponse);
    }
    if (header.messageId !== this.#nextPeerId) return this.#drop('message-id');
    const opened = this.#open(sealed, protection, this.#requestFragments, now);
    if (opened === undefined) return undefined;
    this.#nextPeerId += 1;
    this.#requestFragmentOctets = opened.fragmentOctets;
    if (opened.message.ok) return { kind: 'request', message: opened.message.value };
    return this.#refuse({ header, payloads: [] }, opened.message.error);
  }

  /** The peer's last request again: it has lost our answer, or part of it. */
  #repeat(sealed: SealedMessage, protection: Protection, response: readonly Uint8Array[]): undefined {
    const { fragment } = sealed.encrypted;
    if (fragment !== undefined && !this.fragmentSizes.allowed) return this.#drop('fragment');
    // Its other fragments go by without a word. @rfc 7383 2.6.1
    if (fragment !== undefined && fragment.number !== 1) return undefined;
    if (!asksAgain(sealed, { cipher: protection.cipher, key: protection.inbound }))
      return this.#drop('integrity');
    this.#transmitAll(response);
  }

  /** The peer's request breaks a rule: it is told so, and unless it may go on, the IKE SA ends. @rfc 7296 2.21.3 */
  #refuse(request: IkeMessage, error: Failure): Received | undefined {
    if (error.code === 'peer.critical-payload') {
      const type = Number(error.detail['type'] ?? 0);
      this.respond(request, [ikeNotify(notifyType.UNSUPPORTED_CRITICAL_PAYLOAD, Uint8Array.of(type))]);
      return undefined;
    }
    this.respond(request, [ikeNotify(notifyType.INVALID_SYNTAX)]);
    return { kind: 'broken', error };
  }

  /** `undefined`: not from the peer and dropped, or a fragment that waits for the others. */
  #open(
    sealed: SealedMessage,
    protection: Protection,
    reassembler: Reassembler,
    now: Instant,
  ): Extract<Opened, { readonly kind: 'open' }> | undefined {
    const cipher = { cipher: protection.cipher, key: protection.inbound };
    const opened = openMessage(sealed, cipher, this.fragmentSizes.allowed ? reassembler : undefined, now);
    if (opened.kind === 'open') return opened;
    return opened.kind === 'dropped' ? this.#drop(opened.cause) : undefined;
  }

  #sendInit(octets: Uint8Array, now: Instant): Retransmission {
    this.#transmit(octets, 'ike');
    return new Retransmission(octets, limits.retransmitTries, now);
  }

  #sendNext(now: Instant): void {
    if (this.#outstanding !== undefined || this.#protection === undefined) return;
    const next = this.#queue.shift();
    if (next === undefined) return;
    const { exchange, payloads, tries, pace } = next;
    const messageId = this.#nextId;
    this.#nextId += 1;
    const message = this.#plain(exchange, payloads, messageId, false);
    const sent = new OutgoingRequest(message, this.#protection, this.fragmentSizes);
    const retransmission = new RetransmitSchedule(tries, now, pace);
    this.#outstanding = { kind: 'protected', retransmission, sent, exchange, messageId };
    this.#transmitAll(sent.datagrams);
  }

  #endOutstanding(): void {
    if (this.#outstanding?.kind === 'protected') this.#outstanding.sent.wipe();
    this.#outstanding = undefined;
  }

  #transmitAll(datagrams: readonly Uint8Array[]): void {
    for (const octets of datagrams) this.#transmit(octets, 'nat-traversal');
  }

  #plain(
    exchange: number,
    payloads: readonly Payload[],
    messageId: number,
    isResponse: boolean,
  ): PlainMessage {
    const header = {
      initiatorSpi: this.#initiatorSpi,
      responderSpi: this.#responderSpi,
      majorVersion: 2,
      minorVersion: 0,
      exchange,
      fromInitiator: this.#originalInitiator,
      isResponse,
      messageId,
    };
    return { header, ...encodeChain(payloads) };
  }

  #drop(cause: DropCause): undefined {
    this.#drops.set(cause, (this.#drops.get(cause) ?? 0) + 1);
    return undefined;
  }
}
