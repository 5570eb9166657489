import type { Endpoint } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Result } from '../base/result.ts';
import { after, earliest, type Instant } from '../base/time.ts';
import type { Association } from '../ike/association.ts';
import type { IkePort } from '../ike/io.ts';
import { wipeIkeKeys } from '../ike/keymat.ts';
import { ikeNotify } from '../ike/payload-list.ts';
import { deletedSpis, deleteIkeSa, deletesIkeSa } from '../ike/tasks/delete.ts';
import { notifyOf } from '../wire/ike/lookup.ts';
import type { SealedMessage } from '../wire/ike/message.ts';
import type { IkeHeader, IkeMessage, IkeSpi, Spi } from '../wire/ike/payload.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { authLifetime } from './auth-lifetime.ts';
import type { ClientOffers } from './client-offers.ts';
import { type Channel, Connection, type ConnectionHost, type Purpose } from './connection.ts';
import { type FirstChildContext, releaseAddresses } from './first-child.ts';
import type { ClientId, DownReason, GatewayDrop, GatewayOutput } from './io.ts';
import { type LoggedIn, Login } from './login.ts';
import type { NewIkeSa } from './rekey-ike.ts';
import { type ChannelStart, lingerUntil, SaChannel } from './sa-channel.ts';
import { Whereabouts } from './whereabouts.ts';

/** What one client's session needs of the gateway. */
export interface SessionContext extends FirstChildContext {
  readonly emit: (output: GatewayOutput) => void;
  /** An SPI of `newSpi` that came to nothing. */
  readonly freeSpi: (spi: Spi) => void;
  readonly newIkeSpi: () => IkeSpi;
  /** Messages for this IKE SPI of ours go to this session from now on; `undefined`: to nobody. */
  readonly route: (spi: IkeSpi, session: Session | undefined) => void;
  /** A client is in: other SAs of the same user end, if it says that this is its only one. */
  readonly loggedIn: (session: Session, client: LoggedIn, now: Instant) => void;
}

export interface SessionStart {
  readonly id: ClientId;
  readonly association: Association;
  readonly offers: ClientOffers;
  /** Both sides take fragments. @rfc 7383 2.3 */
  readonly fragmentation: boolean;
  readonly from: Endpoint;
  readonly via: IkePort;
}

type State =
  | { readonly kind: 'logging-in'; readonly login: Login }
  | { readonly kind: 'established'; readonly connection: Connection; readonly expiresAt: Instant | undefined }
  /** Over. Lingers to answer retransmissions, and to hear the answer to our DELETE. */
  | { readonly kind: 'closed' };

/**
 * One client, from IKE_SA_INIT to the end: the IKE SA that it began, and those that replace it. Most of the time there is one
 * IKE SA; around a rekey the old ones stay for a while. @rfc 7296 2.1 @rfc 7296 2.8
 */
export class Session {
  readonly id: ClientId;
  readonly #association: Association;
  readonly #context: SessionContext;
  #state: State;
  #channels: readonly Channel[];
  #current: Channel;
  readonly #where: Whereabouts;
  #lastHeard: Instant;

  constructor(context: SessionContext, start: SessionStart, now: Instant) {
    const { association } = start;
    this.id = start.id;
    this.#association = association;
    this.#context = context;
    this.#state = { kind: 'logging-in', login: new Login(context, association, start.offers) };
    this.#where = new Whereabouts({ from: start.from, via: start.via }, start.fragmentation);
    this.#lastHeard = now;
    const { spis, suite, keys } = association;
    this.#current = this.#channel({ role: 'responder', spis, suite, keys, firstPeerId: 1 });
    this.#current.forgetAt = after(now, limits.gatewayLoginMs);
    this.#channels = [this.#current];
  }

  get phase(): State['kind'] {
    return this.#state.kind;
  }

  get user(): string | undefined {
    return this.#state.kind === 'established' ? this.#state.connection.user : undefined;
  }

  /** True when nothing of it is needed any more. */
  get isOver(): boolean {
    return this.#channels.length === 0;
  }

  /** True when a CHILD SA with this inbound SPI is its own. */
  hasChild(inboundSpi: Spi): boolean {
    return (
      this.#state.kind === 'established' &&
      this.#state.connection.children.byInbound(inboundSpi) !== undefined
    );
  }

  nextWakeup(): Instant | undefined {
    let next = this.#livenessAt();
    for (const channel of this.#channels) {
      next = earliest(earliest(next, channel.nextWakeup()), channel.deleteAt);
    }
    if (this.#state.kind !== 'established') return next;
    return earliest(earliest(next, this.#state.expiresAt), this.#state.connection.nextWakeup());
  }

  /** A protected message with an SPI of ours; the cause when it is dropped. */
  receive(sealed: SealedMessage, from: Endpoint, via: IkePort, now: Instant): GatewayDrop | undefined {
    const { header } = sealed;
    const channel = this.#channels.find(
      ({ sa: { spis } }) => spis.responder === header.responderSpi && spis.initiator === header.initiatorSpi,
    );
    if (channel === undefined) return 'unknown-spi';
    const received = channel.receive(sealed, (octets) => this.#transmit(octets, from, via), now);
    if (received.kind === 'dropped') return received.cause;
    if (received.kind === 'nothing-new') return undefined;
    // Not before: anybody can repeat what he saw.
    this.#lastHeard = now;
    const { message } = received;
    if (received.kind === 'answer') {
      this.#answered(channel, received.to, message.ok ? message.value : undefined, now);
      return undefined;
    }
    const hasMoved = this.#where.heard({ from, via }, message.ok ? message.value : undefined);
    if (hasMoved && this.#state.kind === 'established') {
      this.#context.emit({ kind: 'client-moved', client: this.id, remote: from });
    }
    const dropped = this.#handle(channel, header, message, now);
    this.#where.answered();
    return dropped;
  }

  #handle(
    channel: Channel,
    header: IkeHeader,
    message: Result<IkeMessage, Failure>,
    now: Instant,
  ): GatewayDrop | undefined {
    if (message.ok) return this.#process(channel, message.value, now);
    if (message.error.code !== 'peer.critical-payload') return this.#refuse(channel, header, now);
    const type = Uint8Array.of(Number(message.error.detail['type'] ?? 0));
    channel.respond(header, [ikeNotify(notifyType.UNSUPPORTED_CRITICAL_PAYLOAD, type)]);
    return undefined;
  }

  timeout(now: Instant): void {
    for (const channel of this.#channels) {
      if (channel.timeout(now) === 'silent') this.#silent(channel, now);
    }
    this.tick(now);
  }

  /** Does what is due without anybody's asking, and forgets what is over. To be called after every other call. */
  tick(now: Instant): void {
    const { expiresAt } = this.#state.kind === 'established' ? this.#state : {};
    if (expiresAt !== undefined && now >= expiresAt) this.disconnect('expired', now);
    if (this.#state.kind === 'established') this.#state.connection.tick(now);
    const livenessAt = this.#livenessAt();
    if (livenessAt !== undefined && now >= livenessAt) {
      this.#current.request(exchangeType.INFORMATIONAL, [], { kind: 'liveness' }, now);
    }
    for (const channel of this.#channels) {
      if (channel.deleteAt !== undefined && now >= channel.deleteAt) this.#deleteIke(channel, now);
    }
    for (const channel of this.#channels) {
      if (channel.forgetAt !== undefined && now >= channel.forgetAt) this.#forget(channel);
    }
  }

  /** Says DELETE to the client. The CHILD SAs go at once. @rfc 7296 1.4.1 */
  disconnect(reason: DownReason, now: Instant): void {
    if (this.#state.kind !== 'established') return;
    const current = this.#current;
    this.#down(reason, now);
    this.#deleteIke(current, now);
  }

  /** Has its SAs replaced; see `Gateway.rekey`. */
  rekey(what: 'child' | 'ike', now: Instant): void {
    if (this.#state.kind === 'established') this.#state.connection.rekey(what, now);
  }

  childUsed(inboundSpi: Spi): void {
    if (this.#state.kind !== 'established') return;
    const { children } = this.#state.connection;
    const child = children.byInbound(inboundSpi);
    if (child?.phase === 'live') children.use(child);
  }

  #process(channel: Channel, request: IkeMessage, now: Instant): GatewayDrop | undefined {
    const { header } = request;
    const { exchange } = header;
    const state = this.#state;
    if (exchange === exchangeType.IKE_AUTH && state.kind === 'logging-in') {
      return this.#login(channel, request, state.login, now);
    }
    if (state.kind !== 'logging-in' && this.#context.config.habits?.silentWhenEstablished) return undefined;
    if (exchange === exchangeType.INFORMATIONAL) return this.#informational(channel, request, now);
    if (state.kind === 'closed') return 'unexpected';
    if (exchange === exchangeType.CREATE_CHILD_SA && state.kind === 'established') {
      const payloads = state.connection.createChild(channel, request, now);
      if (payloads !== undefined) channel.respond(header, payloads);
      return undefined;
    }
    return this.#refuse(channel, header, now);
  }

  #login(channel: Channel, request: IkeMessage, login: Login, now: Instant): undefined {
    const step = login.process(request);
    switch (step.kind) {
      case 'silent':
        return;
      case 'continue':
        channel.respond(request.header, step.payloads);
        return;
      case 'failed': {
        const { user, error } = step;
        this.#context.emit({ kind: 'login-failed', ...(user === undefined ? {} : { user }), error });
        channel.respond(request.header, step.payloads);
        this.#close(now);
        return;
      }
      case 'in':
        this.#establish(channel, step.client, now);
        channel.respond(request.header, [...step.payloads, ...authLifetime(this.#context.config)]);
    }
  }

  #establish(channel: Channel, client: LoggedIn, now: Instant): void {
    const { user, addresses, child, espProposal } = client;
    const { authLifetimeMs } = this.#context.config;
    this.#where.mobike = client.mobike;
    channel.loggedIn(client.keys);
    this.#context.loggedIn(this, client, now);
    const connection = new Connection(this.#host(), user, addresses, now);
    const expiresAt = authLifetimeMs === undefined ? undefined : after(now, authLifetimeMs);
    this.#state = { kind: 'established', connection, expiresAt };
    if (child !== undefined) connection.installFirst(child, now);
    const summary = {
      user,
      endpoint: this.#where.endpoint,
      addresses,
      ikeProposal: this.#association.suite.notation,
      natDetected: this.#association.nat.remote,
    };
    this.#context.emit({
      kind: 'client-up',
      client: this.id,
      summary: espProposal === undefined ? summary : { ...summary, espProposal },
    });
  }

  #host(): ConnectionHost {
    const { config, dependencies, newSpi, freeSpi, newIkeSpi, emit } = this.#context;
    return {
      ...{ config, dependencies, newSpi, freeSpi, newIkeSpi, emit },
      id: this.id,
      endpoint: () => this.#where.endpoint,
      current: () => this.#current,
      adopt: (channel) => {
        this.#current = channel;
        channel.forgetAt = undefined;
      },
      open: (next) => this.#open(next),
    };
  }

  #open({ keys }: NewIkeSa): Channel | undefined {
    if (this.#channels.length >= limits.gatewayIkeSas) {
      wipeIkeKeys(keys.keys);
      return undefined;
    }
    const channel = this.#channel({ ...keys, firstPeerId: 0 });
    this.#channels = [...this.#channels, channel];
    return channel;
  }

  #channel(start: ChannelStart): Channel {
    const { random } = this.#context.dependencies;
    const send = (octets: Uint8Array) => {
      const { from, via } = this.#where.answerTo;
      this.#transmit(octets, from, via);
    };
    const channel = new SaChannel<Purpose>(start, random, this.#where.fragmentSizes, send);
    this.#context.route(channel.ownSpi, this);
    return channel;
  }

  /** An empty request is a liveness check, and gets an empty answer. @rfc 7296 1.4 */
  #informational(channel: Channel, request: IkeMessage, now: Instant): undefined {
    const isOver = notifyOf(request, notifyType.AUTHENTICATION_FAILED) !== undefined;
    if (isOver || deletesIkeSa(request)) {
      channel.respond(request.header, []);
      this.#deleted(channel, now);
      return;
    }
    const state = this.#state;
    const answer =
      state.kind === 'established' ? state.connection.deleteChildren(deletedSpis(request), now) : [];
    channel.respond(request.header, [
      ...answer,
      ...this.#where.describe(this.#context, channel.sa.spis, request),
    ]);
  }

  #deleted(channel: Channel, now: Instant): void {
    const state = this.#state;
    const goesOn = state.kind === 'established' && state.connection.survivesDeletionOf(channel, now);
    if (!goesOn) {
      this.#down('client', now);
      this.#fallSilent();
      return;
    }
    if (state.kind === 'established') state.connection.giveUp(channel.outstanding);
    channel.abandon();
    channel.end(lingerUntil(now));
  }

  #deleteIke(channel: Channel, now: Instant): void {
    channel.deleteAt = undefined;
    channel.request(exchangeType.INFORMATIONAL, [deleteIkeSa], { kind: 'delete-ike' }, now);
  }

  /** Octets from the client that break a rule: it is told so, and the connection ends. @rfc 7296 2.21.3 */
  #refuse(channel: Channel, request: IkeHeader, now: Instant): undefined {
    channel.respond(request, [ikeNotify(notifyType.INVALID_SYNTAX)]);
    this.#down('gateway', now);
    this.#fallSilent();
  }

  #answered(channel: Channel, to: Purpose, answer: IkeMessage | undefined, now: Instant): void {
    if (to.kind === 'delete-ike') channel.end(now);
    if (this.#state.kind === 'established') this.#state.connection.answered(channel, to, answer, now);
  }

  /** Nobody answers on the connection's own IKE SA: the client is gone. On any other one it may just have forgotten it. */
  #silent(channel: Channel, now: Instant): void {
    const state = this.#state;
    const isOwn = channel === this.#current;
    const goesOn = state.kind === 'established' && (!isOwn || state.connection.fallBack(now));
    if (!goesOn) {
      this.#down('dead', now);
      this.#fallSilent();
    }
    channel.end(now);
  }

  /** The client knows of the end, or does not hear: nothing is asked of it any more. */
  #fallSilent(): void {
    for (const channel of this.#channels) channel.abandon();
  }

  #down(reason: DownReason, now: Instant): void {
    const { emit, pools } = this.#context;
    const state = this.#state;
    if (state.kind === 'logging-in') emit({ kind: 'login-failed', ...state.login.abandoned() });
    if (state.kind === 'established') {
      const { children, addresses, user } = state.connection;
      for (const { outstanding } of this.#channels) state.connection.giveUp(outstanding);
      children.clear();
      releaseAddresses(pools, addresses);
      emit({ kind: 'client-down', client: this.id, user, reason });
    }
    this.#close(now);
  }

  #close(now: Instant): void {
    if (this.#state.kind === 'closed') return;
    if (this.#state.kind === 'logging-in') this.#state.login.wipe();
    this.#state = { kind: 'closed' };
    for (const channel of this.#channels) {
      channel.deleteAt = undefined;
      channel.end(lingerUntil(now));
    }
  }

  #forget(channel: Channel): void {
    this.#channels = this.#channels.filter((other) => other !== channel);
    this.#context.route(channel.ownSpi, undefined);
    channel.wipe();
    if (this.#channels.length > 0) return;
    if (this.#state.kind === 'logging-in') this.#state.login.wipe();
    this.#state = { kind: 'closed' };
  }

  #livenessAt(): Instant | undefined {
    const { livenessMs } = this.#context.config;
    const isIdle = this.#state.kind === 'established' && this.#current.idle;
    return isIdle && livenessMs !== undefined ? after(this.#lastHeard, livenessMs) : undefined;
  }

  #transmit(octets: Uint8Array, to: Endpoint, via: IkePort): void {
    this.#context.emit({ kind: 'transmit', octets, to, via });
  }
}
