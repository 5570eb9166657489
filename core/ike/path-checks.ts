import { limits } from '../base/limits.ts';
import type { Instant } from '../base/time.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import type { Engine } from './engine.ts';
import type { ExchangeLayer } from './exchange.ts';
import type { CheckPathTask, OwnTask, ProbeSizeTask } from './own-task.ts';
import { livenessPayloads } from './roaming.ts';
import type { Established } from './state.ts';
import { packetOf, padding, paddingFor } from './tasks/path-size.ts';

/*
 * Liveness checks that find something out about a path: whether it works, and how large a packet may be. Both go the way of every
 * request: one at a time, and in the end by the path in use and without padding, so that a path that fails costs seconds, not the IKE SA.
 */

/** Whether a request that was sent again speaks against the path in use: a check may go unanswered on its own account at first. */
export function blamesPath({ active }: Established, { transmissions }: ExchangeLayer): boolean {
  const isCheck = active?.kind === 'check-path' || active?.kind === 'probe-size';
  return !isCheck || transmissions > limits.pathCheckTries + 1;
}

/** One check of a kind and path waits at most. */
export function planCheck(state: Established, plan: CheckPathTask | ProbeSizeTask): void {
  const same = (other: { readonly kind: string }) =>
    other.kind === plan.kind && 'path' in other === 'path' in plan;
  const again = state.todo.some(
    (other) => same(other) && (plan.kind !== 'check-path' || !('path' in other) || other.path === plan.path),
  );
  if (!again) state.todo.push(plan);
}

export function startPathCheck(
  engine: Engine,
  state: Established,
  plan: CheckPathTask,
  now: Instant,
): OwnTask {
  const payloads = livenessPayloads(engine, state);
  const tries = limits.pathCheckTries + limits.roamTries;
  const route = { paths: [plan.path] };
  state.link.exchange.request(exchangeType.INFORMATIONAL, payloads, now, tries, 'brisk', route);
  return plan;
}

/** Padding that gets no answer is left out of the last transmissions: the gateway need know nothing of IKE fragments. */
export function startSizeProbe(
  engine: Engine,
  state: Established,
  plan: ProbeSizeTask,
  now: Instant,
): OwnTask | undefined {
  const { exchange, ike } = state.link;
  const { family } = (state.mobility?.remote ?? engine.config.remote).address;
  const octets = paddingFor(plan.octets, family, ike.suite.cipher);
  if (octets === undefined) {
    engine.emit({ kind: 'path-size', octets: plan.octets, fits: false });
    return undefined;
  }
  const tries = limits.pathCheckTries + limits.roamTries;
  const route = { whole: true } as const;
  exchange.request(exchangeType.INFORMATIONAL, [padding(octets)], now, tries, 'brisk', route);
  return { ...plan, proves: packetOf(octets, family, ike.suite.cipher) };
}

export function onChecked(engine: Engine, state: Established, task: CheckPathTask | ProbeSizeTask): void {
  const { path, whole } = state.link.exchange.answeredBy;
  if (task.kind === 'check-path')
    engine.emit({ kind: 'path-checked', path: task.path, works: path === task.path });
  else {
    const { octets, proves = octets } = task;
    engine.emit({ kind: 'path-size', octets, fits: whole, proves });
  }
}
