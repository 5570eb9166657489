import type { Failure } from '../base/errors.ts';
import type { Instant } from '../base/time.ts';
import type { IkeCommand, IkeInput, IkeOutput } from '../ike/io.ts';
import type { Attempt } from './attempt.ts';
import { type ChildChange, changeChildren } from './child-changes.ts';
import type { Course } from './course.ts';
import { closeTransport, leave } from './leaving.ts';
import { followed, pathChecked, pathProven, pathSilent, remoteOf } from './paths/follow-paths.ts';
import { startHistory, withRekey, withRekeyFailure } from './sa-history.ts';

/** Hands an input to the engine and acts on all that comes out. */
export function feed(course: Course, input: IkeInput, now: Instant): void {
  const { engine } = course;
  if (engine === undefined) return;
  engine.handle(input, now);
  for (let output = engine.poll(); output !== undefined; output = engine.poll()) act(course, output, now);
  if (course.detailsChanged) course.tellConnected();
}

export function command(course: Course, command: IkeCommand, now: Instant): void {
  feed(course, { kind: 'command', command }, now);
}

/** A failure on our side after the gateway let us in: say goodbye, then clean up. */
export function giveUp(course: Course, error: Failure, now: Instant): void {
  const { attempt } = course;
  if (attempt === undefined) return;
  course.phase = { kind: 'closing', attempt, wanted: false, error };
  course.tell({ kind: 'disconnecting' });
  command(course, { kind: 'disconnect' }, now);
}

/** One output of the present attempt's engine. */
export function act(course: Course, output: IkeOutput, now: Instant): void {
  const { attempt } = course;
  if (attempt === undefined) return;
  switch (output.kind) {
    case 'transmit':
      return transmit(course, attempt, output);
    case 'ask':
      attempt.heard = true;
      return course.emit({ kind: 'ask', id: output.id, ask: output.ask });
    case 'phase':
      if (output.phase === 'established' || output.phase === 'closing') return;
      return course.tellPhase(output.phase);
    case 'config-assigned':
      attempt.config = output.config;
      return;
    case 'child-install':
    case 'child-switch-outbound':
    case 'child-remove':
      return onChildChange(course, attempt, output);
    case 'rekeyed':
    case 'rekey-failed':
    case 'roamed':
    case 'peer-addresses':
      return note(course, attempt, output, now);
    case 'established':
      return onEstablished(course, attempt, output, now);
    case 'auth-lifetime':
      return;
    case 'proven':
      attempt.heard = true;
      course.provenAt = now;
      return pathProven(course, attempt, output.path, now);
    case 'unanswered':
      return pathSilent(course);
    case 'path-checked':
      return pathChecked(course, attempt, output, now);
    case 'path-size':
      return;
    case 'closed':
      return onClosed(course, attempt, output.error, now);
  }
}

/** A path that is gone is no way for an answer: then the one in use. */
function transmit(
  course: Course,
  attempt: Attempt,
  { octets, via, paths, dontFragment }: Extract<IkeOutput, { kind: 'transmit' }>,
): void {
  const { paths: book } = attempt;
  const marker = via === 'nat-traversal';
  const current = book?.current;
  const named = (paths ?? []).flatMap((id) => book?.get(id) ?? []);
  const ways = named.length > 0 || current === undefined ? named : [current];
  for (const way of ways) {
    const to = marker ? remoteOf(course, way) : course.remote(attempt, via);
    const whole = dontFragment === true ? { dontFragment } : {};
    course.emit({ kind: 'transmit', octets, to, marker, path: way.id, ...whole });
  }
}

/** What changes only what the user is shown. */
function note(
  course: Course,
  attempt: Attempt,
  output: Extract<IkeOutput, { kind: 'rekeyed' | 'rekey-failed' | 'roamed' | 'peer-addresses' }>,
  now: Instant,
): void {
  const { history } = attempt;
  if (output.kind !== 'rekey-failed') attempt.summary = output.summary;
  if (output.kind === 'peer-addresses') return;
  if (output.kind === 'roamed') {
    attempt.local = output.local;
    followed(course, attempt);
  }
  if (output.kind === 'rekeyed' && history !== undefined)
    attempt.history = withRekey(history, output.what, now);
  if (output.kind === 'rekey-failed' && history !== undefined)
    attempt.history = withRekeyFailure(history, output.what, output.error, now);
  course.detailsChanged = true;
}

function onEstablished(
  course: Course,
  attempt: Attempt,
  { summary }: Extract<IkeOutput, { kind: 'established' }>,
  now: Instant,
): void {
  attempt.summary = summary;
  attempt.history = startHistory(now);
  course.provenAt = now;
  if (course.phase.kind !== 'login') return;
  course.phase = { kind: 'configuring', attempt };
  course.tellPhase('configuring-network');
}

function onChildChange(course: Course, attempt: Attempt, change: ChildChange): void {
  const before = attempt.children.current;
  course.emit(changeChildren(attempt.children, change, course.remote(attempt, 'nat-traversal')));
  if (attempt.children.current !== before) course.detailsChanged = true;
}

function onClosed(course: Course, attempt: Attempt, error: Failure | undefined, now: Instant): void {
  delete attempt.engine;
  const { phase } = course;
  const unanswered = phase.kind === 'login' && !attempt.heard && error?.family === 'timeout';
  const next = unanswered ? course.nextCandidate() : undefined;
  if (next !== undefined) return closeTransport(course, error, next);
  leave(course, phase.kind === 'closing' ? (phase.error ?? error) : error, now);
}
