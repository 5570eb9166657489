import type { Failure } from '../../../../core/base/errors.ts';
import { isOnPurpose } from '../../../../core/rpc/on-purpose.ts';
import type { ProfileReference, TunnelSnapshot } from '../../../../core/rpc/values.ts';
import type { AppState } from '../../../app/state.ts';

/** The states that a user tells apart from across the room. `blocked` has its place here for a kill switch to come. */
export type Mood =
  | 'disconnected'
  | 'failed'
  | 'connecting'
  | 'connected'
  | 'reconnecting'
  | 'disconnecting'
  | 'blocked'
  | 'unknown';

export interface Headline {
  readonly mood: Mood;
  readonly profile: ProfileReference | undefined;
  readonly failure: Failure | undefined;
}

/** What stands at the top: the state, whose it is, and what went wrong unless the user has put that away. */
export function headline(
  state: Pick<AppState, 'snapshot' | 'link' | 'commandFailure' | 'dismissed'>,
): Headline {
  const { snapshot, link, commandFailure } = state;
  if (link.state !== 'up' || snapshot === undefined)
    return { mood: 'unknown', profile: undefined, failure: undefined };
  const { tunnel } = snapshot;
  const failure = commandFailure ?? failureOf(tunnel, state.dismissed);
  if (tunnel.state === 'disconnected') {
    return { mood: failure === undefined ? 'disconnected' : 'failed', profile: undefined, failure };
  }
  return { mood: tunnel.state, profile: tunnel.profile, failure };
}

function failureOf(tunnel: TunnelSnapshot, dismissed: number | undefined): Failure | undefined {
  if (tunnel.state !== 'disconnected' || tunnel.since === dismissed) return undefined;
  const { lastFailure } = tunnel;
  return lastFailure === undefined || isOnPurpose(lastFailure) ? undefined : lastFailure;
}
