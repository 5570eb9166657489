import type { Failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Instant } from '../base/time.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import type { Engine } from './engine.ts';
import { notifyForFailure } from './failure-notify.ts';
import { ikeNotify } from './payload-list.ts';
import { type Established, type IkeState, type RequestingAddress, wipeState } from './state.ts';
import { deleteIkeSa } from './tasks/delete.ts';

/** The end, at once: keys wiped, no timer, nothing more on the wire. */
export function close(engine: Engine, state: IkeState, error?: Failure): IkeState {
  if (state.kind === 'closed') return state;
  if (state.kind === 'established') engine.emit({ kind: 'child-remove', inboundSpi: state.inboundSpi });
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
  state: Established | RequestingAddress,
  error: Failure | undefined,
  now: Instant,
): IkeState {
  engine.emit({ kind: 'phase', phase: 'closing' });
  if (state.kind === 'established') engine.emit({ kind: 'child-remove', inboundSpi: state.inboundSpi });
  if (state.kind === 'requesting-address') state.msk?.fill(0);
  engine.exchange.request(exchangeType.INFORMATIONAL, [deleteIkeSa], now, limits.deleteTries);
  return { kind: 'closing', association: state.association, ...(error === undefined ? {} : { error }) };
}
