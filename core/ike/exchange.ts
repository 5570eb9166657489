import type { Failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Instant } from '../base/time.ts';
import { decodeMessage, type SealedMessage } from '../wire/ike/message.ts';
import type { IkeMessage, IkeSpi, Payload } from '../wire/ike/payload.ts';
import { encodeChain } from '../wire/ike/payload-chain.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyForBrokenRequest } from './failure-notify.ts';
import { FragmentSizes } from './fragments/fragment-sizes.ts';
import { openMessage } from './fragments/open-message.ts';
import { OutgoingRequest } from './fragments/outgoing-request.ts';
import { Reassembler } from './fragments/reassembler.ts';
import { type PlainMessage, sealDatagrams } from './fragments/seal-datagrams.ts';
import { InitExchange } from './init-exchange.ts';
import type { InitRestart } from './init-restarts.ts';
import type { IkePort, IkeRoute, PathId } from './io.ts';
import { type IkeSpis, readSpis } from './message-spis.ts';
import { asksInNewerVersion, denyVersion } from './newer-version.ts';
import { PeerWindow } from './peer-window.ts';
import type { Protection } from './protection.ts';
import type { DropCause, Exhausted, Received } from './received.ts';
import {
  type AnsweredBy,
  type OutstandingRequest,
  type QueuedRequest,
  type RequestRoute,
  routeBy,
} from './request.ts';
import { type Pace, RetransmitSchedule } from './retransmission.ts';

/**
 * The exchanges of one IKE SA. It alone knows message IDs, retransmission, restarts
 * of IKE_SA_INIT, and which response answered the peer's last request. The window is 1 on both sides: one request of ours
 * is on the wire at a time, others wait.
 *
 * @rfc 7296 2.1
 * @rfc 7296 2.2
 */
export class ExchangeLayer {
  readonly #transmit: (octets: Uint8Array, via: IkePort, route?: IkeRoute) => void;
  readonly #drops: Map<DropCause, number>;
  #originalInitiator = true;
  #initiatorSpi: IkeSpi = 0n;
  #responderSpi: IkeSpi = 0n;
  #protection: Protection | undefined;
  #outstanding: OutstandingRequest | InitExchange | undefined;
  #queue: QueuedRequest[] = [];
  #nextId = 0;
  #rivalled = false;
  /** Requests in a newer version of IKE that were answered. */
  #denials = 0;
  readonly #peer: PeerWindow;
  readonly #responseFragments = new Reassembler();
  #answeredBy: AnsweredBy = { path: undefined, raced: false, whole: false };
  /** Of the peer's last request: the answer goes back the same way. */
  #requestPath: PathId | undefined;
  /** For an IKE SA that replaces this one. */
  readonly fragmentSizes: FragmentSizes;

  /** `drops` counts for all IKE SAs of one connection, and `fragmentSizes` (of the IKE SA that is replaced) holds for all of them. */
  constructor(
    transmit: (octets: Uint8Array, via: IkePort, route?: IkeRoute) => void,
    drops: Map<DropCause, number> = new Map(),
    fragmentSizes: FragmentSizes = new FragmentSizes(),
  ) {
    this.fragmentSizes = fragmentSizes;
    this.#peer = new PeerWindow(fragmentSizes);
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

  /** IKE_SA_INIT was answered once more, and differently: one of the answers was forged, perhaps the one that was taken. */
  get rivalled(): boolean {
    return this.#rivalled;
  }

  /** True while a request of ours waits for its answer. */
  get busy(): boolean {
    return this.#outstanding !== undefined;
  }

  /** How often the request on the wire has been sent. */
  get transmissions(): number {
    return this.#outstanding?.kind === 'protected' ? this.#outstanding.transmissions : 0;
  }

  /** IKE_SA_INIT, while it is on the wire: what answers it may be forged, so whoever takes an answer may listen on. */
  get init(): InitExchange | undefined {
    return this.#outstanding?.kind === 'init' ? this.#outstanding : undefined;
  }

  get answeredBy(): AnsweredBy {
    return this.#answeredBy;
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
    this.#outstanding = new InitExchange(groups, build, (octets) => this.#transmit(octets, 'ike'), now);
  }

  /** The response was good: from here on everything is protected, and goes to port 4500. @rfc 7296 2.23 */
  acceptInit({ initiator, responder }: IkeSpis, protection: Protection): void {
    this.#outstanding = undefined;
    this.#initiatorSpi = initiator;
    this.#responderSpi = responder;
    this.#protection = protection;
    this.#nextId = 1;
  }

  /**
   * Takes over an IKE SA that CREATE_CHILD_SA made: message IDs begin at 0 in both directions. `originalInitiator`: that exchange
   * was ours, so ours is the first SPI. @rfc 7296 2.18
   */
  acceptRekeyed(spis: IkeSpis, protection: Protection, originalInitiator: boolean): void {
    this.#initiatorSpi = spis.initiator;
    this.#responderSpi = spis.responder;
    this.#protection = protection;
    this.#originalInitiator = originalInitiator;
  }

  /** Whether a datagram names the SPIs of this IKE SA. */
  owns(octets: Uint8Array): boolean {
    const spis = readSpis(octets);
    return spis?.initiator === this.#initiatorSpi && spis.responder === this.#responderSpi;
  }

  /** Whether a datagram may be for this IKE SA, which may still wait for the responder's SPI. */
  expects(octets: Uint8Array): boolean {
    const spis = readSpis(octets);
    if (spis?.initiator !== this.#initiatorSpi) return false;
    const isInit = octets[18] === exchangeType.IKE_SA_INIT;
    return isInit || this.#responderSpi === 0n || spis.responder === this.#responderSpi;
  }

  /** The response was not the answer, for this reason. Anybody may have sent it, so the wait goes on, but not for long. */
  rejectInit(error: Failure): void {
    this.#drop('hint');
    if (this.#outstanding?.kind === 'init') this.#outstanding.reject(error);
  }

  /** Sends a protected request, or keeps it until the one on the wire is answered. */
  request(
    exchange: number,
    payloads: readonly Payload[],
    now: Instant,
    tries: number = limits.retransmitTries,
    pace: Pace = 'usual',
    route: RequestRoute = {},
  ): void {
    if (this.#queue.length < limits.queuedIkeRequests)
      this.#queue.push({ exchange, payloads, tries, pace, ...route });
    this.#sendNext(now);
  }

  /**
   * Our address has changed: the request on the wire goes out again from the new one, or by all of `paths`, and briskly from then
   * on. @rfc 4555 3.5
   */
  hurry(now: Instant, paths?: readonly PathId[]): void {
    const outstanding = this.#outstanding;
    if (outstanding?.kind !== 'protected') return;
    outstanding.retransmission.restart(limits.roamTries, now, 'brisk');
    outstanding.paths = paths;
    outstanding.sent.cut();
    this.#send(outstanding, outstanding.sent.datagrams);
  }

  /** Somebody waits: the request on the wire goes out again soon, and is given up soon. */
  quicken(now: Instant): void {
    const outstanding = this.#outstanding;
    if (outstanding?.kind === 'protected') outstanding.retransmission.restart(limits.roamTries, now, 'brisk');
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
    this.#transmitAll(this.#peer.respond(message, this.#protection), routeBy(this.#requestPath));
  }

  /** Retransmits what is due. The result is there when the tries are used up; then nothing is outstanding any more. */
  timeout(now: Instant): Exhausted | undefined {
    const outstanding = this.#outstanding;
    const step = outstanding?.retransmission.check(now);
    if (outstanding === undefined || step === undefined || step === 'wait') return undefined;
    if (step === 'send') {
      if (outstanding.kind === 'init') this.#transmit(outstanding.retransmission.octets, 'ike');
      else this.#sendAgain(outstanding);
      return undefined;
    }
    this.#endOutstanding();
    this.#queue = [];
    if (outstanding.kind === 'protected') return { exchange: outstanding.exchange };
    const { hint } = outstanding;
    return { exchange: exchangeType.IKE_SA_INIT, ...(hint === undefined ? {} : { hint }) };
  }

  /** One datagram, without the non-ESP marker. `undefined`: dropped and counted, or dealt with here. */
  receive(octets: Uint8Array, now: Instant, path?: PathId): Received | undefined {
    if (octets.length > limits.ikeMessageOctets) return this.#drop('oversize');
    if (asksInNewerVersion(octets)) return this.#denyVersion(octets);
    const decoded = decodeMessage(octets);
    if (!decoded.ok) return this.#drop('malformed');
    const { header } = decoded.value;
    if (header.initiatorSpi !== this.#initiatorSpi) return this.#drop('spi');
    if (header.fromInitiator === this.#originalInitiator) return this.#drop('direction');
    if (decoded.value.encrypted === undefined) return this.#receiveClear(decoded.value, octets, now);
    if (this.#protection === undefined) return this.#drop('protection');
    if (header.responderSpi !== this.#responderSpi) return this.#drop('spi');
    return header.isResponse
      ? this.#receiveResponse(decoded.value, this.#protection, now, path)
      : this.#receiveRequest(decoded.value, this.#protection, now, path);
  }

  /** Nothing is sent or taken after this. */
  close(): void {
    this.#protection?.wipe();
    this.#protection = undefined;
    this.#endOutstanding();
    this.#queue = [];
    this.#peer.clear();
    this.#responseFragments.clear();
  }

  #receiveClear(message: IkeMessage, octets: Uint8Array, now: Instant): Received | undefined {
    if (this.#outstanding?.kind !== 'init') {
      this.#drop('protection');
      const { exchange, isResponse, responderSpi } = message.header;
      const answers = exchange === exchangeType.IKE_SA_INIT && isResponse;
      if (!answers || responderSpi === this.#responderSpi) return undefined;
      this.#rivalled ||= message.payloads.some(({ kind }) => kind === 'SA');
      return { kind: 'init-response', message, octets };
    }
    const verdict = this.#outstanding.receive(message, now);
    if (verdict === 'candidate') return { kind: 'init-response', message, octets };
    return verdict === undefined ? undefined : this.#drop(verdict);
  }

  /** Nothing protects this word: it is said a few times, to the gateway alone. @rfc 7296 1.5 @rfc 7296 2.5 */
  #denyVersion(octets: Uint8Array): undefined {
    if (this.owns(octets) && this.#protection !== undefined && this.#denials < limits.versionAnswers) {
      this.#denials += 1;
      this.#transmit(denyVersion(octets), 'nat-traversal');
    }
    return this.#drop('malformed');
  }

  #receiveResponse(
    sealed: SealedMessage,
    protection: Protection,
    now: Instant,
    path: PathId | undefined,
  ): Received | undefined {
    const outstanding = this.#outstanding;
    const { header } = sealed;
    if (outstanding?.kind !== 'protected' || header.messageId !== outstanding.messageId) {
      return this.#drop('message-id');
    }
    if (header.exchange !== outstanding.exchange) return this.#drop('exchange');
    const cipher = { cipher: protection.cipher, key: protection.inbound };
    const fragments = this.fragmentSizes.allowed ? this.#responseFragments : undefined;
    const opened = openMessage(sealed, cipher, fragments, now);
    if (opened.kind === 'dropped') return this.#drop(opened.cause);
    if (opened.kind === 'stored') return undefined;
    outstanding.sent.answered();
    this.#answeredBy = { path, raced: outstanding.paths !== undefined, whole: outstanding.sent.whole };
    this.#outstanding = undefined;
    this.#sendNext(now);
    if (!opened.message.ok) return { kind: 'broken', error: opened.message.error };
    return { kind: 'response', message: opened.message.value };
  }

  #receiveRequest(
    sealed: SealedMessage,
    protection: Protection,
    now: Instant,
    path: PathId | undefined,
  ): Received | undefined {
    const request = this.#peer.receive(sealed, protection, now);
    switch (request.kind) {
      case 'nothing':
        return undefined;
      case 'dropped':
        return this.#drop(request.cause);
      case 'again':
        this.#transmitAll(request.answer, routeBy(path));
        return undefined;
      case 'open':
        this.#requestPath = path;
        if (request.message.ok) return { kind: 'request', message: request.message.value };
        return this.#refuse({ header: sealed.header, payloads: [] }, request.message.error);
    }
  }

  /** The peer's request breaks a rule: it is told so, and unless it may go on, the IKE SA ends. @rfc 7296 2.21.3 */
  #refuse(request: IkeMessage, error: Failure): Received | undefined {
    this.respond(request, [notifyForBrokenRequest(error)]);
    return error.code === 'peer.critical-payload' ? undefined : { kind: 'broken', error };
  }

  #sendNext(now: Instant): void {
    if (this.#outstanding !== undefined || this.#protection === undefined) return;
    const next = this.#queue.shift();
    if (next === undefined) return;
    const { exchange, payloads, tries, pace, paths, whole } = next;
    const messageId = this.#nextId;
    this.#nextId += 1;
    const message = this.#plain(exchange, payloads, messageId, false);
    const sent = new OutgoingRequest(message, this.#protection, this.fragmentSizes, whole);
    const retransmission = new RetransmitSchedule(tries, now, pace);
    const transmissions = 1;
    const made = {
      kind: 'protected',
      retransmission,
      sent,
      exchange,
      messageId,
      paths,
      transmissions,
    } as const;
    this.#outstanding = made;
    this.#send(made, sent.datagrams);
  }

  #sendAgain(outstanding: OutstandingRequest): void {
    outstanding.transmissions += 1;
    const alone = outstanding.paths?.length === 1;
    if (alone && outstanding.transmissions > limits.pathCheckTries) outstanding.paths = undefined;
    this.#send(outstanding, outstanding.sent.again());
  }

  #send({ paths, sent }: Pick<OutstandingRequest, 'paths' | 'sent'>, datagrams: readonly Uint8Array[]): void {
    this.#transmitAll(datagrams, {
      ...(paths === undefined ? {} : { paths }),
      ...(sent.whole ? { dontFragment: true } : {}),
    });
  }

  #endOutstanding(): void {
    if (this.#outstanding?.kind === 'protected') this.#outstanding.sent.wipe();
    this.#outstanding = undefined;
  }

  #transmitAll(datagrams: readonly Uint8Array[], route?: IkeRoute): void {
    for (const octets of datagrams) this.#transmit(octets, 'nat-traversal', route);
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
