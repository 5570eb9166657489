import type { ProfileEntry } from '../../../../core/rpc/values.ts';
import { holdsAll, searchWords } from '../../../ui/search-words.ts';

/** The profiles that hold each word in their name, gateway or id, usable ones first. */
export function searchProfiles(entries: readonly ProfileEntry[], words: string): readonly ProfileEntry[] {
  const wanted = searchWords(words);
  const fits = ({ id, name = '', gateway = '' }: ProfileEntry) =>
    holdsAll(`${name} ${gateway} ${id}`.toLowerCase(), wanted);
  const label = ({ name, id }: ProfileEntry) => name ?? id;
  return entries
    .filter(fits)
    .toSorted(
      (a, b) =>
        Number(a.failures.length > 0) - Number(b.failures.length > 0) || label(a).localeCompare(label(b)),
    );
}
