import type { Failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Instant } from '../base/time.ts';
import type { IkeMessage } from '../wire/ike/payload.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import type { Engine } from './engine.ts';
import { notifyForFailure } from './failure-notify.ts';
import type { IkeLink } from './ike-link.ts';
import { openLink } from './open-link.ts';
import { wipeTask } from './own-task.ts';
import { ikeNotify } from './payload-list.ts';
import {
  type Closing,
  type Established,
  type IkeState,
  type Login,
  wipeLoginSecrets,
  wipeState,
} from './state.ts';
import { deleteIkeSa } from './tasks/delete.ts';
import { processIkeRekey } from './tasks/ike-rekey.ts';

/** The end, at once: keys wiped, no timer, nothing more on the wire. */
export function close(engine: Engine, state: IkeState, error?: Failure): IkeState {
  if (state.kind === 'closed') return state;
  if (state.kind === 'established') removeChildren(engine, state);
  wipeState(state);
  engine.exchange.close();
  engine.emit({ kind: 'closed', ...(error === undefined ? {} : { error }) });
  return { kind: 'closed' };
}

/**
 * The end of a login that failed on our side. The gateway has no authenticated IKE SA that a DELETE could end, so it is told why,
 * where that is its business, and no answer is waited for.
 *
 * @rfc 7296 2.21.2
 */
export function fail(engine: Engine, state: IkeState, error: Failure): IkeState {
  const notify = notifyForFailure(error);
  if (notify !== undefined) engine.exchange.announce(exchangeType.INFORMATIONAL, [ikeNotify(notify)]);
  return close(engine, state, error);
}

/** The end of an IKE SA that both sides have: DELETE, then wait a little for the answer. @rfc 7296 1.4.1 */
export function sayGoodbye(
  engine: Engine,
  state: Established | Login,
  error: Failure | undefined,
  now: Instant,
): IkeState {
  engine.emit({ kind: 'phase', phase: 'closing' });
  if (!('agenda' in state)) {
    wipeLoginSecrets(state);
    engine.exchange.request(exchangeType.INFORMATIONAL, [deleteIkeSa], now, limits.deleteTries);
    return {
      kind: 'closing',
      links: [{ ike: state.association, exchange: engine.exchange }],
      ...cause(error),
    };
  }
  removeChildren(engine, state);
  const { active, link, others } = state;
  link.exchange.request(exchangeType.INFORMATIONAL, [deleteIkeSa], now, limits.deleteTries);
  const pending = active?.kind === 'rekey-ike' ? { pending: { task: active, link } } : {};
  if (active !== undefined && active.kind !== 'rekey-ike') wipeTask(active);
  return { kind: 'closing', links: [link, ...others], ...pending, ...cause(error) };
}

/** An answer while we leave. A new IKE SA that it makes is deleted as well; the end has come when nothing is outstanding. */
export function onClosingResponse(
  engine: Engine,
  state: Closing,
  link: IkeLink | undefined,
  message: IkeMessage,
  now: Instant,
): IkeState {
  const next = leaveRekeyed(engine, state, link, message, now);
  return next.links.some(({ exchange }) => exchange.busy) ? next : close(engine, next, next.error);
}

function leaveRekeyed(
  engine: Engine,
  state: Closing,
  link: IkeLink | undefined,
  message: IkeMessage,
  now: Instant,
): Closing {
  const { pending, ...rest } = state;
  if (pending === undefined || pending.link !== link) return state;
  const rekeyed = processIkeRekey(engine.dependencies, link.ike, pending.task.offer, message);
  wipeTask(pending.task);
  if (!rekeyed.ok) return rest;
  const made = openLink(engine, rekeyed.value.ike, true);
  made.exchange.request(exchangeType.INFORMATIONAL, [deleteIkeSa], now, limits.deleteTries);
  return { ...rest, links: [...rest.links, made] };
}

function removeChildren(engine: Engine, state: Established): void {
  for (const { inboundSpi } of state.children.all()) engine.emit({ kind: 'child-remove', inboundSpi });
}

function cause(error: Failure | undefined): { readonly error?: Failure } {
  return error === undefined ? {} : { error };
}
