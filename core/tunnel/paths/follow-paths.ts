import { distinctAddresses, type Endpoint, type IpAddress } from '../../base/address.ts';
import { limits } from '../../base/limits.ts';
import type { Instant } from '../../base/time.ts';
import type { IkeOutput, PathId } from '../../ike/io.ts';
import type { Attempt } from '../attempt.ts';
import type { Course } from '../course.ts';
import type { TunnelInput } from '../io.ts';
import { renewalMoved } from '../renewal.ts';
import { lookAround } from './know-network.ts';
import type { Path, PathState } from './path.ts';
import type { PathBook } from './path-book.ts';

/*
 * Which way the traffic goes. When the network changes, or the gateway leaves a request unanswered, the machine is asked for all
 * ways to all addresses of the gateway. Each gets a socket of its own, and a liveness check goes out on all of them at once. The
 * traffic moves to the first that answers, and the gateway is told (RFC 4555 3.5); the others are asked one by one afterwards, and
 * one that the machine prefers takes over when it has answered. Until then everything stays as it was.
 */

/** The gateway left a request unanswered for longer than an answer takes: it may be the path alone that is dead. */
export function pathSilent(course: Course): void {
  const book = course.book;
  if (book === undefined || book.racing) return;
  book.urgent = true;
  lookForPaths(course);
}

/** A `timeout`. */
export function lookWhenDue(course: Course, now: Instant): void {
  const book = course.book;
  if (book?.measureAt !== undefined && book.measureAt <= now) {
    book.measureAt = undefined;
    lookAround(course, book);
  }
  if (book?.lookAgainAt === undefined || book.lookAgainAt > now) return;
  book.lookAgainAt = undefined;
  lookForPaths(course);
}

/** Asks the machine for the ways to the gateway; only where that knows MOBIKE, as it would not follow to another. */
export function lookForPaths(course: Course): boolean {
  const { phase } = course;
  if (phase.kind !== 'connected') return false;
  const { attempt } = phase;
  if (attempt.summary?.mobike !== true || attempt.paths === undefined) return false;
  course.emit({ kind: 'find-paths', remotes: remotesOf(course, attempt, attempt.paths) });
  return true;
}

/** Where the gateway may be: where it is, by its own word, and by its name. @rfc 4555 3.4 */
function remotesOf(course: Course, attempt: Attempt, book: PathBook): readonly IpAddress[] {
  const { peerAddresses = [] } = attempt.summary ?? {};
  const all = [
    book.current.candidate.remote,
    attempt.remote,
    ...peerAddresses,
    ...(course.known.get(attempt.destination.host) ?? []),
  ];
  return distinctAddresses(all).slice(0, limits.addressesOfGateway);
}

export function pathsFound(
  course: Course,
  { paths }: Extract<TunnelInput, { kind: 'paths-found' }>,
  now: Instant,
): void {
  const book = course.book;
  if (book === undefined) return;
  const found = paths.slice(0, limits.pathsOpen - 1).map((candidate) => {
    const known = book.find(candidate);
    if (known !== undefined) return known;
    const path = book.add(candidate);
    course.emit({ kind: 'open-path', path: path.id, candidate });
    return path;
  });
  book.ranks = found.map(({ id }) => id);
  book.prefer(paths[0], now);
  for (const path of book.all) {
    path.gone = !book.ranks.includes(path.id);
    if (path.gone && path !== book.current) close(course, book, path.id);
  }
  if (book.opening.size === 0) tryOut(course, book, now);
}

export function pathOpened(
  course: Course,
  { path: id, result }: Extract<TunnelInput, { kind: 'path-opened' }>,
  now: Instant,
): void {
  const book = course.book;
  const path = book?.get(id);
  if (book === undefined || path === undefined || !book.opening.delete(id)) return;
  if (result.ok) path.local = result.value;
  else book.remove(id);
  if (book.opening.size === 0) tryOut(course, book, now);
}

function tryOut(course: Course, book: PathBook, now: Instant): void {
  const [only, ...more] = book.live;
  if (only === undefined) return setState(course, book, 'offline');
  const lost = book.urgent || book.current.gone;
  book.urgent = false;
  book.racing = lost && more.length > 0;
  setState(course, book, 'checking');
  if (book.racing) return course.order({ kind: 'race', paths: book.live.map(({ id }) => id) });
  // There is nothing to choose from, and nothing to lose.
  if (lost && only !== book.current) return moveTo(course, book, only, now);
  course.order({ kind: 'probe', urgent: true });
  checkOthers(course, book);
}

/** The traffic stays where it is meanwhile. */
function checkOthers(course: Course, book: PathBook): void {
  for (const { id } of book.live) if (id !== book.current.id) course.order({ kind: 'check-path', path: id });
}

/** The gateway answered, by this path if the driver knows. */
export function pathProven(course: Course, attempt: Attempt, id: PathId | undefined, now: Instant): void {
  const { paths: book } = attempt;
  const path = id === undefined ? book?.current : book?.get(id);
  if (book === undefined || path === undefined) return;
  path.provenAt = now;
  const won = book.racing && book.live.includes(path);
  if (won) {
    book.racing = false;
    if (path !== book.current) moveTo(course, book, path, now);
    checkOthers(course, book);
  }
  if (path === book.current) confirm(course, book);
}

/** One of the others was asked whether it works. */
export function pathChecked(
  course: Course,
  attempt: Attempt,
  { path: id, works }: Extract<IkeOutput, { kind: 'path-checked' }>,
  now: Instant,
): void {
  const { paths: book } = attempt;
  const path = book?.get(id);
  if (book === undefined || path === undefined || path === book.current || book.racing) return;
  if (!works) close(course, book, id);
  else if (book.prefers(path)) {
    moveTo(course, book, path, now);
    confirm(course, book);
  }
  course.detailsChanged = true;
}

/** The gateway follows: what is gone is no longer of use. */
export function followed(course: Course, attempt: Attempt): void {
  const { paths: book } = attempt;
  for (const path of book?.all ?? [])
    if (book !== undefined && path.gone && path !== book.current) close(course, book, path.id);
}

/** ESP first: the gateway takes it from anywhere, and only waits for the word to answer there. */
function moveTo(course: Course, book: PathBook, path: Path, now: Instant): void {
  const { local } = path;
  if (local === undefined) return;
  book.use(path);
  renewalMoved(course, local.address, now);
  book.planLook(now);
  const remote = remoteOf(course, path);
  course.emit({ kind: 'use-path', path: path.id, remote });
  course.detailsChanged = true;
  course.order({ kind: 'roam', local, remote, additional: book.otherLocals });
}

/** Where IKE after IKE_SA_INIT, and ESP, go on this path. */
function remoteOf(course: Course, { candidate }: Path): Endpoint {
  return { address: candidate.remote, port: course.config.natTraversalPort };
}

function close(course: Course, book: PathBook, id: PathId): void {
  book.remove(id);
  course.emit({ kind: 'close-path', path: id });
}

/** The path in use works. */
function confirm(course: Course, book: PathBook): void {
  const doubt = book.state !== 'proven' || book.doubtSize;
  book.doubtSize = false;
  setState(course, book, 'proven');
  if (doubt) lookAround(course, book);
}

function setState(course: Course, book: PathBook, state: PathState): void {
  if (book.state === state) return;
  book.state = state;
  course.detailsChanged = true;
}
