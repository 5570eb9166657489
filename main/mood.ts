import type { Link } from '../core/rpc/bridge.ts';
import { isOnPurpose } from '../core/rpc/on-purpose.ts';
import type { ProfileEntry, Snapshot } from '../core/rpc/values.ts';

/** What the tray shows at a glance. `blocked` has its place here for a kill switch to come. */
const moods = [
  'disconnected',
  'connecting',
  'connected',
  'reconnecting',
  'blocked',
  'needs-you',
  'unreachable',
] as const;
export type Mood = (typeof moods)[number];

export interface Situation {
  readonly link: Link;
  readonly snapshot: Snapshot | undefined;
  /** Those that can be used. */
  readonly profiles: readonly ProfileEntry[];
  /** The id of the one that was connected last. */
  readonly last: string | undefined;
}

/** `needs-you`: the last connection ended with a failure that nobody has looked at. */
export function moodOf({ link, snapshot }: Situation, seen: boolean): Mood {
  if (link.state !== 'up' || snapshot === undefined) return 'unreachable';
  const { tunnel } = snapshot;
  switch (tunnel.state) {
    case 'connected':
    case 'connecting':
    case 'reconnecting':
      return tunnel.state;
    case 'disconnecting':
      return 'connecting';
    case 'disconnected':
      return isFailed(snapshot) && !seen ? 'needs-you' : 'disconnected';
  }
}

/** Whether the last attempt or connection ended by itself: what a user did on purpose is no failure. */
export function isFailed({ tunnel }: Snapshot): boolean {
  return (
    tunnel.state === 'disconnected' && tunnel.lastFailure !== undefined && !isOnPurpose(tunnel.lastFailure)
  );
}

/** The profile of a connection that is up, coming up or coming back. */
export function profileName(snapshot: Snapshot | undefined): string | undefined {
  const tunnel = snapshot?.tunnel;
  return tunnel === undefined || tunnel.state === 'disconnected' ? undefined : tunnel.profile.name;
}
