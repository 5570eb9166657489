import type { Failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Result } from '../base/result.ts';
import type { Instant } from '../base/time.ts';
import { decodeInner, decodeMessage, type SealedMessage, sealMessage } from '../wire/ike/message.ts';
import { checkOccurrence } from '../wire/ike/message-rules.ts';
import type { IkeHeader, IkeMessage, IkeSpi, Payload } from '../wire/ike/payload.ts';
import { unsealOctets } from '../wire/ike/sk.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { type InitRestart, InitRestarts } from './init-restarts.ts';
import type { IkePort } from './io.ts';
import { ikeNotify } from './payload-list.ts';
import type { Protection } from './protection.ts';
import { Retransmission } from './retransmission.ts';

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
      readonly retransmission: Retransmission;
      readonly exchange: number;
      readonly messageId: number;
    };

interface QueuedRequest {
  readonly exchange: number;
  readonly payloads: readonly Payload[];
  readonly tries: number;
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
  #lastResponse: Uint8Array | undefined;

  /** `drops` counts for all IKE SAs of one connection. */
  constructor(
    transmit: (octets: Uint8Array, via: IkePort) => void,
    drops: Map<DropCause, number> = new Map(),
  ) {
    this.#transmit = transmit;
    this.#drops = drops;
  }

  /** How many datagrams were dropped, by cause. */
  get drops(): Readonly<Partial<Record<DropCause, number>>> {
    return Object.fromEntries(this.#drops);
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
  ): void {
    if (this.#queue.length < limits.queuedIkeRequests) this.#queue.push({ exchange, payloads, tries });
    this.#sendNext(now);
  }

  /** Sends a request once and forgets it: for the last word, whose answer would change nothing. */
  announce(exchange: number, payloads: readonly Payload[]): void {
    if (this.#outstanding !== undefined || this.#protection === undefined) return;
    const octets = this.#seal(this.#protection, exchange, payloads, this.#nextId, false);
    this.#nextId += 1;
    this.#transmit(octets, 'nat-traversal');
  }

  /** Answers the peer's request. The octets are kept, in case the request comes again. @rfc 7296 2.1 */
  respond(request: IkeMessage, payloads: readonly Payload[]): void {
    if (this.#protection === undefined) return;
    const { exchange, messageId } = request.header;
    this.#lastResponse = this.#seal(this.#protection, exchange, payloads, messageId, true);
    this.#transmit(this.#lastResponse, 'nat-traversal');
  }

  /** Retransmits what is due. The result is there when the tries are used up; then nothing is outstanding any more. */
  timeout(now: Instant): Exhausted | undefined {
    const outstanding = this.#outstanding;
    const step = outstanding?.retransmission.check(now);
    if (outstanding === undefined || step === undefined || step === 'wait') return undefined;
    if (step === 'send') {
      const via = outstanding.kind === 'init' ? 'ike' : 'nat-traversal';
      this.#transmit(outstanding.retransmission.octets, via);
      return undefined;
    }
    this.#outstanding = undefined;
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
      : this.#receiveRequest(decoded.value, this.#protection);
  }

  /** Nothing is sent or taken after this. */
  close(): void {
    this.#protection?.wipe();
    this.#protection = undefined;
    this.#outstanding = undefined;
    this.#queue = [];
    this.#lastResponse = undefined;
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
    const message = this.#unseal(sealed, protection);
    if (message === undefined) return undefined;
    this.#outstanding = undefined;
    this.#sendNext(now);
    if (!message.ok) return { kind: 'broken', error: message.error };
    return { kind: 'response', message: message.value };
  }

  #receiveRequest(sealed: SealedMessage, protection: Protection): Received | undefined {
    const { header } = sealed;
    const repeated = this.#lastResponse !== undefined && header.messageId === this.#nextPeerId - 1;
    if (header.messageId !== this.#nextPeerId && !repeated) return this.#drop('message-id');
    const message = this.#unseal(sealed, protection);
    if (message === undefined) return undefined;
    if (repeated) {
      if (this.#lastResponse !== undefined) this.#transmit(this.#lastResponse, 'nat-traversal');
      return undefined;
    }
    this.#nextPeerId += 1;
    if (message.ok) return { kind: 'request', message: message.value };
    return this.#refuse({ header, payloads: [] }, message.error);
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

  /** `undefined`: not from the peer, dropped. An error: from the peer, and against the rules. */
  #unseal(sealed: SealedMessage, protection: Protection): Result<IkeMessage, Failure> | undefined {
    const { encrypted: envelope } = sealed;
    // We do not announce IKEV2_FRAGMENTATION_SUPPORTED, so nobody may send fragments. @rfc 7383 2.3
    if (envelope.fragment !== undefined) return this.#drop('fragment');
    const inner = unsealOctets(envelope, { cipher: protection.cipher, key: protection.inbound });
    if (!inner.ok) return this.#drop('integrity');
    const message = decodeInner(sealed.header, envelope.firstInner, inner.value.octets, inner.value.offset);
    if (!message.ok) return message;
    const allowed = checkOccurrence(message.value, true);
    return allowed.ok ? message : allowed;
  }

  #sendInit(octets: Uint8Array, now: Instant): Retransmission {
    this.#transmit(octets, 'ike');
    return new Retransmission(octets, limits.retransmitTries, now);
  }

  #sendNext(now: Instant): void {
    if (this.#outstanding !== undefined || this.#protection === undefined) return;
    const next = this.#queue.shift();
    if (next === undefined) return;
    const { exchange, payloads, tries } = next;
    const messageId = this.#nextId;
    this.#nextId += 1;
    const octets = this.#seal(this.#protection, exchange, payloads, messageId, false);
    const retransmission = new Retransmission(octets, tries, now);
    this.#outstanding = { kind: 'protected', retransmission, exchange, messageId };
    this.#transmit(octets, 'nat-traversal');
  }

  #seal(
    protection: Protection,
    exchange: number,
    payloads: readonly Payload[],
    messageId: number,
    isResponse: boolean,
  ): Uint8Array {
    const header: IkeHeader = {
      initiatorSpi: this.#initiatorSpi,
      responderSpi: this.#responderSpi,
      majorVersion: 2,
      minorVersion: 0,
      exchange,
      fromInitiator: this.#originalInitiator,
      isResponse,
      messageId,
    };
    const cipher = { cipher: protection.cipher, key: protection.outbound };
    return sealMessage({ header, payloads }, cipher, protection.nextIv());
  }

  #drop(cause: DropCause): undefined {
    this.#drops.set(cause, (this.#drops.get(cause) ?? 0) + 1);
    return undefined;
  }
}
