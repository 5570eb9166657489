import { formatEndpoint, formatIpAddress } from '../../base/address.ts';
import { limits } from '../../base/limits.ts';
import type { Duration, Instant } from '../../base/time.ts';
import type { Course } from '../course.ts';
import type { TunnelInput } from '../io.ts';
import { keepLore } from './keep-lore.ts';
import { KeepaliveLearner } from './keepalive-learner.ts';
import { measure } from './measure-path.ts';
import type { PathBook } from './path-book.ts';

/*
 * What is learnt in a network and kept for the next time there: how long its NAT remembers us, and how large a packet may be.
 */

/** Asks which network the path in use leads into, and what is known of it; the packets go on meanwhile. */
export function lookAround(course: Course, book: PathBook): void {
  if (course.phase.kind !== 'connected') return;
  const { id, candidate } = book.current;
  course.emit({ kind: 'recall-network', path: id, candidate });
}

export function networkRecalled(
  course: Course,
  { path, known }: Extract<TunnelInput, { kind: 'network-recalled' }>,
  now: Instant,
): void {
  const book = course.book;
  if (book === undefined || book.current.id !== path) return;
  const place = `${path} ${known.network ?? ''} ${formatIpAddress(book.current.candidate.remote)}`;
  const isSame = place === book.place;
  book.place = place;
  book.network = known.network;
  if (!isSame || book.keepalive === undefined) book.keepalive = new KeepaliveLearner(known.lore);
  measure(course, book, isSame ? book.measured?.path : known.lore.pathMtu, now);
}

/** Nothing was sent for so long; then we did, or an authentic packet of the gateway's own came in. */
export function silenceEnded(
  course: Course,
  { ms, endedBy }: Extract<TunnelInput, { kind: 'silence' }>,
  now: Instant,
): void {
  const book = course.book;
  const learner = book?.keepalive;
  if (book === undefined || learner === undefined) return;
  if (endedBy === 'us' && learner.spoke(ms, now)) course.order({ kind: 'probe' });
  if (endedBy === 'gateway') learner.heard(ms);
  keepLore(course, book);
}

/** The gateway has said how it sees us. */
export function seenByGateway(course: Course, asBefore: boolean, now: Instant): void {
  const book = course.book;
  if (book === undefined) return;
  book.keepalive?.seen(asBefore, now);
  keepLore(course, book);
}

/** Tells the data plane when to send keepalives, if that is different from before. True when the interval is. @rfc 3948 4 */
export function keepAlive(course: Course, now: Instant): boolean {
  const { phase } = course;
  const book = course.book;
  if (phase.kind !== 'connected' || book === undefined) return false;
  const remote = course.remote(phase.attempt, 'nat-traversal');
  const everyMs = keepaliveOf(course, book, phase.attempt.summary?.natDetected.local === true, now);
  const text = everyMs === undefined ? undefined : `${formatEndpoint(remote)} ${everyMs}`;
  if (text === course.keepaliveTold) return false;
  course.keepaliveTold = text;
  course.emit({ kind: 'set-keepalive', remote, ...(everyMs === undefined ? {} : { everyMs }) });
  const changed = everyMs !== book.keepaliveMs;
  book.keepaliveMs = everyMs;
  return changed;
}

/** Where no NAT is, nobody forgets us. A number in the profile is meant as it stands: a firewall forgets too. */
function keepaliveOf(
  { config }: Course,
  { keepalive }: PathBook,
  behindNat: boolean,
  now: Instant,
): Duration | undefined {
  if (config.keepaliveMs !== 'auto') return config.keepaliveMs;
  return behindNat ? (keepalive?.everyMs(now) ?? limits.keepaliveStartMs) : undefined;
}
