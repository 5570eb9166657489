import { type Failure, failure } from '../../core/base/errors.ts';
import { limits } from '../../core/base/limits.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import {
  type BridgeEventData,
  type BridgeEventName,
  type BridgeMethodName,
  type BridgeParams,
  type BridgeResult,
  bridgeEventSchema,
  bridgeParamsSchema,
  bridgeResultSchema,
  type Link,
} from '../../core/rpc/bridge.ts';
import { check, checkFromDaemon } from '../../core/rpc/envelope.ts';
import type { Bridge, Line } from './bridge.ts';

type Listener = (data: never) => void;

/**
 * The page's end of the bridge over any line. What it sends and what it gets is checked against the schema; `onBroken` is told of what
 * the host sent against it, which is dropped.
 */
export function createLineBridge(line: Line, onBroken: (error: Failure) => void = () => undefined): Bridge {
  const calls = new Map<number, (answer: Result<unknown, Failure>) => void>();
  const listeners = new Map<string, Set<Listener>>();
  let lastId = 0;

  function receive(message: string): void {
    const read = readMessage(message);
    if (!read.ok) return onBroken(read.error);
    const value = read.value;
    if ('event' in value) {
      const schema = bridgeEventSchema(value.event);
      // An event that this page does not know is news from a later version.
      if (schema === undefined) return;
      const data = check(schema, value.data, `event ${value.event}`);
      if (!data.ok) return onBroken(data.error);
      if (value.event === 'link') failWhenLost(data.value as Link);
      for (const listener of [...(listeners.get(value.event) ?? [])]) listener(data.value as never);
      return;
    }
    const settle = calls.get(value.id);
    calls.delete(value.id);
    settle?.(value.ok ? ok(value.result) : err(value.error));
  }

  /** Without the line no answer comes any more; a host that is there answers even when the daemon is not. */
  function failWhenLost(link: Link): void {
    if (link.state !== 'down' || link.error.code !== 'ui.line-lost') return;
    const lost = [...calls.values()];
    calls.clear();
    for (const settle of lost) settle(err(link.error));
  }

  line.listen(receive);
  return {
    call<M extends BridgeMethodName>(
      method: M,
      params: BridgeParams<M>,
    ): Promise<Result<BridgeResult<M>, Failure>> {
      const checked = check(bridgeParamsSchema(method), params, `parameters of ${method}`);
      if (!checked.ok) return Promise.resolve(checked);
      const id = ++lastId;
      return new Promise((resolve) => {
        calls.set(id, (answer) => {
          const result = answer.ok
            ? check(bridgeResultSchema(method), answer.value, `result of ${method}`)
            : answer;
          // The schema that was checked is the one that the type is made of.
          resolve(result as Result<BridgeResult<M>, Failure>);
        });
        line.send(JSON.stringify({ id, method, params }));
      });
    },
    on<E extends BridgeEventName>(event: E, listener: (data: BridgeEventData<E>) => void): () => void {
      const set = listeners.get(event) ?? new Set<Listener>();
      listeners.set(event, set);
      set.add(listener);
      return () => set.delete(listener);
    },
  };
}

function readMessage(message: string): ReturnType<typeof checkFromDaemon> {
  if (message.length > limits.rpcFrameOctets) return err(failure('rpc.invalid', { reason: 'too long' }));
  try {
    return checkFromDaemon(JSON.parse(message));
  } catch {
    return err(failure('rpc.invalid', { reason: 'not JSON' }));
  }
}
