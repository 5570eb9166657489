import { type Endpoint, formatEndpoint } from '../base/address.ts';
import { limits } from '../base/limits.ts';
import { toHex } from '../base/octets.ts';
import { earliest, type Instant, instant } from '../base/time.ts';
import { freshIkeSpi } from '../ike/fresh-ike-spi.ts';
import type { IkePort } from '../ike/io.ts';
import { ikeNotify } from '../ike/payload-list.ts';
import { freshSpi } from '../ike/tasks/child-create.ts';
import { notifyOf, payloadOf } from '../wire/ike/lookup.ts';
import { type ClearMessage, decodeMessage, encodeMessage } from '../wire/ike/message.ts';
import { checkOccurrence } from '../wire/ike/message-rules.ts';
import type { IkeHeader, IkeSpi, Spi } from '../wire/ike/payload.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { AddressPool } from './address-pool.ts';
import type { GatewayConfig, GatewayDependencies } from './config.ts';
import { CookieJar } from './cookie-jar.ts';
import { type InitRequest, initResponse, respondToInit } from './init-responder.ts';
import type { ClientId, Gateway, GatewayCounters, GatewayDrop, GatewayOutput, RekeyTarget } from './io.ts';
import type { LoggedIn } from './login.ts';
import { Session, type SessionContext } from './session.ts';

/** A gateway without clients. */
export function createGateway(config: GatewayConfig, dependencies: GatewayDependencies): Gateway {
  return new EmbeddedGateway(config, dependencies);
}

const defaultCookieThreshold = 32;

class EmbeddedGateway implements Gateway {
  readonly #config: GatewayConfig;
  readonly #dependencies: GatewayDependencies;
  readonly #context: SessionContext;
  readonly #cookies: CookieJar;
  readonly #outputs: GatewayOutput[] = [];
  readonly #sessions = new Set<Session>();
  readonly #bySpi = new Map<IkeSpi, Session>();
  /** The response to each IKE_SA_INIT request whose SA lives, for retransmissions. @rfc 7296 2.1 */
  readonly #initResponses = new Map<string, { readonly session: Session; readonly response: Uint8Array }>();
  readonly #drops: Record<GatewayDrop, number> = {
    malformed: 0,
    'unknown-spi': 0,
    integrity: 0,
    'out-of-order': 0,
    unexpected: 0,
    full: 0,
    'no-cookie': 0,
  };
  #nextClient: ClientId = 1;
  #denials = { since: instant(0), count: 0 };
  readonly #childSpis = new Set<Spi>();

  constructor(config: GatewayConfig, dependencies: GatewayDependencies) {
    this.#config = config;
    this.#dependencies = dependencies;
    this.#cookies = new CookieJar(dependencies.crypto, dependencies.random);
    this.#context = {
      config,
      dependencies,
      pools: config.pools.map((pool) => new AddressPool(pool)),
      newSpi: () => this.#newChildSpi(),
      freeSpi: (spi) => this.#childSpis.delete(spi),
      newIkeSpi: () => this.#newIkeSpi(),
      route: (spi, session) => {
        if (session === undefined) this.#bySpi.delete(spi);
        else this.#bySpi.set(spi, session);
      },
      emit: (output) => this.#emit(output),
      loggedIn: (session, client, now) => this.#loggedIn(session, client, now),
    };
  }

  get counters(): GatewayCounters {
    return {
      halfOpen: this.#count('logging-in'),
      clients: this.#count('established'),
      drops: { ...this.#drops },
    };
  }

  handle(datagram: Uint8Array, from: Endpoint, via: IkePort, now: Instant): void {
    if (this.#config.habits?.silent) return;
    const drop = this.#receive(datagram, from, via, now);
    if (drop !== undefined) this.#drops[drop] += 1;
    this.#sweep(now);
  }

  timeout(now: Instant): void {
    for (const session of this.#sessions) session.timeout(now);
    this.#sweep(now);
  }

  disconnect(client: ClientId, now: Instant): boolean {
    const session = this.#established(client);
    session?.disconnect('gateway', now);
    return session !== undefined;
  }

  rekey(client: ClientId, what: RekeyTarget, now: Instant): boolean {
    const session = this.#established(client);
    session?.rekey(what, now);
    return session !== undefined;
  }

  childUsed(inboundSpi: Spi, now: Instant): void {
    for (const session of this.#sessions) if (session.hasChild(inboundSpi)) session.childUsed(inboundSpi);
    this.#sweep(now);
  }

  poll(): GatewayOutput | undefined {
    return this.#outputs.shift();
  }

  nextWakeup(): Instant | undefined {
    let next: Instant | undefined;
    for (const session of this.#sessions) next = earliest(next, session.nextWakeup());
    return next;
  }

  #receive(datagram: Uint8Array, from: Endpoint, via: IkePort, now: Instant): GatewayDrop | undefined {
    const decoded = decodeMessage(datagram);
    if (!decoded.ok) return 'malformed';
    const message = decoded.value;
    if (message.encrypted === undefined) {
      return this.#init(message, { message, octets: datagram, from, via }, now);
    }
    if (this.#config.habits?.silentAfterInit) return undefined;
    const { fromInitiator, initiatorSpi, responderSpi } = message.header;
    const session = this.#bySpi.get(fromInitiator ? responderSpi : initiatorSpi);
    const drop = session === undefined ? 'unknown-spi' : session.receive(message, from, via, now);
    if (drop === 'unknown-spi') this.#denySpi(message.header, from, via, now);
    return drop;
  }

  /** Tells who speaks to an IKE SA of before our restart that it is gone. Nothing protects this word. @rfc 7296 2.21.4 */
  #denySpi(request: IkeHeader, to: Endpoint, via: IkePort, now: Instant): void {
    if (this.#config.answerUnknownSpis !== true || request.isResponse) return;
    if (now - this.#denials.since >= 1_000) this.#denials = { since: now, count: 0 };
    if (this.#denials.count >= limits.gatewayUnknownSpiAnswers) return;
    this.#denials.count += 1;
    const header = { ...request, isResponse: true, fromInitiator: !request.fromInitiator };
    const payloads = [ikeNotify(notifyType.INVALID_IKE_SPI)];
    this.#emit({ kind: 'transmit', octets: encodeMessage({ header, payloads }), to, via });
  }

  #init(message: ClearMessage, request: InitRequest, now: Instant): GatewayDrop | undefined {
    const { header } = message;
    const isFirst = header.exchange === exchangeType.IKE_SA_INIT && header.responderSpi === 0n;
    if (!isFirst || header.isResponse || !header.fromInitiator || header.messageId !== 0) return 'unexpected';
    if (header.initiatorSpi === 0n || !checkOccurrence(message, false).ok) return 'malformed';
    const key = this.#initKey(request);
    const known = this.#initResponses.get(key);
    if (known !== undefined) {
      if (known.session.phase === 'logging-in') this.#answer(request, known.response);
      return undefined;
    }
    const refusal = this.#admit(request);
    if (refusal !== undefined) return refusal;
    const answer = respondToInit(this.#config, this.#dependencies, request, this.#newIkeSpi());
    if (answer.kind === 'accepted') {
      const { association, offers, fragmentation } = answer;
      const { from, via } = request;
      const start = { id: this.#nextClient++, association, offers, fragmentation, from, via };
      const session = new Session(this.#context, start, now);
      this.#sessions.add(session);
      this.#initResponses.set(key, { session, response: answer.response });
    }
    this.#answer(request, answer.response);
    return undefined;
  }

  /** Room, and the cookie that shows that the client is where it says it is. @rfc 7296 2.6 */
  #admit(request: InitRequest): GatewayDrop | undefined {
    const halfOpen = this.#count('logging-in');
    if (halfOpen >= (this.#config.maxHalfOpen ?? limits.gatewayHalfOpen)) return 'full';
    if (this.#sessions.size - halfOpen >= (this.#config.maxClients ?? limits.gatewayClients)) return 'full';
    const when = this.#config.cookies ?? defaultCookieThreshold;
    if (when === 'never' || (typeof when === 'number' && halfOpen < when)) return undefined;
    const { message, from } = request;
    const nonce = payloadOf(message, 'Nonce')?.nonce ?? new Uint8Array(0);
    const { initiatorSpi } = message.header;
    const cookie = notifyOf(message, notifyType.COOKIE)?.data;
    if (cookie !== undefined && this.#cookies.accepts(cookie, initiatorSpi, nonce, from)) return undefined;
    const demanded = ikeNotify(notifyType.COOKIE, this.#cookies.bake(initiatorSpi, nonce, from));
    this.#emitDatagram(request, initResponse(message, 0n, [demanded]));
    return 'no-cookie';
  }

  #answer(request: InitRequest, response: Uint8Array): void {
    const spoofed = this.#config.habits?.spoofedErrorNotify;
    if (spoofed !== undefined) {
      this.#emitDatagram(request, initResponse(request.message, 0n, [ikeNotify(spoofed)]));
    }
    this.#emitDatagram(request, response);
  }

  #emitDatagram({ from, via }: InitRequest, octets: Uint8Array): void {
    this.#emit({ kind: 'transmit', octets, to: from, via });
  }

  #emit(output: GatewayOutput): void {
    if (output.kind === 'child-remove') this.#childSpis.delete(output.inboundSpi);
    this.#outputs.push(output);
  }

  #loggedIn(current: Session, client: LoggedIn, now: Instant): void {
    if (!client.initialContact) return;
    for (const session of this.#sessions) {
      if (session !== current && session.user === client.user) session.disconnect('replaced', now);
    }
  }

  #sweep(now: Instant): void {
    for (const session of this.#sessions) {
      session.tick(now);
      if (!session.isOver) continue;
      this.#sessions.delete(session);
      for (const [key, entry] of this.#initResponses) {
        if (entry.session === session) this.#initResponses.delete(key);
      }
    }
  }

  #established(client: ClientId): Session | undefined {
    return [...this.#sessions].find(({ id, phase }) => id === client && phase === 'established');
  }

  #count(phase: Session['phase']): number {
    let count = 0;
    for (const session of this.#sessions) if (session.phase === phase) count += 1;
    return count;
  }

  #initKey({ octets, from }: InitRequest): string {
    return `${formatEndpoint(from)} ${toHex(this.#dependencies.crypto.hash('sha256', octets))}`;
  }

  #newIkeSpi(): IkeSpi {
    for (;;) {
      const spi = freshIkeSpi(this.#dependencies.random);
      if (!this.#bySpi.has(spi)) return spi;
    }
  }

  #newChildSpi(): Spi {
    for (;;) {
      const spi = freshSpi(this.#dependencies.random);
      if (this.#childSpis.has(spi)) continue;
      this.#childSpis.add(spi);
      return spi;
    }
  }
}
