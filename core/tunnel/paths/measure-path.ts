import { limits } from '../../base/limits.ts';
import { after, type Instant } from '../../base/time.ts';
import { innerMtu } from '../../esp/encapsulation.ts';
import type { IkeOutput } from '../../ike/io.ts';
import type { Attempt } from '../attempt.ts';
import type { Course } from '../course.ts';
import { keepLore } from './keep-lore.ts';
import { MtuSearch } from './mtu-search.ts';
import type { PathBook } from './path-book.ts';

/*
 * How large a packet may be: found with liveness checks that are padded, and that nobody on the way may cut. What ICMP says is not
 * listened to, as it may be forged, and is often withheld. It is measured when a connection stands, when the traffic has moved to
 * another path or the network changed, when packets stop coming, and now and then.
 */

/** No inner packet of IPv6 needs to be smaller, and Linux takes IPv6 from a device that is. @rfc 8200 5 */
const leastForIpv6 = 1_280;
const leastForIpv4 = 576;

/** Only where the profile leaves the size to us. `before`: what was found on this path an earlier time. */
export function measure(course: Course, book: PathBook, before: number | undefined, now: Instant): void {
  if (course.config.network.measureMtu !== true || course.phase.kind !== 'connected') return;
  book.search = new MtuSearch(book.current.candidate.linkMtu, before);
  const { attempt } = course.phase;
  const size = before === undefined ? undefined : sizeFor(attempt, book, before);
  const present = book.measured?.device ?? attempt.plan?.mtu ?? 0;
  // A smaller one does no harm while the proof is under way; a larger one waits for it.
  if (size !== undefined && size.device < present) use(course, book, { ...size, remembered: true }, now);
  ask(course, book.search);
}

function ask(course: Course, { next }: MtuSearch): void {
  if (next !== undefined) course.order({ kind: 'probe-size', octets: next });
}

/** The answer to a padded check. */
export function sizeProbed(
  course: Course,
  attempt: Attempt,
  { octets, fits, proves }: Extract<IkeOutput, { kind: 'path-size' }>,
  now: Instant,
): void {
  const { paths: book } = attempt;
  const search = book?.search;
  if (book === undefined || search?.next !== octets) return;
  search.note(octets, fits, proves);
  if (search.next !== undefined) return ask(course, search);
  delete book.search;
  book.measureAt = after(now, limits.mtuMeasureAgainMs);
  const size = search.found === undefined ? undefined : sizeFor(attempt, book, search.found);
  if (size === undefined) return;
  use(course, book, size, now);
  keepLore(course, book, size.path);
}

interface Size {
  readonly path: number;
  readonly device: number;
  readonly inner: number;
  readonly remembered?: true;
}

/** What a path of `path` octets means for the tunnel. */
function sizeFor(attempt: Attempt, book: PathBook, path: number): Size | undefined {
  const cipher = attempt.children.current?.cipher;
  if (cipher === undefined) return undefined;
  const inner = innerMtu(cipher, book.current.candidate.remote.family, path);
  const least = attempt.plan?.addresses.some(({ address }) => address.family === 6) === true;
  return { path, inner, device: Math.max(inner, least ? leastForIpv6 : leastForIpv4) };
}

function use(course: Course, book: PathBook, { inner, ...size }: Size, now: Instant): void {
  book.measured = { ...size, at: now };
  course.emit({ kind: 'set-mtu', device: size.device, inner });
  course.detailsChanged = true;
}
