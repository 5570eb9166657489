import type { Failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Result } from '../base/result.ts';
import { after, earliest, type Instant } from '../base/time.ts';
import type { Random } from '../crypto/interfaces.ts';
import { type IkeKeys, wipeIkeKeys } from '../ike/keymat.ts';
import type { IkeSuite } from '../ike/negotiate.ts';
import { createProtection, type Protection } from '../ike/protection.ts';
import { Retransmission } from '../ike/retransmission.ts';
import { decodeInner, type SealedMessage, sealMessage } from '../wire/ike/message.ts';
import { checkOccurrence } from '../wire/ike/message-rules.ts';
import type { IkeHeader, IkeMessage, IkeSpi, Payload } from '../wire/ike/payload.ts';
import { unsealOctets } from '../wire/ike/sk.ts';
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
  /** A request that was answered before, and was again. */
  | { readonly kind: 'repeated' }
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
  readonly sa: ChannelKeys;
  /** When it is forgotten; not set while it is in use. */
  forgetAt: Instant | undefined;
  /** When we delete it, having replaced it ourselves. */
  deleteAt: Instant | undefined;
  /** `replaced`: by a new IKE SA, and about to be deleted. `over`: deleted; lingers to answer retransmissions. */
  phase: 'open' | 'replaced' | 'over' = 'open';
  readonly #protection: Protection;
  readonly #send: Send;
  #nextPeerId: number;
  #lastResponse: { readonly messageId: number; readonly octets: Uint8Array } | undefined;
  #nextOwnId = 0;
  #outstanding:
    | {
        readonly messageId: number;
        readonly exchange: number;
        readonly purpose: Purpose;
        readonly retransmission: Retransmission;
      }
    | undefined;
  #queue: OwnRequest<Purpose>[] = [];

  /** Takes over the keys. */
  constructor(start: ChannelStart, random: Random, send: Send) {
    const { keys, suite, role } = start;
    this.sa = start;
    // `createProtection` calls outbound what the initiator of the IKE SA sends.
    const turned =
      role === 'initiator' ? keys : { ...keys, initiator: keys.responder, responder: keys.initiator };
    this.#protection = createProtection(suite.cipher, turned, random);
    this.#send = send;
    this.#nextPeerId = start.firstPeerId;
  }

  get ownSpi(): IkeSpi {
    return this.sa.spis[this.sa.role];
  }

  get peerSpi(): IkeSpi {
    return this.sa.spis[this.sa.role === 'initiator' ? 'responder' : 'initiator'];
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
    const drop = (cause: GatewayDrop): Received<Purpose> => ({ kind: 'dropped', cause });
    if (header.fromInitiator === (this.sa.role === 'initiator')) return drop('unexpected');
    const isRepeated = !header.isResponse && header.messageId === this.#lastResponse?.messageId;
    const expected = header.isResponse ? this.#outstanding?.messageId : this.#nextPeerId;
    if (!isRepeated && header.messageId !== expected) return drop('out-of-order');
    if (header.isResponse && header.exchange !== this.#outstanding?.exchange) return drop('unexpected');
    if (sealed.encrypted.fragment !== undefined) return drop('unexpected');
    const key = { cipher: this.#protection.cipher, key: this.#protection.inbound };
    const inner = unsealOctets(sealed.encrypted, key);
    if (!inner.ok) return drop('integrity');
    if (isRepeated) {
      if (this.#lastResponse !== undefined) answerTo(this.#lastResponse.octets);
      return { kind: 'repeated' };
    }
    const { octets, offset } = inner.value;
    const message = checked(decodeInner(header, sealed.encrypted.firstInner, octets, offset));
    if (!header.isResponse) {
      this.#nextPeerId += 1;
      return { kind: 'request', header, message };
    }
    const outstanding = this.#outstanding;
    if (outstanding === undefined) return drop('out-of-order');
    this.#outstanding = undefined;
    this.#sendNext(now);
    return { kind: 'answer', to: outstanding.purpose, message };
  }

  /** Sends a request of ours as soon as the one before is answered. */
  request(exchange: number, payloads: readonly Payload[], purpose: Purpose, now: Instant): void {
    if (this.#queue.length < limits.gatewayChildren) this.#queue.push({ exchange, payloads, purpose });
    this.#sendNext(now);
  }

  respond(request: IkeHeader, payloads: readonly Payload[]): void {
    const { exchange, messageId } = request;
    const octets = this.#seal(exchange, messageId, true, payloads);
    this.#lastResponse = { messageId, octets };
    this.#send(octets);
  }

  /** Retransmits what is due. `silent`: the client never answered; nothing of ours is on the wire any more. */
  timeout(now: Instant): 'silent' | undefined {
    const step = this.#outstanding?.retransmission.check(now);
    if (step === 'send' && this.#outstanding !== undefined)
      this.#send(this.#outstanding.retransmission.octets);
    if (step !== 'give-up') return undefined;
    this.abandon();
    return 'silent';
  }

  /** Whatever we asked for: its answer changes nothing any more. */
  abandon(): void {
    this.#outstanding = undefined;
    this.#queue = [];
  }

  /** Deleted. Lingers until `forgetAt`, as long as the client may retransmit. */
  end(forgetAt: Instant): void {
    this.phase = 'over';
    this.forgetAt = forgetAt;
  }

  wipe(): void {
    this.abandon();
    this.#protection.wipe();
    wipeIkeKeys(this.sa.keys);
  }

  #sendNext(now: Instant): void {
    if (this.#outstanding !== undefined) return;
    const next = this.#queue.shift();
    if (next === undefined) return;
    const { exchange, payloads, purpose } = next;
    const messageId = this.#nextOwnId++;
    const octets = this.#seal(exchange, messageId, false, payloads);
    const retransmission = new Retransmission(octets, limits.retransmitTries, now);
    this.#outstanding = { messageId, exchange, purpose, retransmission };
    this.#send(octets);
  }

  #seal(exchange: number, messageId: number, isResponse: boolean, payloads: readonly Payload[]): Uint8Array {
    const { initiator, responder } = this.sa.spis;
    const header = {
      initiatorSpi: initiator,
      responderSpi: responder,
      majorVersion: 2,
      minorVersion: 0,
      exchange,
      fromInitiator: this.sa.role === 'initiator',
      isResponse,
      messageId,
    };
    const key = { cipher: this.#protection.cipher, key: this.#protection.outbound };
    return sealMessage({ header, payloads }, key, this.#protection.nextIv());
  }
}

function checked(message: Result<IkeMessage, Failure>): Result<IkeMessage, Failure> {
  if (!message.ok) return message;
  const allowed = checkOccurrence(message.value, true);
  return allowed.ok ? message : allowed;
}

/** A moment far enough off that the client has stopped to retransmit. */
export function lingerUntil(now: Instant): Instant {
  return after(now, limits.gatewayLingerMs);
}
