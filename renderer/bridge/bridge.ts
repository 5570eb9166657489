import type { Failure } from '../../core/base/errors.ts';
import type { Result } from '../../core/base/result.ts';
import type {
  BridgeEventData,
  BridgeEventName,
  BridgeMethodName,
  BridgeParams,
  BridgeResult,
} from '../../core/rpc/bridge.ts';

/** All that the page knows of the world outside it. */
export interface Bridge {
  /** Fails with what the daemon or the host says, or `rpc.invalid` when either side breaks the schema. Never rejects. */
  call<M extends BridgeMethodName>(
    method: M,
    params: BridgeParams<M>,
  ): Promise<Result<BridgeResult<M>, Failure>>;
  /** Calls `listener` for each event of that name, until the returned function is called. */
  on<E extends BridgeEventName>(event: E, listener: (data: BridgeEventData<E>) => void): () => void;
}

/**
 * A way for texts to and from the host. In a browser it is the loopback server; in Electron the preload script puts one
 * at `window.godwitLine`, over `contextBridge`, with these two functions and nothing else.
 */
export interface Line {
  /** Hands one message to the host. */
  send(message: string): void;
  /** Calls `onMessage` for each message of the host from now on; what came before the first call is not lost. */
  listen(onMessage: (message: string) => void): void;
}
