import type { IpAddress } from '../base/address.ts';
import { failure } from '../base/errors.ts';
import type { Instant } from '../base/time.ts';
import { newAttempt } from './attempt.ts';
import type { Course } from './course.ts';
import type { Destination } from './destination.ts';
import { command } from './drive-engine.ts';
import type { TunnelInput } from './io.ts';
import { closeTransport, end, leave } from './leaving.ts';

/*
 * The way in: resolve, open, log in; and the way back in after a loss.
 */

export function connect(course: Course): void {
  if (course.phase.kind === 'disconnected') beginTry(course, course.home);
}

function beginTry(course: Course, destination: Destination): void {
  course.destination = destination;
  course.phase = { kind: 'resolving' };
  course.tellPhase('resolving');
  course.emit({ kind: 'resolve', host: destination.host });
}

export function resolved(
  course: Course,
  { result }: Extract<TunnelInput, { kind: 'resolved' }>,
  now: Instant,
): void {
  if (course.phase.kind !== 'resolving') return;
  const found = result.ok ? result.value : [];
  const atHome = course.destination.redirectedFrom === undefined;
  if (found.length > 0 && atHome) course.known = found;
  // A network that does not resolve the name any more may still lead to where it was.
  const [first, ...rest] = atHome ? course.known : found;
  if (first === undefined) {
    const { host } = course.destination;
    const error = result.ok ? failure('gateway.unresolved', { gateway: host }) : result.error;
    return course.loss === undefined ? end(course, error) : leave(course, error, now);
  }
  course.candidates = rest;
  open(course, first);
}

function open(course: Course, remote: IpAddress): void {
  course.phase = { kind: 'opening', attempt: newAttempt(course.destination, remote) };
  course.emit({ kind: 'open-transport', remote });
}

export function transportOpened(
  course: Course,
  { result }: Extract<TunnelInput, { kind: 'transport-opened' }>,
  now: Instant,
): void {
  // Else a disconnect overtook the opening: the transport that came late is closed by `closing-transport`.
  if (course.phase.kind !== 'opening') return;
  const { attempt } = course.phase;
  if (!result.ok) {
    const next = course.nextCandidate();
    if (next === undefined && course.loss !== undefined) return leave(course, result.error, now);
    return closeTransport(course, result.error, next);
  }
  attempt.local = result.value;
  attempt.engine = course.createEngine(attempt, result.value);
  course.phase = { kind: 'login', attempt };
  command(course, { kind: 'connect' }, now);
}

export function transportClosed(course: Course, now: Instant): void {
  if (course.phase.kind !== 'closing-transport') return;
  const { next, error } = course.phase;
  if (next === 'wait') {
    course.phase = { kind: 'waiting' };
    // Else the time of the next try has been told already.
    const at = course.loss?.nextTryAt;
    return at !== undefined && at <= now ? tryWhenDue(course, now) : undefined;
  }
  if (next !== undefined) return 'host' in next ? beginTry(course, next) : open(course, next);
  end(course, error);
}

/** Begins the next login after a loss, or tells when it will be. */
export function tryWhenDue(course: Course, now: Instant): void {
  const { loss } = course;
  if (loss === undefined) return;
  const due = loss.nextTryAt !== undefined && loss.nextTryAt <= now;
  if (course.phase.kind !== 'waiting' || !due)
    return course.tell({ kind: 'reconnecting', loss: loss.details });
  loss.begin(now);
  const { detour = course.home } = course;
  course.detour = undefined;
  beginTry(course, detour);
}
