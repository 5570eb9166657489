import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Instant } from '../base/time.ts';
import { dropEngine } from './attempt.ts';
import { type Course, withError } from './course.ts';
import { dismissOthers } from './dismiss.ts';
import type { Phase } from './phase.ts';
import { endRace } from './race.ts';
import { Loss, mayReconnect } from './reconnect-policy.ts';

/*
 * The ways out. Every one passes through the same three steps: the network is undone, the transport is closed, then
 * `disconnected` is reported, so nothing is left behind whatever the reason. A connection that stood and is lost is no
 * way out: its network stays, so that nothing leaves in the clear, and it logs in again (docs/decisions/0006).
 */

/** The attempt is over: another login follows, or the end. */
export function leave(course: Course, error: Failure | undefined, now: Instant): void {
  const { phase, connectedAt } = course;
  const wanted = phase.kind === 'closing' && phase.wanted;
  const refused = course.attempt?.refused;
  dismissOthers(course, now);
  endRace(course, now);
  const { reconnect = false } = course.config;
  const stood = !wanted && connectedAt !== undefined && reconnect;
  // What ended the login that was to follow would end this one too.
  const cause = stood && error !== undefined ? (refused ?? error) : error;
  if (stood && cause !== undefined && mayReconnect(cause)) return lose(course, cause, now);
  undo(course, cause);
}

/** The network stays as it is: what should go through the tunnel waits there or is lost, and goes nowhere else. */
function lose(course: Course, error: Failure, now: Instant): void {
  const { random } = course.config;
  if (course.loss === undefined) {
    const { connectedAt } = course;
    const lasted = connectedAt !== undefined && now - connectedAt >= limits.reconnectLastingMs;
    course.loss = new Loss(error, now, random, lasted ? undefined : course.earlierLoss);
  } else course.loss.failed(error, now, random);
  course.tell({ kind: 'reconnecting', loss: course.loss.details });
  closeTransport(course, error, 'wait');
}

/** The user's end of what no gateway needs to be told of. */
export function cancel(course: Course, phase: Phase, cancelled: Failure | undefined): void {
  // On its way out already.
  if (phase.kind === 'closing-transport' && phase.next === undefined) return;
  if (course.loss !== undefined) {
    course.tell({ kind: 'disconnecting' });
    // A transport that is being closed or opened meanwhile is closed once more, after the network is undone.
    return undo(course, undefined);
  }
  if (phase.kind === 'resolving') return end(course, cancelled);
  if (phase.kind === 'opening') return closeTransport(course, cancelled, undefined);
  if (phase.kind === 'closing-transport')
    course.phase = { kind: 'closing-transport', next: undefined, ...withError(cancelled) };
}

/** The transport is gone: no goodbye can be said. */
export function abandon(course: Course, error: Failure, now: Instant): void {
  const { attempt } = course;
  if (attempt === undefined) return;
  dropEngine(attempt, now);
  leave(course, error, now);
}

function undo(course: Course, error: Failure | undefined): void {
  course.phase = { kind: 'undoing-network', ...withError(error) };
  course.emit({ kind: 'undo-network' });
}

export function networkUndone(course: Course): void {
  if (course.phase.kind === 'undoing-network') closeTransport(course, course.phase.error, undefined);
}

export function closeTransport(
  course: Course,
  error: Failure | undefined,
  next: Extract<Phase, { kind: 'closing-transport' }>['next'],
): void {
  course.phase = { kind: 'closing-transport', next, ...withError(error) };
  course.emit({ kind: 'close-transport' });
}

export function end(course: Course, error: Failure | undefined): void {
  course.phase = { kind: 'disconnected' };
  course.provenAt = undefined;
  course.plan = undefined;
  course.connectedAt = undefined;
  course.loss = undefined;
  course.earlierLoss = undefined;
  course.known.clear();
  course.detour = undefined;
  course.family = undefined;
  course.tell({ kind: 'disconnected', ...(error === undefined ? {} : { lastFailure: error }) });
}

/** Why a login ends that the user does not want any more. */
export function cancellation(course: Course): Failure | undefined {
  return course.loss === undefined ? failure('tunnel.cancelled') : undefined;
}
