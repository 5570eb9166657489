import { type Endpoint, type IpPrefix, sameEndpoint } from '../base/address.ts';
import { limits } from '../base/limits.ts';
import { after, earliest, type Instant } from '../base/time.ts';
import { type Association, wipeAssociation } from '../ike/association.ts';
import type { IkePort } from '../ike/io.ts';
import { ikeNotify } from '../ike/payload-list.ts';
import { createProtection, type Protection } from '../ike/protection.ts';
import { Retransmission } from '../ike/retransmission.ts';
import { notifyOf, payloadsOf } from '../wire/ike/lookup.ts';
import { decodeInner, type SealedMessage, sealMessage } from '../wire/ike/message.ts';
import { checkOccurrence } from '../wire/ike/message-rules.ts';
import type { IkeMessage, Payload, Spi } from '../wire/ike/payload.ts';
import { unsealOctets } from '../wire/ike/sk.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { securityProtocol } from '../wire/registry/protocols.ts';
import { type FirstChildContext, releaseAddresses } from './first-child.ts';
import type { ClientId, DownReason, GatewayDrop, GatewayOutput } from './io.ts';
import { type LoggedIn, Login } from './login.ts';

/** What one IKE SA needs of the gateway. */
export interface ResponderContext extends FirstChildContext {
  readonly emit: (output: GatewayOutput) => void;
  /** A client is in: other SAs of the same user end, if it says that this is its only one. */
  readonly loggedIn: (sa: ResponderSa, client: LoggedIn, now: Instant) => void;
}

export interface ResponderStart {
  readonly id: ClientId;
  readonly association: Association;
  readonly clientHashes: readonly number[];
  readonly from: Endpoint;
  readonly via: IkePort;
}

type State =
  | { readonly kind: 'logging-in'; readonly login: Login }
  | {
      readonly kind: 'established';
      readonly user: string;
      readonly addresses: readonly IpPrefix[];
      readonly child?: { readonly inbound: Spi; readonly outbound: Spi };
    }
  /** Over. Lingers to answer retransmissions, and to hear the answer to our DELETE. */
  | { readonly kind: 'closed' };

type Established = Extract<State, { kind: 'established' }>;

/** One IKE SA of which the client is the initiator. The window is 1 on both sides. @rfc 7296 2.1 @rfc 7296 2.3 */
export class ResponderSa {
  readonly id: ClientId;
  readonly association: Association;
  readonly #context: ResponderContext;
  readonly #protection: Protection;
  #state: State;
  #endpoint: Endpoint;
  #via: IkePort;
  #nextClientId = 1;
  #lastResponse: { readonly messageId: number; readonly octets: Uint8Array } | undefined;
  #nextOwnId = 0;
  #outstanding: { readonly messageId: number; readonly retransmission: Retransmission } | undefined;
  #lastHeard: Instant;
  /** When a login that goes nowhere, or a closed SA, is forgotten. */
  #forgetAt: Instant | undefined;

  constructor(context: ResponderContext, start: ResponderStart, now: Instant) {
    this.id = start.id;
    this.association = start.association;
    this.#context = context;
    const { keys, suite } = start.association;
    // What the engine calls outbound is the initiator's direction; here it is the other way round.
    const turned = { ...keys, initiator: keys.responder, responder: keys.initiator };
    this.#protection = createProtection(suite.cipher, turned, context.dependencies.random);
    this.#state = { kind: 'logging-in', login: new Login(context, start.association, start.clientHashes) };
    this.#endpoint = start.from;
    this.#via = start.via;
    this.#lastHeard = now;
    this.#forgetAt = after(now, limits.gatewayLoginMs);
  }

  get phase(): State['kind'] {
    return this.#state.kind;
  }

  get user(): string | undefined {
    return this.#state.kind === 'established' ? this.#state.user : undefined;
  }

  /** True when nothing of it is needed any more; call `forget` then. */
  isOver(now: Instant): boolean {
    return this.#forgetAt !== undefined && now >= this.#forgetAt;
  }

  forget(): void {
    if (this.#state.kind === 'logging-in') this.#state.login.wipe();
    this.#state = { kind: 'closed' };
    this.#protection.wipe();
    wipeAssociation(this.association);
  }

  nextWakeup(): Instant | undefined {
    return earliest(earliest(this.#forgetAt, this.#outstanding?.retransmission.dueAt), this.#livenessAt());
  }

  /** A protected message for this SA; the cause when it is dropped. */
  receive(sealed: SealedMessage, from: Endpoint, via: IkePort, now: Instant): GatewayDrop | undefined {
    const { header } = sealed;
    if (!header.fromInitiator) return 'unexpected';
    const isRepeated = !header.isResponse && header.messageId === this.#lastResponse?.messageId;
    const expected = header.isResponse ? this.#outstanding?.messageId : this.#nextClientId;
    if (!isRepeated && header.messageId !== expected) return 'out-of-order';
    if (sealed.encrypted.fragment !== undefined) return 'unexpected';
    const inner = unsealOctets(sealed.encrypted, {
      cipher: this.#protection.cipher,
      key: this.#protection.inbound,
    });
    if (!inner.ok) return 'integrity';
    if (isRepeated) {
      if (this.#lastResponse !== undefined) this.#transmit(this.#lastResponse.octets, from, via);
      return undefined;
    }
    // Not before: anybody can repeat what he saw.
    this.#lastHeard = now;
    const message = decodeInner(header, sealed.encrypted.firstInner, inner.value.octets, inner.value.offset);
    const allowed = message.ok ? checkOccurrence(message.value, true) : message;
    if (header.isResponse) return this.#answered(now);
    this.#nextClientId += 1;
    this.#moved(from, via);
    if (message.ok && allowed.ok) return this.#process(message.value, now);
    const unread = { header, payloads: [] };
    if (allowed.ok || allowed.error.code !== 'peer.critical-payload') return this.#refuse(unread, now);
    const type = Uint8Array.of(Number(allowed.error.detail['type'] ?? 0));
    this.#respond(unread, [ikeNotify(notifyType.UNSUPPORTED_CRITICAL_PAYLOAD, type)]);
    return undefined;
  }

  timeout(now: Instant): void {
    const step = this.#outstanding?.retransmission.check(now);
    if (step === 'send' && this.#outstanding !== undefined) {
      this.#transmit(this.#outstanding.retransmission.octets, this.#endpoint, this.#via);
    } else if (step === 'give-up') {
      this.#outstanding = undefined;
      this.#down('dead', now);
      this.#forgetAt = now;
    }
    const livenessAt = this.#livenessAt();
    if (livenessAt !== undefined && now >= livenessAt) this.#request(exchangeType.INFORMATIONAL, [], now);
  }

  /** Says DELETE to the client. The CHILD SA goes at once. @rfc 7296 1.4.1 */
  disconnect(reason: DownReason, now: Instant): void {
    if (this.#state.kind !== 'established') return;
    this.#down(reason, now);
    // A liveness check that is on the wire gives way: its answer would change nothing any more.
    if (this.#outstanding === undefined) {
      this.#request(exchangeType.INFORMATIONAL, [deleteOf(securityProtocol.IKE, [])], now);
    }
  }

  #process(request: IkeMessage, now: Instant): GatewayDrop | undefined {
    const { exchange } = request.header;
    if (exchange === exchangeType.IKE_AUTH && this.#state.kind === 'logging-in') {
      return this.#login(request, this.#state.login, now);
    }
    if (this.#state.kind !== 'logging-in' && this.#context.config.habits?.silentWhenEstablished)
      return undefined;
    if (exchange === exchangeType.INFORMATIONAL) return this.#informational(request, now);
    if (this.#state.kind === 'closed') return 'unexpected';
    if (exchange === exchangeType.CREATE_CHILD_SA && this.#state.kind === 'established') {
      this.#respond(request, [ikeNotify(notifyType.NO_ADDITIONAL_SAS)]);
      return undefined;
    }
    return this.#refuse(request, now);
  }

  #login(request: IkeMessage, login: Login, now: Instant): undefined {
    const step = login.process(request);
    switch (step.kind) {
      case 'silent':
        return;
      case 'continue':
        this.#respond(request, step.payloads);
        return;
      case 'failed': {
        const { user, error } = step;
        this.#context.emit({ kind: 'login-failed', ...(user === undefined ? {} : { user }), error });
        this.#respond(request, step.payloads);
        this.#close(now);
        return;
      }
      case 'in':
        this.#establish(step.client, now);
        this.#respond(request, step.payloads);
    }
  }

  #establish(client: LoggedIn, now: Instant): void {
    const { user, addresses, child, espProposal } = client;
    this.#forgetAt = undefined;
    this.#context.loggedIn(this, client, now);
    this.#state = {
      kind: 'established',
      user,
      addresses,
      ...(child === undefined ? {} : { child: { inbound: child.inbound.spi, outbound: child.outbound.spi } }),
    };
    const { emit } = this.#context;
    const endpoint = this.#endpoint;
    if (child !== undefined) emit({ kind: 'child-install', client: this.id, child, remote: endpoint });
    const summary = {
      user,
      endpoint,
      addresses,
      ikeProposal: this.association.suite.notation,
      natDetected: this.association.nat.remote,
    };
    emit({
      kind: 'client-up',
      client: this.id,
      summary: espProposal === undefined ? summary : { ...summary, espProposal },
    });
  }

  /** An empty request is a liveness check, and gets an empty answer. @rfc 7296 1.4 */
  #informational(request: IkeMessage, now: Instant): undefined {
    const deletes = payloadsOf(request, 'D');
    const endsIke =
      deletes.some(({ protocol }) => protocol === securityProtocol.IKE) ||
      notifyOf(request, notifyType.AUTHENTICATION_FAILED) !== undefined;
    if (endsIke) {
      this.#respond(request, []);
      this.#down('client', now);
      return;
    }
    const spis = deletes
      .filter(({ protocol }) => protocol === securityProtocol.ESP)
      .flatMap(({ spis }) => spis);
    const state = this.#state;
    if (state.kind === 'established' && state.child !== undefined && spis.includes(state.child.outbound)) {
      this.#respond(request, [deleteOf(securityProtocol.ESP, [state.child.inbound])]);
      this.#removeChild(state, state.child.inbound);
      return;
    }
    this.#respond(request, []);
  }

  /** Octets from the client that break a rule: it is told so, and the SA ends. @rfc 7296 2.21.3 */
  #refuse(request: IkeMessage, now: Instant): undefined {
    this.#respond(request, [ikeNotify(notifyType.INVALID_SYNTAX)]);
    this.#down('gateway', now);
  }

  #answered(now: Instant): undefined {
    this.#outstanding = undefined;
    if (this.#state.kind === 'closed') this.#forgetAt = now;
  }

  /** Follows an authenticated client to its new address. @rfc 7296 2.23 */
  #moved(from: Endpoint, via: IkePort): void {
    if (sameEndpoint(from, this.#endpoint) && via === this.#via) return;
    this.#endpoint = from;
    this.#via = via;
    if (this.#state.kind !== 'established') return;
    this.#context.emit({ kind: 'client-moved', client: this.id, remote: from });
  }

  #removeChild(state: Established, inboundSpi: Spi): void {
    const { user, addresses } = state;
    this.#state = { kind: 'established', user, addresses };
    this.#context.emit({ kind: 'child-remove', client: this.id, inboundSpi });
  }

  #down(reason: DownReason, now: Instant): void {
    const { emit, pools } = this.#context;
    const state = this.#state;
    if (state.kind === 'logging-in') emit({ kind: 'login-failed', ...state.login.abandoned() });
    if (state.kind === 'established') {
      if (state.child !== undefined) this.#removeChild(state, state.child.inbound);
      releaseAddresses(pools, state.addresses);
      emit({ kind: 'client-down', client: this.id, user: state.user, reason });
    }
    this.#close(now);
  }

  #close(now: Instant): void {
    if (this.#state.kind === 'closed') return;
    if (this.#state.kind === 'logging-in') this.#state.login.wipe();
    this.#state = { kind: 'closed' };
    this.#forgetAt = after(now, limits.gatewayLingerMs);
  }

  #livenessAt(): Instant | undefined {
    const { livenessMs } = this.#context.config;
    const isIdle = this.#state.kind === 'established' && this.#outstanding === undefined;
    return isIdle && livenessMs !== undefined ? after(this.#lastHeard, livenessMs) : undefined;
  }

  #request(exchange: number, payloads: readonly Payload[], now: Instant): void {
    const messageId = this.#nextOwnId++;
    const octets = this.#seal(exchange, messageId, false, payloads);
    const retransmission = new Retransmission(octets, limits.retransmitTries, now);
    this.#outstanding = { messageId, retransmission };
    this.#transmit(octets, this.#endpoint, this.#via);
  }

  #respond(request: IkeMessage, payloads: readonly Payload[]): void {
    const { exchange, messageId } = request.header;
    const octets = this.#seal(exchange, messageId, true, payloads);
    this.#lastResponse = { messageId, octets };
    this.#transmit(octets, this.#endpoint, this.#via);
  }

  #seal(exchange: number, messageId: number, isResponse: boolean, payloads: readonly Payload[]): Uint8Array {
    const { initiator, responder } = this.association.spis;
    const header = {
      initiatorSpi: initiator,
      responderSpi: responder,
      majorVersion: 2,
      minorVersion: 0,
      exchange,
      fromInitiator: false,
      isResponse,
      messageId,
    };
    const key = { cipher: this.#protection.cipher, key: this.#protection.outbound };
    return sealMessage({ header, payloads }, key, this.#protection.nextIv());
  }

  #transmit(octets: Uint8Array, to: Endpoint, via: IkePort): void {
    this.#context.emit({ kind: 'transmit', octets, to, via });
  }
}

function deleteOf(protocol: number, spis: readonly Spi[]): Payload {
  return { kind: 'D', protocol, spis };
}
