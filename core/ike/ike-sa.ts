import { formatEndpoint } from '../base/address.ts';
import { type Failure, failure } from '../base/errors.ts';
import { earliest, type Instant } from '../base/time.ts';
import type { IkeConfig, IkeDependencies } from './config.ts';
import { close, fail, sayGoodbye } from './ending.ts';
import type { Engine } from './engine.ts';
import { onPeerRequest, probe } from './established.ts';
import { type DropCause, ExchangeLayer, type Exhausted, type Received } from './exchange.ts';
import type { IkeAnswer, IkeCommand, IkeInput, IkeOutput } from './io.ts';
import {
  onCredential,
  onEapResponse,
  onGatewayResponse,
  onGoodCertificate,
  onInitResponse,
  onLastResponse,
  startLogin,
} from './login.ts';
import type { IkeState } from './state.ts';

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
  #state: IkeState = { kind: 'idle' };
  #lastAsk = 0;

  constructor(config: IkeConfig, dependencies: IkeDependencies) {
    const emit = (output: IkeOutput): void => {
      this.#outputs.push(output);
    };
    this.#engine = {
      config,
      dependencies,
      exchange: new ExchangeLayer((octets, via) => emit({ kind: 'transmit', octets, via })),
      emit,
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
    return this.#engine.exchange.drops;
  }

  /** The next output, in order; `undefined` when there is none. */
  poll(): IkeOutput | undefined {
    return this.#outputs.shift();
  }

  /** When a `timeout` is due at the latest; `undefined` when only an input can change anything. */
  nextWakeup(): Instant | undefined {
    const retransmission = this.#engine.exchange.nextWakeup();
    if (this.#state.kind !== 'established' || this.#engine.exchange.busy) return retransmission;
    return earliest(retransmission, this.#state.liveness.dueAt);
  }

  handle(input: IkeInput, now: Instant): void {
    if (this.#state.kind === 'closed') return;
    switch (input.kind) {
      case 'datagram':
        this.#state = this.#onReceived(this.#engine.exchange.receive(input.octets, now), now);
        return;
      case 'timeout':
        this.#state = this.#onTimeout(now);
        return;
      case 'command':
        this.#state = this.#onCommand(input.command, now);
        return;
      case 'answer':
        this.#state = this.#onAnswer(input.id, input.answer, now);
        return;
    }
  }

  #onReceived(received: Received | undefined, now: Instant): IkeState {
    const state = this.#state;
    if (received === undefined) return state;
    if (received.kind === 'init-response') {
      if (state.kind !== 'init') return state;
      return onInitResponse(this.#engine, state, received.message, received.octets, now);
    }
    if (state.kind === 'established') state.liveness.restart(now);
    switch (received.kind) {
      case 'broken':
        return close(this.#engine, state, state.kind === 'closing' ? state.error : received.error);
      case 'request':
        return onPeerRequest(this.#engine, state, received.message, now);
      case 'response':
        this.#engine.emit({ kind: 'proven' });
        return this.#onResponse(received, now);
    }
  }

  #onResponse({ message }: Extract<Received, { readonly kind: 'response' }>, now: Instant): IkeState {
    const state = this.#state;
    switch (state.kind) {
      case 'authenticating-gateway':
        return onGatewayResponse(this.#engine, state, message);
      case 'logging-in':
        return onEapResponse(this.#engine, state, message, now);
      case 'requesting-address':
        return onLastResponse(this.#engine, state, message, now);
      case 'closing':
        // The answer to a liveness check may come first; our DELETE is on the wire then.
        return this.#engine.exchange.busy ? state : close(this.#engine, state, state.error);
      case 'established':
      case 'idle':
      case 'init':
      case 'judging-gateway':
      case 'awaiting-credential':
      case 'closed':
        return state;
    }
  }

  #onTimeout(now: Instant): IkeState {
    const state = this.#state;
    const exhausted = this.#engine.exchange.timeout(now);
    if (exhausted !== undefined) return close(this.#engine, state, this.#silence(exhausted));
    const quiet = state.kind === 'established' && !this.#engine.exchange.busy && now >= state.liveness.dueAt;
    if (quiet) probe(this.#engine, now);
    return state;
  }

  /** What it means that a request was never answered. */
  #silence(exhausted: Exhausted): Failure | undefined {
    const state = this.#state;
    switch (state.kind) {
      case 'init':
        return (
          exhausted.hint ??
          failure('peer.unreachable', { gateway: formatEndpoint(this.#engine.config.remote) })
        );
      case 'established':
        return failure('peer.dead');
      case 'closing':
        return state.error;
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
        return state.kind === 'idle' ? startLogin(this.#engine, now) : state;
      case 'disconnect':
        if (state.kind === 'closing') return state;
        return state.kind === 'established'
          ? sayGoodbye(this.#engine, state, undefined, now)
          : close(this.#engine, state);
      case 'probe':
        if (state.kind === 'established') probe(this.#engine, now);
        return state;
      case 'traffic-seen':
        if (state.kind === 'established') state.liveness.restart(command.at);
        return state;
    }
  }

  /** An answer to an ask that is no longer open changes nothing. */
  #onAnswer(id: number, answer: IkeAnswer, now: Instant): IkeState {
    const state = this.#state;
    if (state.kind !== 'judging-gateway' && state.kind !== 'awaiting-credential') return state;
    if (id !== state.ask) return state;
    if (answer.kind === 'refused') return fail(this.#engine, state, answer.error);
    if (state.kind === 'awaiting-credential') {
      if (answer.kind !== 'credential') return state;
      return onCredential(this.#engine, state, answer.password, now);
    }
    if (answer.kind !== 'certificate-verdict') return state;
    const { verdict } = answer;
    return verdict.ok
      ? onGoodCertificate(this.#engine, state, verdict.spki, now)
      : fail(this.#engine, state, verdict.error);
  }
}
