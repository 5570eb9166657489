import { type Draft, valueAt, withValue } from './draft.ts';
import { profileFields } from './schema-fields.ts';

/** The draft with this user name, if its way to log in wants one and there is none. */
export function withUsername(draft: Draft, username: string | undefined): Draft {
  const path = 'authentication.username';
  if (username === undefined || valueAt(draft, path) !== undefined) return draft;
  return profileFields(draft).some((field) => field.path === path) ? withValue(draft, path, username) : draft;
}
