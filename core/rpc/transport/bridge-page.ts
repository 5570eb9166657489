import { type Failure, failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { err, ok, type Result } from '../../base/result.ts';
import {
  type BridgeEventData,
  type BridgeEventName,
  type BridgeMethodName,
  type BridgeParams,
  type BridgeRequest,
  type BridgeResult,
  type DaemonMethodName,
  type HostMethodName,
  isHostMethod,
  readBridgeRequest,
} from '../bridge.ts';
import { type EventName, eventSchemas, isEventName, type MethodParams } from '../schema.ts';
import type { RpcClient } from './client.ts';
import { DaemonLink } from './daemon-link.ts';

export type HostMethods = {
  readonly [M in Exclude<HostMethodName, 'reach-daemon'>]: (
    params: BridgeParams<M>,
  ) => Result<BridgeResult<M>, Failure> | Promise<Result<BridgeResult<M>, Failure>>;
};

export interface BridgePageOptions {
  /** A connection of this page's own to the daemon: what it is asked, nobody else is. */
  readonly reach: () => Promise<Result<RpcClient, Failure>>;
  readonly methods: HostMethods;
  /** Hands one message to the page. */
  readonly send: (message: string) => void;
  /** The daemon asks the user something: a host whose page is hidden shows it. */
  readonly onAsk?: () => void;
  /** A call of the page is done. */
  readonly onServed?: (method: BridgeMethodName, good: boolean) => void;
  /** The page is to be dropped: it sends what no page of ours sends. */
  readonly onMisuse: () => void;
}

/**
 * The host's end of the bridge for one page: checks what the page says against the allow-list, hands it to the daemon
 * or to the host, and hands back answers and events. Reaches the daemon again by itself whenever it is lost.
 */
export class BridgePage {
  readonly #options: BridgePageOptions;
  readonly #daemon: DaemonLink;
  #closed = false;
  #strikes = 0;
  #inFlight = 0;

  constructor(options: BridgePageOptions) {
    this.#options = options;
    this.#daemon = new DaemonLink({
      reach: options.reach,
      onLink: (link) => this.emit('link', link),
      onReached: (rpc) => {
        for (const event of Object.keys(eventSchemas).filter(isEventName)) this.#relay(rpc, event);
      },
    });
  }

  /** Takes one message of the page. */
  receive(message: string): void {
    if (this.#closed) return;
    const request = readBridgeRequest(message);
    if (!request.ok) {
      const { id, error } = request.error;
      if (id !== undefined) this.#answer(id, err(error));
      this.#strikes++;
      if (this.#strikes >= limits.bridgeStrikes) this.#options.onMisuse();
      return;
    }
    if (this.#inFlight >= limits.rpcCallsInFlight) {
      this.#answer(request.value.id, err(failure('rpc.invalid', { reason: 'too many calls at once' })));
      return;
    }
    this.#inFlight++;
    void this.#serve(request.value).then((result) => {
      this.#inFlight--;
      this.#answer(request.value.id, result);
      this.#options.onServed?.(request.value.method, result.ok);
    });
  }

  /** Tells the page something of the host: `show`, `import-offered`. */
  emit<E extends BridgeEventName>(event: E, data: BridgeEventData<E>): void {
    if (!this.#closed) this.#options.send(JSON.stringify({ event, data }));
  }

  /** The page is gone. */
  close(): void {
    this.#closed = true;
    this.#daemon.close();
  }

  #answer(id: number, result: Result<unknown, Failure>): void {
    if (this.#closed) return;
    const { send } = this.#options;
    send(
      JSON.stringify(
        result.ok ? { id, ok: true, result: result.value } : { id, ok: false, error: result.error },
      ),
    );
  }

  async #serve(request: BridgeRequest): Promise<Result<unknown, Failure>> {
    const { method, params } = request;
    try {
      if (!isHostMethod(method)) return await this.#callDaemon(method, params);
      if (method !== 'reach-daemon') return await this.#callHost(method, params);
      this.#daemon.tryNow();
      return ok({});
    } catch (cause) {
      return err(failure('misuse', { reason: cause instanceof Error ? cause.name : 'unknown' }));
    }
  }

  async #callHost<M extends Exclude<HostMethodName, 'reach-daemon'>>(
    method: M,
    params: unknown,
  ): Promise<Result<unknown, Failure>> {
    // `readBridgeRequest` has checked them against this very method.
    return await this.#options.methods[method](params as BridgeParams<M>);
  }

  async #callDaemon<M extends DaemonMethodName>(
    method: M,
    params: unknown,
  ): Promise<Result<unknown, Failure>> {
    const { rpc, link } = this.#daemon;
    if (rpc === undefined) return err(link.state === 'down' ? link.error : failure('rpc.unavailable'));
    return await rpc.call(method, params as MethodParams<M>);
  }

  #relay(rpc: RpcClient, event: EventName): void {
    rpc.on(event, (data) => {
      if (this.#closed) return;
      this.#options.send(JSON.stringify({ event, data }));
      if (event === 'ask') this.#options.onAsk?.();
    });
  }
}
