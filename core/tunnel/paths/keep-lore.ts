import type { Course } from '../course.ts';
import type { NetworkLore } from './network-lore.ts';
import type { PathBook } from './path-book.ts';

/** Has what is known of this network kept, where it can be known again and anything is new. */
export function keepLore(course: Course, book: PathBook, pathMtu?: number): void {
  const { network, keepalive } = book;
  const known = JSON.stringify(keepalive?.lore);
  if (known !== book.shown) course.detailsChanged = true;
  book.shown = known;
  if (network === undefined) return;
  const lore: NetworkLore = { ...(pathMtu === undefined ? {} : { pathMtu }), ...keepalive?.lore };
  const text = JSON.stringify({ ...lore, network });
  if (text === book.kept || (pathMtu === undefined && Object.keys(lore).length === 0)) return;
  book.kept = text;
  course.emit({ kind: 'remember-network', network, remote: book.current.candidate.remote, lore });
}
