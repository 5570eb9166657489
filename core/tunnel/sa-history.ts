import type { Failure } from '../base/errors.ts';
import type { Instant } from '../base/time.ts';

/** What has become of the SAs of a connection since it stands. */
export interface SaHistory {
  readonly ike: SaAge;
  readonly child: SaAge;
  /** The last attempt to replace an SA failed, and none has succeeded since. */
  readonly rekeyFailure?: { readonly what: Renewed; readonly error: Failure; readonly at: Instant };
}

/** `login`: the whole of it, by another login. */
export type Renewed = 'ike' | 'child' | 'login';

export interface SaAge {
  /** When the present SA was made. */
  readonly madeAt: Instant;
  /** How often it was replaced. */
  readonly rekeys: number;
}

export function startHistory(now: Instant): SaHistory {
  const fresh: SaAge = { madeAt: now, rekeys: 0 };
  return { ike: fresh, child: fresh };
}

/** An SA was replaced. A failure that it makes up for is forgotten; that of the other kind stays. */
export function withRekey(history: SaHistory, what: 'ike' | 'child', now: Instant): SaHistory {
  const { rekeyFailure, ...ages } = history;
  const kept = rekeyFailure === undefined || rekeyFailure.what === what ? {} : { rekeyFailure };
  return { ...ages, [what]: { madeAt: now, rekeys: history[what].rekeys + 1 }, ...kept };
}

export function withRekeyFailure(history: SaHistory, what: Renewed, error: Failure, now: Instant): SaHistory {
  return { ...history, rekeyFailure: { what, error, at: now } };
}
