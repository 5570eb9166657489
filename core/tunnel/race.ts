import type { Endpoint } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import { after, earliest, type Instant } from '../base/time.ts';
import type { IkeInput } from '../ike/io.ts';
import { dropEngine, newAttempt } from './attempt.ts';
import type { Candidate } from './candidates.ts';
import type { Course } from './course.ts';
import { askOtherWays, otherWaysDue } from './other-ways.ts';

/*
 * While the first address is silent, the others are asked too: scouts send IKE_SA_INIT from sockets of their own. The first that
 * answers gets the login, and whatever the others began is dropped. @rfc 8305 5
 */

/** The login at the first candidate has begun: when the next one is due. */
export function startRace(course: Course, now: Instant): void {
  course.raceBeganAt = now;
  course.askedWays = false;
}

/** When another address, another way or a scout of the race wants something. */
export function raceWakeup(course: Course): Instant | undefined {
  let at = earliest(nextStart(course), otherWaysDue(course));
  for (const { attempt } of course.scouts.values()) at = earliest(at, attempt.engine?.nextWakeup());
  return at;
}

function nextStart({ silentSince, candidates, racedFrom }: Course): Instant | undefined {
  const [next] = candidates;
  if (silentSince === undefined || next === undefined) return undefined;
  return after(silentSince, Math.max(0, next.headStart - racedFrom));
}

/** Sends out the scouts that are due. */
export function raceWhenDue(course: Course, now: Instant): void {
  askOtherWays(course, now);
  for (let due = nextStart(course); due !== undefined && due <= now; due = nextStart(course)) {
    const candidate = course.nextCandidate();
    if (candidate === undefined) return;
    course.lastScout += 1;
    const attempt = newAttempt(candidate.destination, candidate.remote);
    course.scouts.set(course.lastScout, { candidate, attempt });
    const { remote, via } = candidate;
    const by = via === undefined ? {} : { via };
    course.emit({ kind: 'open-scout', scout: course.lastScout, remote, ...by });
  }
}

/** A scout's socket stands: IKE_SA_INIT goes out. One that could not be opened is no way. */
export function scoutOpened(
  course: Course,
  id: number,
  result: Result<Endpoint, Failure>,
  now: Instant,
): Candidate | undefined {
  const scout = course.scouts.get(id);
  if (scout === undefined) {
    course.emit({ kind: 'close-scout', scout: id });
    return undefined;
  }
  if (!result.ok) {
    course.scouts.delete(id);
    return undefined;
  }
  const { attempt } = scout;
  attempt.engine = course.createEngine(attempt, result.value);
  return feedScout(course, id, { kind: 'command', command: { kind: 'connect' } }, now);
}

/** The result is where the login is to go: the gateway has answered there. */
export function feedScout(course: Course, id: number, input: IkeInput, now: Instant): Candidate | undefined {
  const scout = course.scouts.get(id);
  const { engine } = scout?.attempt ?? {};
  if (scout === undefined || engine === undefined) return undefined;
  engine.handle(input, now);
  for (let output = engine.poll(); output !== undefined; output = engine.poll()) {
    if (output.kind === 'transmit') {
      const to = course.remote(scout.attempt, output.via);
      course.emit({ kind: 'scout-transmit', scout: id, octets: output.octets, to });
    }
    // The login there begins anew, from the socket of the data plane.
    if (output.kind === 'phase' && output.phase === 'authenticating-gateway') return scout.candidate;
    if (output.kind === 'redirect') return scout.candidate;
    if (output.kind === 'closed') {
      course.noteFailure(output.error);
      delete scout.attempt.engine;
      course.scouts.delete(id);
      course.emit({ kind: 'close-scout', scout: id });
      return undefined;
    }
  }
  return undefined;
}

/** Whatever the scouts began is dropped. The addresses that have not failed are there for a later try. */
export function endRace(course: Course, now: Instant): void {
  course.raceBeganAt = undefined;
  const unfinished = [...course.scouts.values()].map(({ candidate }) => candidate);
  course.candidates = [...unfinished, ...course.candidates];
  for (const [id, { attempt }] of course.scouts) {
    dropEngine(attempt, now);
    course.emit({ kind: 'close-scout', scout: id });
  }
  course.scouts.clear();
}
