import type { Duplex } from 'node:stream';
import type { ZodType } from 'zod';
import { type Failure, failure, formatFailure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { LogSink } from '../../base/log.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Secret } from '../../base/secret.ts';
import type { ChoiceRequest, SecretRequest } from '../asks.ts';
import { check, checkRequest, type RequestEnvelope } from '../envelope.ts';
import { encodeFrame, FrameDecoder } from '../framing.ts';
import {
  type Access,
  allows,
  type EventData,
  type EventName,
  events,
  isMethodName,
  type MethodName,
  type MethodParams,
  methodSchemas,
  methods,
  type SubscribableEvent,
} from '../schema.ts';
import type { Snapshot } from '../values.ts';
import { AskDesk, type AskPatience } from './ask-desk.ts';
import type { PeerCredentials, RpcClientHandle, RpcHandlers } from './server-types.ts';

export interface SessionOptions {
  readonly id: number;
  readonly socket: Duplex;
  readonly credentials: PeerCredentials;
  readonly access: Access;
  readonly handlers: RpcHandlers;
  readonly snapshot: () => Snapshot;
  readonly onSubscribed: ((event: SubscribableEvent) => void) | undefined;
  readonly log: LogSink;
}

/** One client of the server: its frames, its calls, what it subscribed to and what it is asked. */
export class ClientSession implements RpcClientHandle {
  readonly id: number;
  readonly credentials: PeerCredentials;
  readonly access: Access;
  readonly #options: SessionOptions;
  readonly #socket: Duplex;
  readonly #decoder = new FrameDecoder();
  readonly #subscriptions = new Set<SubscribableEvent>();
  readonly #gone = new AbortController();
  readonly #asks: AskDesk;
  /** Requests that came while too many calls were open. */
  readonly #waiting: RequestEnvelope[] = [];
  #callsInFlight = 0;
  #unsentFrames = 0;

  constructor(options: SessionOptions) {
    this.id = options.id;
    this.credentials = options.credentials;
    this.access = options.access;
    this.#options = options;
    this.#socket = options.socket;
    this.#asks = new AskDesk({
      sendAsk: (askId, request, deadlineAt) => this.#sendEvent('ask', { askId, request, deadlineAt }),
      sendAskClosed: (askId, reason) => this.#sendEvent('ask-closed', { askId, reason }),
    });
    this.#socket.on('data', (chunk) => this.#onData(typeof chunk === 'string' ? Buffer.from(chunk) : chunk));
    // `close` follows every error; there is nothing more to say about a client that went away.
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.#asks.close();
      this.#gone.abort();
    });
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  async ask(request: SecretRequest, patience?: AskPatience): Promise<Result<Secret, Failure>> {
    if (this.gone.aborted) return err(failure('secret.missing'));
    return await this.#asks.ask(request, patience);
  }

  async choose(request: ChoiceRequest, patience?: AskPatience): Promise<Result<string, Failure>> {
    if (this.gone.aborted) return err(failure('secret.missing'));
    return await this.#asks.choose(request, patience);
  }

  subscribesTo(event: SubscribableEvent): boolean {
    return this.#subscriptions.has(event);
  }

  publish<E extends SubscribableEvent>(event: E, data: EventData<E>): void {
    if (this.#subscriptions.has(event)) this.#sendEvent(event, data);
  }

  /** Ends the connection after what is queued has been written, or at once when the client does not read. */
  end(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed) {
        resolve();
        return;
      }
      const impatience = setTimeout(() => this.#socket.destroy(), 500);
      this.#socket.once('close', () => {
        clearTimeout(impatience);
        resolve();
      });
      this.#socket.end();
      // Its end is ours too: what it may still want to say has no reader.
      this.#socket.resume();
      this.#socket.once('finish', () => this.#socket.destroy());
    });
  }

  #onData(chunk: Uint8Array): void {
    const decoded = this.#decoder.push(chunk);
    if (!decoded.ok) {
      this.#turnOut('rpc.bad-frame', decoded.error);
      return;
    }
    for (const value of decoded.value) {
      const request = checkRequest(value);
      if (!request.ok) {
        this.#turnOut('rpc.bad-request', request.error);
        return;
      }
      this.#waiting.push(request.value);
    }
    this.#startWaiting();
  }

  #startWaiting(): void {
    while (this.#callsInFlight < limits.rpcCallsInFlight && !this.#socket.destroyed) {
      const request = this.#waiting.shift();
      if (request === undefined) break;
      void this.#serve(request);
    }
    // What one read brought may wait here; no more is read before it is done.
    if (this.#waiting.length > 0) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  async #serve(request: RequestEnvelope): Promise<void> {
    this.#callsInFlight++;
    const outcome = await this.#call(request);
    this.#callsInFlight--;
    if (outcome.ok) this.#send({ id: request.id, ok: true, result: outcome.value });
    else this.#send({ id: request.id, ok: false, error: outcome.error });
    this.#startWaiting();
  }

  async #call(request: RequestEnvelope): Promise<Result<unknown, Failure>> {
    const { method } = request;
    if (!isMethodName(method)) return err(failure('rpc.invalid', { reason: 'there is no such method' }));
    if (!allows(this.access, methods[method].access)) {
      this.#log('warn', 'rpc.denied', { method });
      return err(failure('rpc.denied', { method }));
    }
    try {
      const result = await this.#dispatch(method, request.params);
      if (!result.ok) return result;
      const schema: ZodType = methods[method].result;
      const checked = check(schema, result.value, `result of ${method}`);
      if (!checked.ok) return this.#ownMistake(method, formatFailure(checked.error));
      return checked;
    } catch (error) {
      return this.#ownMistake(
        method,
        error instanceof Error ? (error.stack ?? error.message) : String(error),
      );
    }
  }

  /** The client learns that there was a mistake; what it was stays in the log. */
  #ownMistake(method: MethodName, problem: string): Result<never, Failure> {
    this.#log('error', 'rpc.handler-failed', { method, problem });
    return err(failure('misuse', { reason: `the daemon failed in ${method}` }));
  }

  #dispatch(
    method: MethodName,
    params: unknown,
  ): Result<unknown, Failure> | Promise<Result<unknown, Failure>> {
    const { handlers, snapshot } = this.#options;
    switch (method) {
      case 'status':
        return this.#with('status', params, () => ok({ snapshot: snapshot() }));
      case 'subscribe':
        return this.#with('subscribe', params, (checked) => this.#subscribe(checked));
      case 'answer':
        return this.#with('answer', params, ({ askId, answer }) => {
          const taken = this.#asks.answer(askId, answer);
          return taken.ok ? ok({}) : taken;
        });
      case 'version':
        return this.#with('version', params, (checked) => handlers.version(checked, this));
      case 'profiles':
        return this.#with('profiles', params, (checked) => handlers.profiles(checked, this));
      case 'connect':
        return this.#with('connect', params, (checked) => handlers.connect(checked, this));
      case 'profile':
        return this.#with('profile', params, (checked) => handlers.profile(checked, this));
      case 'save-profile':
        return this.#with('save-profile', params, (checked) => handlers['save-profile'](checked, this));
      case 'remove-profile':
        return this.#with('remove-profile', params, (checked) => handlers['remove-profile'](checked, this));
      case 'look-into-key-file':
        return this.#with('look-into-key-file', params, (checked) =>
          handlers['look-into-key-file'](checked, this),
        );
      case 'history':
        return this.#with('history', params, (checked) => handlers.history(checked, this));
      case 'log-tail':
        return this.#with('log-tail', params, (checked) => handlers['log-tail'](checked, this));
      case 'disconnect':
        return this.#with('disconnect', params, (checked) => handlers.disconnect(checked, this));
      case 'shutdown':
        return this.#with('shutdown', params, (checked) => handlers.shutdown(checked, this));
    }
  }

  #with<M extends MethodName, R>(
    method: M,
    params: unknown,
    run: (params: MethodParams<M>) => R,
  ): R | Result<never, Failure> {
    const checked = check(methodSchemas[method].params, params, `parameters of ${method}`);
    return checked.ok ? run(checked.value) : checked;
  }

  #subscribe({ events: names }: MethodParams<'subscribe'>): Result<unknown, Failure> {
    const denied = names.find((name) => !allows(this.access, events[name].access));
    if (denied !== undefined) return err(failure('rpc.denied', { method: `subscribe ${denied}` }));
    for (const name of names) {
      this.#subscriptions.add(name);
      this.#options.onSubscribed?.(name);
    }
    return ok({ snapshot: this.#options.snapshot() });
  }

  #sendEvent<E extends EventName>(event: E, data: EventData<E>): void {
    this.#send({ event, data });
  }

  #send(message: unknown): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    const frame = encodeFrame(message);
    if (!frame.ok) {
      this.#turnOut('rpc.oversized', frame.error);
      return;
    }
    if (this.#unsentFrames >= limits.rpcQueuedFrames) {
      this.#turnOut('rpc.slow-client', failure('rpc.invalid', { reason: 'the client does not read' }));
      return;
    }
    this.#unsentFrames++;
    this.#socket.write(frame.value, () => {
      this.#unsentFrames--;
    });
  }

  #turnOut(event: string, error: Failure): void {
    this.#log('warn', event, { problem: formatFailure(error) });
    this.#waiting.length = 0;
    this.#socket.destroy();
  }

  #log(level: 'warn' | 'error', event: string, fields: Record<string, string>): void {
    const { pid, uid } = this.credentials;
    this.#options.log({ level, event, fields: { client: this.id, pid, uid, ...fields } });
  }
}
