import { type Endpoint, formatIpAddress, type IpAddress } from '../base/address.ts';
import { failure } from '../base/errors.ts';
import type { Instant } from '../base/time.ts';
import { type Attempt, dropEngine, newAttempt } from './attempt.ts';
import { arrange, type Candidate, type Found } from './candidates.ts';
import type { Course } from './course.ts';
import type { Destination } from './destination.ts';
import { command, tryElsewhere } from './drive-engine.ts';
import type { TunnelInput } from './io.ts';
import { closeTransport, end, leave } from './leaving.ts';
import { markTried } from './other-ways.ts';
import type { PathCandidate } from './paths/path.ts';
import { PathBook } from './paths/path-book.ts';
import type { Phase } from './phase.ts';
import { endRace, startRace } from './race.ts';

/*
 * The way in: resolve, open, log in; and the way back in after a loss.
 */

export function connect(course: Course): void {
  if (course.phase.kind === 'disconnected') beginTry(course);
}

/** From the first gateway on, or from where the last one sent us. */
function beginTry(course: Course): void {
  const { detour, homes, config } = course;
  course.detour = undefined;
  course.failed = undefined;
  course.rivalTries = 0;
  course.triedWays.clear();
  course.silentLocals.clear();
  const all = detour === undefined ? homes : [detour, ...homes];
  const together = config.fastest === true && detour === undefined ? all.length : 1;
  course.laterGateways = all;
  resolve(course, all.slice(0, together));
}

function resolve(course: Course, wanted: readonly Destination[]): void {
  course.laterGateways = course.laterGateways.filter((each) => !wanted.includes(each));
  course.phase = { kind: 'resolving', wanted, found: [] };
  course.tellPhase('resolving');
  for (const { host } of wanted) course.emit({ kind: 'resolve', host });
}

export function resolved(
  course: Course,
  { result }: Extract<TunnelInput, { kind: 'resolved' }>,
  now: Instant,
): void {
  const { phase } = course;
  const destination = phase.kind === 'resolving' ? phase.wanted[phase.found.length] : undefined;
  if (phase.kind !== 'resolving' || destination === undefined) return;
  const addresses = remember(course, destination, result.ok ? result.value : []);
  if (addresses.length === 0)
    course.noteFailure(
      result.ok ? failure('gateway.unresolved', { gateway: destination.host }) : result.error,
    );
  const found = [...phase.found, { destination, addresses }];
  if (found.length < phase.wanted.length) course.phase = { ...phase, found };
  else allResolved(course, found, now);
}

/** A network that does not resolve a name any more may still lead to where it was. */
function remember(
  course: Course,
  { host, redirectedFrom }: Destination,
  found: readonly IpAddress[],
): readonly IpAddress[] {
  if (redirectedFrom !== undefined) return found;
  if (found.length > 0) course.known.set(host, found);
  return course.known.get(host) ?? [];
}

function allResolved(course: Course, found: readonly Found[], now: Instant): void {
  const [first, ...rest] = arrange(found, course.family);
  if (first !== undefined) {
    course.candidates = rest;
    return open(course, first);
  }
  const [later] = course.laterGateways;
  if (later !== undefined) return resolve(course, [later]);
  const error = course.failed ?? failure('gateway.unresolved', { gateway: course.config.gateways[0] ?? '' });
  return course.loss === undefined ? end(course, error) : leave(course, error, now);
}

function open(course: Course, { destination, remote, headStart, via }: Candidate): void {
  course.racedFrom = headStart;
  course.phase = { kind: 'opening', attempt: newAttempt(destination, remote) };
  course.busy = false;
  course.emit({ kind: 'open-transport', remote, ...(via === undefined ? {} : { via }) });
}

export function transportOpened(
  course: Course,
  { result, via }: Extract<TunnelInput, { kind: 'transport-opened' }>,
  now: Instant,
): void {
  // Else a disconnect overtook the opening: the transport that came late is closed by `closing-transport`.
  if (course.phase.kind !== 'opening') return;
  const { attempt } = course.phase;
  if (!result.ok) {
    if (tryElsewhere(course, result.error)) return;
    const error = course.failed ?? result.error;
    return course.loss === undefined ? closeTransport(course, error, undefined) : leave(course, error, now);
  }
  attempt.local = result.value;
  attempt.paths = new PathBook(via ?? someWay(attempt, result.value), result.value);
  attempt.engine = course.createEngine(attempt, result.value);
  course.keepaliveTold = undefined;
  course.phase = { kind: 'login', attempt };
  startRace(course, now);
  command(course, { kind: 'connect' }, now);
}

/** Of a driver that has only one. */
function someWay({ remote }: Attempt, { address }: Endpoint): PathCandidate {
  return { interfaceName: '', interfaceIndex: 0, local: address, remote, linkMtu: 1_500 };
}

/** A scout has found the gateway: the login goes there. */
export function moveLogin(course: Course, candidate: Candidate | undefined, now: Instant): void {
  const { phase } = course;
  if (candidate === undefined || phase.kind !== 'login') return;
  const { attempt } = phase;
  dropEngine(attempt, now);
  endRace(course, now);
  const { destination, remote, paths } = attempt;
  const way = paths?.current.candidate;
  markTried(course, attempt);
  if (way !== undefined) course.silentLocals.add(formatIpAddress(way.local));
  const by = candidate.via === undefined || way === undefined ? {} : { via: way };
  const silent: Candidate = { destination, remote, headStart: course.racedFrom, ...by };
  // The silent one comes last: what answered may have been forged.
  course.candidates = [...course.candidates.filter((each) => each !== candidate), silent];
  closeTransport(course, undefined, candidate);
}

export function transportClosed(course: Course, now: Instant): void {
  if (course.phase.kind !== 'closing-transport') return;
  const { next, error } = course.phase;
  if (next === undefined) return end(course, error);
  if (next !== 'wait') return goOn(course, next);
  course.phase = { kind: 'waiting' };
  // Else the time of the next try has been told already.
  const at = course.loss?.nextTryAt;
  if (at !== undefined && at <= now) tryWhenDue(course, now);
}

function goOn(
  course: Course,
  next: Exclude<Extract<Phase, { kind: 'closing-transport' }>['next'], 'wait' | undefined>,
): void {
  if ('remote' in next) open(course, next);
  else resolve(course, next);
}

/** Begins the next login after a loss, or tells when it will be. */
export function tryWhenDue(course: Course, now: Instant): void {
  const { loss } = course;
  if (loss === undefined) return;
  const due = loss.nextTryAt !== undefined && loss.nextTryAt <= now;
  if (course.phase.kind !== 'waiting' || !due)
    return course.tell({ kind: 'reconnecting', loss: loss.details });
  loss.begin(now);
  beginTry(course);
}
