import type { ProfileEntry } from '../../../../core/rpc/values.ts';

/** The profiles that hold each word in their name, gateway or id, usable ones first. */
export function searchProfiles(entries: readonly ProfileEntry[], words: string): readonly ProfileEntry[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ id, name = '', gateway = '' }: ProfileEntry) => {
    const text = `${name} ${gateway} ${id}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  };
  const label = ({ name, id }: ProfileEntry) => name ?? id;
  return entries
    .filter(fits)
    .toSorted(
      (a, b) =>
        Number(a.failures.length > 0) - Number(b.failures.length > 0) || label(a).localeCompare(label(b)),
    );
}
