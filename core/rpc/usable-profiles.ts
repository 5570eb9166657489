import type { ProfileEntry } from './values.ts';

/** The profiles that can be used: nothing is wrong with them. */
export function usableProfiles(entries: readonly ProfileEntry[]): readonly ProfileEntry[] {
  return entries.filter(({ failures }) => failures.length === 0);
}
