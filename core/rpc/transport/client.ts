import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Failure, failure } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { errnoOf } from '../../platform/errno.ts';
import { check, checkFromDaemon, type EventEnvelope, type ResponseEnvelope } from '../envelope.ts';
import { encodeFrame, FrameDecoder } from '../framing.ts';
import {
  type EventData,
  type EventName,
  eventSchemas,
  isEventName,
  type MethodName,
  type MethodParams,
  type MethodResult,
  methodSchemas,
} from '../schema.ts';

type Listener<E extends EventName> = (data: EventData<E>) => void;
type Listeners = { readonly [E in EventName]: Set<Listener<E>> };

/** A client's end of the socket. Everything the daemon says is checked against the schema before anyone sees it. */
export interface RpcClient {
  /** Fails with what the daemon says, `rpc.unavailable` when it goes away, or `rpc.invalid`. Never rejects. */
  call<M extends MethodName>(method: M, params: MethodParams<M>): Promise<Result<MethodResult<M>, Failure>>;
  /** Calls `listener` for each event of that name, until the returned function is called. */
  on<E extends EventName>(event: E, listener: Listener<E>): () => void;
  /** Settles when the connection is over: with the reason, or `undefined` after `close`. */
  readonly closed: Promise<Failure | undefined>;
  close(): void;
}

/** Connects to the daemon. Fails with `rpc.unavailable`, or `rpc.denied` when the socket is not for this user. */
export function connectRpc(socketPath: string): Promise<Result<RpcClient, Failure>> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('error', (error) => {
      const errno = errnoOf(error);
      resolve(
        err(
          errno === 'EACCES'
            ? failure('rpc.denied', { method: 'connect', socket: socketPath })
            : failure('rpc.unavailable', { socket: socketPath, errno }),
        ),
      );
    });
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(ok(new SocketClient(socket, socketPath)));
    });
  });
}

/** A client at the end of a stream that is open already. */
export function rpcClientOver(stream: Duplex): RpcClient {
  return new SocketClient(stream, '');
}

class SocketClient implements RpcClient {
  readonly closed: Promise<Failure | undefined>;
  readonly #socket: Duplex;
  readonly #socketPath: string;
  readonly #decoder = new FrameDecoder();
  readonly #calls = new Map<number, (response: ResponseEnvelope) => void>();
  readonly #listeners: Listeners = {
    state: new Set(),
    phase: new Set(),
    log: new Set(),
    sample: new Set(),
    journey: new Set(),
    ask: new Set(),
    'ask-closed': new Set(),
  };
  #lastId = 0;
  #reason: Failure | undefined;

  constructor(socket: Duplex, socketPath: string) {
    this.#socket = socket;
    this.#socketPath = socketPath;
    this.#reason = failure('rpc.unavailable', { socket: socketPath });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        const error = this.#reason ?? failure('rpc.unavailable', { socket: socketPath });
        for (const [id, settle] of this.#calls) settle({ id, ok: false, error });
        this.#calls.clear();
        resolve(this.#reason);
      });
    });
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => this.#onData(typeof chunk === 'string' ? Buffer.from(chunk) : chunk));
  }

  call<M extends MethodName>(method: M, params: MethodParams<M>): Promise<Result<MethodResult<M>, Failure>> {
    const id = ++this.#lastId;
    const frame = encodeFrame({ id, method, params });
    if (!frame.ok) return Promise.resolve(frame);
    if (this.#socket.destroyed) {
      return Promise.resolve(err(failure('rpc.unavailable', { socket: this.#socketPath })));
    }
    return new Promise((resolve) => {
      this.#calls.set(id, (response) => {
        const { result } = methodSchemas[method];
        resolve(response.ok ? check(result, response.result, `result of ${method}`) : err(response.error));
      });
      // A frame can hold a password: the copy is overwritten once the kernel has it.
      this.#socket.write(frame.value, () => frame.value.fill(0));
    });
  }

  on<E extends EventName>(event: E, listener: Listener<E>): () => void {
    const listeners: Set<Listener<E>> = this.#listeners[event];
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  close(): void {
    this.#reason = undefined;
    this.#socket.destroy();
  }

  #onData(chunk: Uint8Array): void {
    const decoded = this.#decoder.push(chunk);
    if (!decoded.ok) {
      this.#giveUp(decoded.error);
      return;
    }
    for (const value of decoded.value) {
      const message = checkFromDaemon(value);
      const problem = message.ok ? this.#onMessage(message.value) : message.error;
      if (problem !== undefined) this.#giveUp(problem);
    }
  }

  #onMessage(message: ResponseEnvelope | EventEnvelope): Failure | undefined {
    if ('event' in message) {
      // An event that this client does not know is news from a later version.
      return isEventName(message.event) ? this.#emit(message.event, message.data) : undefined;
    }
    this.#calls.get(message.id)?.(message);
    this.#calls.delete(message.id);
    return undefined;
  }

  #emit<E extends EventName>(event: E, data: unknown): Failure | undefined {
    const checked = check(eventSchemas[event].data, data, `event ${event}`);
    if (!checked.ok) return checked.error;
    const listeners: Set<Listener<E>> = this.#listeners[event];
    for (const listener of [...listeners]) listener(checked.value);
    return undefined;
  }

  #giveUp(reason: Failure): void {
    this.#reason = reason;
    this.#socket.destroy();
  }
}
