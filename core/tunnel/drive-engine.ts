import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Instant } from '../base/time.ts';
import type { IkeCommand, IkeInput, IkeOutput } from '../ike/io.ts';
import { formatTarget } from '../ike/redirect-target.ts';
import type { Attempt } from './attempt.ts';
import { mayDoBetterElsewhere } from './candidates.ts';
import { type ChildChange, changeChildren } from './child-changes.ts';
import type { Course } from './course.ts';
import { type Destination, redirected } from './destination.ts';
import { dismissRenewal } from './dismiss.ts';
import { closeTransport, leave } from './leaving.ts';
import { followed, pathChecked, pathProven, pathSilent } from './paths/follow-paths.ts';
import { seenByGateway } from './paths/know-network.ts';
import { sizeProbed } from './paths/measure-path.ts';
import { endRace } from './race.ts';
import { onAuthLifetime, onRedirect, renewalFailed, renewalRedirected, retired } from './renewal.ts';
import { replan } from './replan.ts';
import { startHistory, withRekey, withRekeyFailure } from './sa-history.ts';

/** Hands an input to an engine and acts on all that comes out. */
export function feed(course: Course, attempt: Attempt | undefined, input: IkeInput, now: Instant): void {
  const engine = attempt?.engine;
  if (attempt === undefined || engine === undefined) return;
  engine.handle(input, now);
  for (let output = engine.poll(); output !== undefined; output = engine.poll())
    act(course, attempt, output, now);
  carryOut(course, now);
}

/** Hands the engine what was ordered meanwhile, and tells what has changed. */
export function carryOut(course: Course, now: Instant): void {
  if (course.engine === undefined) course.orders.length = 0;
  const next = course.orders.shift();
  if (next !== undefined) return command(course, next, now);
  if (course.detailsChanged) course.tellConnected();
}

/** A command to the engine of the present login. */
export function command(course: Course, command: IkeCommand, now: Instant): void {
  feed(course, course.attempt, { kind: 'command', command }, now);
}

/** A failure on our side after the gateway let us in: say goodbye, then clean up. */
export function giveUp(course: Course, error: Failure, now: Instant): void {
  const { attempt } = course;
  if (attempt === undefined) return;
  dismissRenewal(course, now);
  course.phase = { kind: 'closing', attempt, wanted: false, error };
  course.tell({ kind: 'disconnecting' });
  command(course, { kind: 'disconnect' }, now);
}

/** One output of an engine: of the present login, of one that is to follow it, or of one that says goodbye. */
function act(course: Course, attempt: Attempt, output: IkeOutput, now: Instant): void {
  switch (output.kind) {
    case 'transmit':
      return course.transmit(attempt, output);
    case 'ask':
      return course.ask(attempt, output.id, output.ask);
    case 'phase':
      return tellPhase(course, attempt, output.phase, now);
    case 'config-assigned':
      attempt.config = output.config;
      return;
    case 'child-install':
    case 'child-switch-outbound':
    case 'child-remove':
    case 'child-sleep':
      return onChildChange(course, attempt, output, now);
    case 'resource-refused':
      attempt.pairsRefused = output.error;
      course.detailsChanged = true;
      return;
    case 'rekeyed':
    case 'rekey-failed':
    case 'child-refused':
    case 'roamed':
    case 'peer-addresses':
      return note(course, attempt, output, now);
    case 'established':
      return onEstablished(course, attempt, output, now);
    case 'auth-lifetime':
      return onAuthLifetime(course, attempt, output.lifetimeMs, now);
    case 'redirect':
      if (course.phase.kind === 'connected' && course.phase.attempt === attempt)
        return onRedirect(course, attempt, output.to, now);
      attempt.redirect = output.to;
      return;
    case 'proven':
      course.provenAt = now;
      return pathProven(course, attempt, output.path, now);
    case 'unanswered':
      return attempt === course.attempt ? pathSilent(course) : undefined;
    case 'seen-as':
      return attempt === course.attempt ? seenByGateway(course, output.before, now) : undefined;
    case 'path-checked':
      return pathChecked(course, attempt, output, now);
    case 'path-size':
      return sizeProbed(course, attempt, output, now);
    case 'closed':
      return onClosed(course, attempt, output.error, now);
  }
}

function tellPhase(
  course: Course,
  attempt: Attempt,
  phase: Extract<IkeOutput, { kind: 'phase' }>['phase'],
  now: Instant,
): void {
  if (attempt !== course.attempt || phase === 'established' || phase === 'closing') return;
  if (phase === 'authenticating-gateway') {
    attempt.answered = true;
    endRace(course, now);
  }
  if (phase === 'logging-in') attempt.proven = true;
  course.tellPhase(phase);
}

/** What changes only what the user is shown. */
function note(
  course: Course,
  attempt: Attempt,
  output: Extract<
    IkeOutput,
    { kind: 'rekeyed' | 'rekey-failed' | 'child-refused' | 'roamed' | 'peer-addresses' }
  >,
  now: Instant,
): void {
  const { history } = attempt;
  const isFailure = output.kind === 'rekey-failed' || output.kind === 'child-refused';
  if (!isFailure) attempt.summary = output.summary;
  if (output.kind === 'peer-addresses') return;
  if (output.kind === 'roamed') {
    attempt.local = output.local;
    followed(course, attempt);
  }
  if (output.kind === 'rekeyed' && history !== undefined)
    attempt.history = withRekey(history, output.what, now);
  if (isFailure && history !== undefined) {
    const what = output.kind === 'rekey-failed' ? output.what : 'child';
    attempt.history = withRekeyFailure(history, what, output.error, now);
  }
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
  course.family = attempt.remote.family;
  course.provenAt = now;
  if (course.busy) attempt.engine?.handle({ kind: 'command', command: { kind: 'widen' } }, now);
  if (course.phase.kind !== 'login') return;
  course.phase = { kind: 'configuring', attempt };
  course.tellPhase('configuring-network');
}

/** The traffic goes with the login that has replaced this one, whatever rekey is under way here; the gateway may still send on it. */
function onChildOfRetiring(course: Course, attempt: Attempt, change: ChildChange, now: Instant): void {
  if (change.kind === 'child-switch-outbound') return;
  if (change.kind !== 'child-install') {
    attempt.lingering.push(change.inboundSpi);
    return;
  }
  course.installing.push(attempt);
  const standby = { ...change, outbound: 'standby' } as const;
  course.emit(changeChildren(attempt.children, standby, course.remote(attempt, 'nat-traversal'), now));
}

function onChildChange(course: Course, attempt: Attempt, change: ChildChange, now: Instant): void {
  if (course.retiring.has(attempt)) return onChildOfRetiring(course, attempt, change, now);
  if (change.kind === 'child-install') course.installing.push(attempt);
  const before = attempt.children.current;
  course.emit(changeChildren(attempt.children, change, course.remote(attempt, 'nat-traversal'), now));
  if (attempt !== course.attempt) return;
  const isFurther = attempt.children.ofPairs.length > 1;
  if (attempt.children.current !== before || isFurther || change.kind === 'child-sleep')
    course.detailsChanged = true;
  // What is only on standby changes nothing yet.
  if (change.kind !== 'child-install' || change.outbound === undefined) replan(course, attempt);
}

function onClosed(course: Course, attempt: Attempt, error: Failure | undefined, now: Instant): void {
  const rivalled = attempt.engine?.rivalled === true && !attempt.proven;
  delete attempt.engine;
  if (course.retiring.has(attempt)) return retired(attempt, now);
  const { phase, renewal } = course;
  if (renewal?.attempt === attempt) {
    return attempt.redirect === undefined
      ? renewalFailed(course, renewal, error ?? failure('peer.closed'), now)
      : renewalRedirected(course, renewal, attempt.redirect, now);
  }
  if (phase.kind === 'login' && attempt.redirect !== undefined) return follow(course, attempt, now);
  if (phase.kind !== 'login')
    return leave(course, phase.kind === 'closing' ? (phase.error ?? error) : error, now);
  endRace(course, now);
  if (rivalled) tryAgainHere(course, attempt);
  const elsewhere = error !== undefined && mayDoBetterElsewhere(attempt, error);
  if (elsewhere && tryElsewhere(course, error)) return;
  leave(course, elsewhere ? (course.failed ?? error) : error, now);
}

/** The true answer came too, but later: another time it may be the first. */
function tryAgainHere(course: Course, { destination, remote }: Attempt): void {
  if (course.rivalTries >= limits.rivalTries) return;
  course.rivalTries += 1;
  course.candidates = [...course.candidates, { destination, remote, headStart: course.racedFrom }];
}

/** True when there is another address, or another gateway, to go to. */
export function tryElsewhere(course: Course, error: Failure): boolean {
  course.noteFailure(error);
  const next = course.nextCandidate() ?? takeGateways(course);
  if (next !== undefined) closeTransport(course, error, next);
  return next !== undefined;
}

function takeGateways(course: Course): readonly Destination[] | undefined {
  const { laterGateways } = course;
  return laterGateways.length === 0 ? undefined : laterGateways.slice(0, 1);
}

/** The gateway sends us elsewhere in place of letting us in. @rfc 5685 3 */
function follow(course: Course, attempt: Attempt, now: Instant): void {
  const { redirect, destination, remote } = attempt;
  if (redirect === undefined) return;
  if (!course.redirects.allows(now))
    return leave(course, failure('peer.redirect-loop', { to: formatTarget(redirect) }), now);
  endRace(course, now);
  course.candidates = [];
  closeTransport(course, undefined, [redirected(destination, remote, redirect)]);
}
