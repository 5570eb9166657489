import { formatEndpoint } from '../base/address.ts';
import { type Failure, failure } from '../base/errors.ts';
import { earliest, type Instant } from '../base/time.ts';
import type { IkeConfig, IkeDependencies } from './config.ts';
import { close, fail, onClosingResponse, sayGoodbye } from './ending.ts';
import type { Engine } from './engine.ts';
import { onEarlyRequest } from './established.ts';
import { ExchangeLayer } from './exchange.ts';
import type { FragmentSizes } from './fragments/fragment-sizes.ts';
import { onGatewayResponse, onGoodCertificate } from './gateway-proof.ts';
import type { IkeLink } from './ike-link.ts';
import { onChildCarried, wakeChild } from './inactivity.ts';
import type { IkeAnswer, IkeCommand, IkeInput, IkeOutput, PathId } from './io.ts';
import { onInitResponse, onProofAnswer, startLogin } from './login.ts';
import { onEapAnswer, onEapResponse, onLastResponse } from './login-eap.ts';
import {
  establishedWakeup,
  onChildUsed,
  onEstablishedResponse,
  onEstablishedTimeout,
  planRekey,
  startNext,
} from './own-exchanges.ts';
import { roundOf } from './own-proof.ts';
import { blamesPath, planCheck } from './path-checks.ts';
import { heedHint } from './peer-hint.ts';
import { onEstablishedRequest } from './peer-request.ts';
import type { DropCause, Exhausted, Received } from './received.ts';
import { widen } from './resources.ts';
import { onRivalAnswer, onRivalInit } from './rival-logins.ts';
import { type Rival, Rivals } from './rivals.ts';
import { probe, race, roam } from './roaming.ts';
import { type Closing, type Course, type IkeState, isUnproven } from './state.ts';
import { firstCourse, isQuestion, turnedAway } from './turned-away.ts';

/**
 * One IKE SA with its CHILD SA, as the initiator: from `connect` through the login with EAP to the end. It owns no socket, no clock
 * and no randomness. The driver passes inputs with the present time, after each drains `poll()` until it is `undefined`, and
 * passes a `timeout` at `nextWakeup()`. Time never runs backwards.
 *
 * Whatever octets come in, it does not throw: what is not from the gateway is dropped and counted.
 *
 * @rfc 7296
 */
export class IkeSa {
  readonly #engine: Engine;
  readonly #outputs: IkeOutput[] = [];
  #asked = 0;
  readonly #drops = new Map<DropCause, number>();
  #state: IkeState = { kind: 'idle' };
  #lastAsk = 0;
  #rivalled = false;

  constructor(config: IkeConfig, dependencies: IkeDependencies) {
    const emit = (output: IkeOutput): void => {
      this.#outputs.push(output);
    };
    const openExchange = (sizes?: FragmentSizes): ExchangeLayer =>
      new ExchangeLayer(
        (octets, via, route) => emit({ kind: 'transmit', octets, via, ...route }),
        this.#drops,
        sizes,
      );
    this.#engine = {
      config,
      dependencies,
      exchange: openExchange(),
      heardFrom: undefined,
      // An IKE SA that replaces another knows the path as that one did. @rfc 7383 2.3
      openExchange: () => openExchange(this.#engine.exchange.fragmentSizes),
      rivalExchange: () => openExchange(),
      rivals: new Rivals(),
      emit,
      restartLogin: (course, now) => startLogin(this.#engine, course, now),
      ask: (ask) => {
        this.#lastAsk += 1;
        emit({ kind: 'ask', id: this.#lastAsk, ask });
        return this.#lastAsk;
      },
    };
  }

  /** Where the IKE SA stands, for display and tests. */
  get state(): IkeState['kind'] {
    return this.#state.kind;
  }

  /** How many datagrams were dropped, by cause. */
  get drops(): Readonly<Partial<Record<DropCause, number>>> {
    return Object.fromEntries(this.#drops);
  }

  /** Two answers to IKE_SA_INIT differed: the login may fail because a forged one was taken. */
  get rivalled(): boolean {
    return this.#rivalled || this.#engine.exchange.rivalled;
  }

  /** Whether a datagram names this IKE SA, or one that replaces it. */
  owns(octets: Uint8Array): boolean {
    const links = this.#links();
    return links.length === 0
      ? this.#engine.exchange.expects(octets) || this.#engine.rivals.owner(octets) !== undefined
      : links.some(({ exchange }) => exchange.owns(octets));
  }

  /** The next output, in order; `undefined` when there is none. */
  poll(): IkeOutput | undefined {
    return this.#outputs.shift();
  }

  /** How many requests of the peer's own were taken, each of them authentic and new. */
  get asked(): number {
    return this.#asked;
  }

  /** When a `timeout` is due at the latest; `undefined` when only an input can change anything. */
  nextWakeup(): Instant | undefined {
    const state = this.#state;
    if (state.kind === 'established') return establishedWakeup(state);
    const { exchange, rivals } = this.#engine;
    if (state.kind !== 'closing') return earliest(exchange.nextWakeup(), rivals.nextWakeup());
    return state.links
      .map(({ exchange }) => exchange.nextWakeup())
      .reduce<Instant | undefined>(earliest, undefined);
  }

  handle(input: IkeInput, now: Instant): void {
    if (this.#state.kind === 'closed') return;
    this.#state = this.#next(input, now);
    const { rivals } = this.#engine;
    while (this.#state.kind === 'closed') {
      const rival = rivals.next();
      const course = rival === undefined ? rivals.takeOtherwise() : undefined;
      if (rival !== undefined) this.#goOnWith(rival, now);
      else if (course !== undefined) this.#goOnAt(course, now);
      else break;
    }
    if (this.#state.kind === 'closed') rivals.settle();
    if (this.#state.kind === 'established') startNext(this.#engine, this.#state, now);
  }

  /** The answer to IKE_SA_INIT that was taken has led to nothing: there was another one. */
  #goOnWith({ exchange, state, answer }: Rival, now: Instant): void {
    this.#unsayClosed();
    this.#rivalled = true;
    this.#engine.exchange = exchange;
    this.#state = state;
    if (answer !== undefined)
      this.#state = this.#onReceived({ kind: 'response', message: answer }, undefined, now);
  }

  /** None of those that answered IKE_SA_INIT lets us in this way. */
  #goOnAt(course: Course, now: Instant): void {
    this.#unsayClosed();
    this.#engine.exchange = this.#engine.openExchange();
    this.#state = startLogin(this.#engine, course, now);
  }

  #unsayClosed(): void {
    const end = this.#outputs.findLastIndex(({ kind }) => kind === 'closed');
    if (end >= 0) this.#outputs.splice(end, 1);
  }

  /** What is for an IKE SA beside the present one: the first that answers is believed to be the gateway until it fails to prove that. */
  #onRival(rival: Rival, { octets, path }: Extract<IkeInput, { kind: 'datagram' }>, now: Instant): IkeState {
    const state = this.#state;
    const { exchange, rivals } = this.#engine;
    const received = rival.exchange.receive(octets, now, path);
    if (received?.kind === 'broken') rivals.drop(rival);
    if (received?.kind !== 'response') return state;
    const waits = isUnproven(state) && (exchange.busy || state.kind !== 'authenticating-gateway');
    if (!waits) {
      rivals.swap(rival, { ...rival, answer: received.message });
      return state;
    }
    this.#rivalled = true;
    rivals.swap(rival, { exchange, state });
    this.#engine.exchange = rival.exchange;
    this.#state = rival.state;
    return this.#onReceived(received, undefined, now);
  }

  #next(input: IkeInput, now: Instant): IkeState {
    switch (input.kind) {
      case 'datagram':
        return this.#onDatagram(input, now);
      case 'timeout':
        return this.#onTimeout(now);
      case 'command':
        return this.#onCommand(input.command, now);
      case 'answer':
        return this.#onAnswer(input.id, input.answer, now);
    }
  }

  /** The SPIs in the header say which IKE SA a datagram is for; what belongs to none is counted at the one in use. */
  #onDatagram(input: Extract<IkeInput, { kind: 'datagram' }>, now: Instant): IkeState {
    const { octets, path, from } = input;
    const rival = this.#engine.rivals.owner(octets);
    if (rival !== undefined) return this.#onRival(rival, input, now);
    if (this.#state.kind === 'established') heedHint(this.#engine, this.#state, octets, now);
    const link = this.#links().find(({ exchange }) => exchange.owns(octets));
    const exchange = link?.exchange ?? this.#engine.exchange;
    this.#engine.heardFrom = from;
    return this.#onReceived(exchange.receive(octets, now, path), link, now);
  }

  #links(): readonly IkeLink[] {
    const state = this.#state;
    if (state.kind === 'established') return [state.link, ...state.others];
    return state.kind === 'closing' ? state.links : [];
  }

  #onReceived(received: Received | undefined, link: IkeLink | undefined, now: Instant): IkeState {
    const state = this.#state;
    if (received === undefined) return state;
    if (received.kind === 'init-response') {
      const { message, octets } = received;
      if (state.kind === 'init') return onInitResponse(this.#engine, state, message, octets, now);
      onRivalInit(this.#engine, message, octets, now);
      return state;
    }
    if (state.kind === 'established') state.liveness.restart(now);
    switch (received.kind) {
      case 'broken':
        return close(this.#engine, state, state.kind === 'closing' ? state.error : received.error);
      case 'request':
        this.#asked += 1;
        return state.kind === 'established'
          ? onEstablishedRequest(this.#engine, state, link ?? state.link, received.message, now)
          : onEarlyRequest(this.#engine, state, link?.exchange ?? this.#engine.exchange, received.message);
      case 'response':
        this.#engine.emit({ kind: 'proven', ...provenPath(link?.exchange ?? this.#engine.exchange) });
        return this.#onResponse(received, link, now);
    }
  }

  #onResponse(
    { message }: Extract<Received, { readonly kind: 'response' }>,
    link: IkeLink | undefined,
    now: Instant,
  ): IkeState {
    const state = this.#state;
    switch (state.kind) {
      case 'authenticating-gateway':
        return onGatewayResponse(this.#engine, state, message, now);
      case 'logging-in':
        return onEapResponse(this.#engine, state, message, now);
      case 'requesting-address':
        return onLastResponse(this.#engine, state, message, now);
      case 'closing':
        // The answer to another request may come first; our DELETE is on the wire then.
        return onClosingResponse(this.#engine, state, link, message, now);
      case 'established':
        return onEstablishedResponse(this.#engine, state, link ?? state.link, message, now);
      case 'idle':
      case 'init':
      case 'awaiting-secret':
      case 'awaiting-signature':
      case 'judging-gateway':
      case 'awaiting-credential':
      case 'closed':
        return state;
    }
  }

  #onTimeout(now: Instant): IkeState {
    const state = this.#state;
    if (state.kind === 'closing') return this.#onClosingTimeout(state, now);
    const { exchange, rivals } = this.#engine;
    rivals.timeout(now);
    const due = exchange.nextWakeup();
    const exhausted = exchange.timeout(now);
    if (exhausted !== undefined) return this.#onExhausted(state, exhausted, now);
    if (state.kind === 'established' && due !== undefined && due <= now && blamesPath(state, exchange))
      this.#engine.emit({ kind: 'unanswered' });
    return state.kind === 'established' ? onEstablishedTimeout(this.#engine, state, now) : state;
  }

  #onClosingTimeout(state: Closing, now: Instant): IkeState {
    const exhausted = state.links.filter(({ exchange }) => exchange.timeout(now) !== undefined);
    const over = exhausted.length > 0 && !state.links.some(({ exchange }) => exchange.busy);
    return over ? close(this.#engine, state, state.error) : state;
  }

  #onExhausted(state: IkeState, exhausted: Exhausted, now: Instant): IkeState {
    const { hint } = exhausted;
    return state.kind === 'init' && hint !== undefined && endsWay(hint)
      ? turnedAway(this.#engine, state, hint, now)
      : close(this.#engine, state, this.#silence(exhausted));
  }

  /** What it means that a request was never answered. */
  #silence(exhausted: Exhausted): Failure | undefined {
    const state = this.#state;
    if ('course' in state && isQuestion(state.course)) return state.course.refusals.at(-1);
    switch (state.kind) {
      case 'init':
        return (
          exhausted.hint ??
          failure('peer.unreachable', { gateway: formatEndpoint(this.#engine.config.remote) })
        );
      case 'established':
        return failure('peer.dead');
      case 'logging-in':
        return state.failing ?? failure('peer.silent', { phase: state.kind });
      default:
        return failure('peer.silent', { phase: state.kind });
    }
  }

  #onCommand(command: IkeCommand, now: Instant): IkeState {
    const state = this.#state;
    switch (command.kind) {
      case 'connect':
        return state.kind === 'idle' ? startLogin(this.#engine, firstCourse(this.#engine), now) : state;
      case 'disconnect':
        this.#engine.rivals.settle();
        if (state.kind === 'closing') return state;
        if (state.kind === 'established') return sayGoodbye(this.#engine, state, undefined, now);
        // Our AUTH may have been enough for the gateway: it then has an IKE SA that somebody must delete.
        return state.kind === 'judging-gateway' && roundOf(state).kind !== 'eap'
          ? sayGoodbye(this.#engine, state, undefined, now)
          : close(this.#engine, state);
      case 'abandon':
        this.#engine.rivals.settle();
        return close(this.#engine, state);
      case 'probe':
        if (state.kind === 'established')
          probe(this.#engine, state, now, command.urgent === true ? 'brisk' : 'usual');
        return state;
      case 'roam':
        if (state.kind === 'established') roam(this.#engine, state, command, now);
        return state;
      case 'race':
        if (state.kind === 'established') race(this.#engine, state, command.paths, now);
        return state;
      case 'check-path':
      case 'probe-size':
        if (state.kind === 'established') planCheck(state, command);
        return state;
      case 'traffic-seen':
        if (state.kind === 'established') state.liveness.restart(command.at);
        return state;
      case 'rekey-child':
        if (state.kind === 'established') planRekey(state, command.inboundSpi);
        return state;
      case 'widen':
        if (state.kind === 'established') widen(this.#engine, state);
        return state;
      case 'child-used':
        if (state.kind === 'established') onChildUsed(this.#engine, state, command.inboundSpi);
        return state;
      case 'child-carried':
        if (state.kind === 'established') onChildCarried(state, command.inboundSpi, command.at);
        return state;
      case 'wake-child':
        if (state.kind === 'established') wakeChild(state, command.inboundSpi);
        return state;
    }
  }

  /** An answer to an ask that is no longer open changes nothing. */
  #onAnswer(id: number, answer: IkeAnswer, now: Instant): IkeState {
    const state = this.#state;
    const engine = this.#engine;
    const rival = engine.rivals.whoAsked(id);
    if (rival !== undefined) onRivalAnswer(engine, rival, answer, now);
    if (!('ask' in state) || id !== state.ask) return state;
    if (state.kind === 'awaiting-credential') return onEapAnswer(engine, state, answer, now);
    if (state.kind !== 'judging-gateway') return onProofAnswer(engine, state, answer, now);
    if (answer.kind === 'refused') return fail(engine, state, answer.error);
    if (answer.kind !== 'certificate-verdict') return state;
    const { verdict } = answer;
    return verdict.ok ? onGoodCertificate(engine, state, verdict, now) : fail(engine, state, verdict.error);
  }
}

/** What the gateway cannot do: another way to log in may need less. Without the PPK that must be there none is good. */
function endsWay({ code }: Failure): boolean {
  return code === 'auth.one-round-only' || code === 'auth.signature-unsupported';
}

function provenPath({ answeredBy: { path } }: ExchangeLayer): { readonly path?: PathId } {
  return path === undefined ? {} : { path };
}
