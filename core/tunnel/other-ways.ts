import { distinctAddresses, formatIpAddress, type IpAddress } from '../base/address.ts';
import { limits } from '../base/limits.ts';
import { after, type Instant } from '../base/time.ts';
import type { Attempt } from './attempt.ts';
import type { Candidate } from './candidates.ts';
import type { Course } from './course.ts';
import type { PathCandidate } from './paths/path.ts';

/*
 * A login goes the way that the machine prefers. While the gateway is silent there, the other interfaces are asked too, as other
 * addresses are: the first that answers gets the login. @rfc 8305
 */

/** When the machine is asked for its other ways; `undefined`: it was, or there is no need. */
export function otherWaysDue({ silentSince, askedWays }: Course): Instant | undefined {
  return askedWays || silentSince === undefined ? undefined : after(silentSince, limits.raceOtherWaysMs);
}

/** Asks the machine when that is due. */
export function askOtherWays(course: Course, now: Instant): void {
  const due = otherWaysDue(course);
  const { attempt } = course;
  if (due === undefined || due > now || attempt === undefined) return;
  course.askedWays = true;
  const all = [attempt.remote, ...course.candidates.map(({ remote }) => remote)];
  course.emit({ kind: 'find-paths', remotes: distinctAddresses(all).slice(0, limits.addressesOfGateway) });
}

/** The ways that the machine has: those that it would not take by itself become candidates, each once in a try. */
export function otherWaysFound(course: Course, found: readonly PathCandidate[], now: Instant): void {
  const { attempt, silentSince } = course;
  if (attempt === undefined || silentSince === undefined) return;
  markTried(course, attempt);
  const preferred = new Set<string>();
  const others = found.filter((way) => {
    const remote = formatIpAddress(way.remote);
    // The first way to an address is the one that the machine takes.
    const first = !preferred.has(remote);
    preferred.add(remote);
    return !first && !course.triedWays.has(keyOf(way));
  });
  const elapsed = now - silentSince + course.racedFrom;
  const more = others.slice(0, limits.addressesOfGateway).map((via, i): Candidate => {
    course.triedWays.add(keyOf(via));
    const { destination } = destinationOf(course, attempt, via.remote);
    return { destination, remote: via.remote, headStart: elapsed + i * limits.raceStaggerMs, via };
  });
  course.candidates = [...course.candidates, ...more].sort((a, b) => a.headStart - b.headStart);
}

/** The way of this login is silent, as far as is known. */
export function markTried(course: Course, { paths }: Attempt): void {
  if (paths !== undefined) course.triedWays.add(keyOf(paths.current.candidate));
}

/** Which gateway of the profile has this address. */
function destinationOf(course: Course, attempt: Attempt, remote: IpAddress): Pick<Attempt, 'destination'> {
  const wanted = formatIpAddress(remote);
  return course.candidates.find((each) => formatIpAddress(each.remote) === wanted) ?? attempt;
}

function keyOf({ interfaceIndex, remote }: PathCandidate): string {
  return `${interfaceIndex} ${formatIpAddress(remote)}`;
}
