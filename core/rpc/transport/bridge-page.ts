import { type Failure, failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { err, ok, type Result } from '../../base/result.ts';
import {
  type BridgeEventData,
  type BridgeEventName,
  type BridgeParams,
  type BridgeRequest,
  type BridgeResult,
  type DaemonMethodName,
  type HostMethodName,
  isHostMethod,
  type Link,
  readBridgeRequest,
} from '../bridge.ts';
import { type EventName, eventSchemas, isEventName, type MethodParams, protocolVersion } from '../schema.ts';
import type { RpcClient } from './client.ts';

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
  /** The page is to be dropped: it sends what no page of ours sends. */
  readonly onMisuse: () => void;
}

const firstWaitMs = 250;
const longestWaitMs = 5_000;

/**
 * The host's end of the bridge for one page: checks what the page says against the allow-list, hands it to the daemon
 * or to the host, and hands back answers and events. Reaches the daemon again by itself whenever it is lost.
 */
export class BridgePage {
  readonly #options: BridgePageOptions;
  #rpc: RpcClient | undefined;
  #link: Link = { state: 'connecting' };
  #closed = false;
  #strikes = 0;
  #inFlight = 0;
  #tries = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BridgePageOptions) {
    this.#options = options;
    this.emit('link', this.#link);
    void this.#reach();
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
    });
  }

  /** Tells the page something of the host: `show`, `import-offered`. */
  emit<E extends BridgeEventName>(event: E, data: BridgeEventData<E>): void {
    if (!this.#closed) this.#options.send(JSON.stringify({ event, data }));
  }

  /** The page is gone. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#rpc?.close();
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
      if (this.#link.state === 'down') void this.#reach();
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
    if (this.#rpc === undefined) {
      return err(this.#link.state === 'down' ? this.#link.error : failure('rpc.unavailable'));
    }
    return await this.#rpc.call(method, params as MethodParams<M>);
  }

  async #reach(): Promise<void> {
    clearTimeout(this.#timer);
    this.#tries++;
    this.#tell({ state: 'connecting' });
    const reached = await this.#options.reach();
    if (!reached.ok) return this.#lost(reached.error);
    const rpc = reached.value;
    if (this.#closed) return rpc.close();
    const version = await rpc.call('version', {});
    if (!version.ok) {
      rpc.close();
      return this.#lost(version.error);
    }
    this.#rpc = rpc;
    this.#tries = 0;
    for (const event of Object.keys(eventSchemas).filter(isEventName)) this.#relay(rpc, event);
    void rpc.closed.then((reason) => {
      if (this.#rpc !== rpc) return;
      this.#rpc = undefined;
      this.#lost(reason ?? failure('rpc.unavailable'));
    });
    const { protocol } = version.value;
    const match = protocol === protocolVersion ? 'same' : protocol < protocolVersion ? 'older' : 'newer';
    this.#tell({ state: 'up', version: version.value.version, match });
  }

  #relay(rpc: RpcClient, event: EventName): void {
    rpc.on(event, (data) => {
      if (!this.#closed) this.#options.send(JSON.stringify({ event, data }));
    });
  }

  #lost(error: Failure): void {
    if (this.#closed) return;
    const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(this.#tries, 10));
    this.#timer = setTimeout(() => void this.#reach(), wait);
    this.#tell({ state: 'down', error, nextTryAt: Date.now() + wait });
  }

  #tell(link: Link): void {
    this.#link = link;
    this.emit('link', link);
  }
}
