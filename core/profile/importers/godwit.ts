import { failure } from '../../base/errors.ts';
import { err, ok } from '../../base/result.ts';
import { parseProfile } from '../parse-profile.ts';
import { filesNamedBy } from '../self-contained.ts';
import type { ImportNote, ProfileImporter } from './importer.ts';
import { objectOf } from './json-object.ts';

/** Godwit's own profiles, as they are: what is wrong with one is for the editor to show, with line and field. */
export const godwitImporter: ProfileImporter = {
  kind: 'Godwit JSON',
  recognises: ({ text }) => text !== undefined && /^\ufeff?\s*\{/.test(text),
  read: ({ name, text = '' }) => {
    const document = objectOf(text);
    if (document === undefined) {
      const parsed = parseProfile(text, name);
      const first = parsed.ok ? undefined : parsed.error[0];
      return err(first ?? failure('import.invalid', { file: name, reason: 'it is not a JSON object' }));
    }
    if (!['gateway', 'authentication', 'trust'].some((field) => Object.hasOwn(document, field))) {
      return err(failure('import.unknown', { file: name }));
    }
    const parsed = parseProfile(text, name);
    const named = parsed.ok ? filesNamedBy(parsed.value) : [];
    const notes = named.map((detail): ImportNote => ({ code: 'names-file', detail }));
    return ok({ kind: 'profile', text: text.replace(/^\ufeff/, ''), notes });
  },
};
