import { holdsAll, searchWords } from '../../../ui/search-words.ts';
import type { ProfileField } from './schema-fields.ts';

/** What a search looks through, of one field. */
export interface FieldText {
  readonly label: string;
  readonly help: string;
  readonly choices: readonly string[];
}

/** The fields that hold each word, in any case and order: in their label, help, choices, or name in the file. Those with a word of their label that begins so come first, then those whose label has it. */
export function findFields(
  fields: readonly ProfileField[],
  words: string,
  textOf: (field: ProfileField) => FieldText,
): readonly ProfileField[] {
  const wanted = searchWords(plain(words));
  if (wanted.length === 0) return fields;
  const found = fields.flatMap((field) => {
    const { label, help, choices } = textOf(field);
    const name = plain(label);
    const all = plain([label, help, field.path, ...field.choices, ...choices].join(' '));
    if (!holdsAll(all, wanted)) return [];
    const begun = wanted.every((word) => ` ${name.replace(/[^\p{L}\p{N}]/gu, ' ')}`.includes(` ${word}`));
    return [{ field, rank: begun ? 0 : holdsAll(name, wanted) ? 1 : 2 }];
  });
  return found.toSorted((a, b) => a.rank - b.rank).map(({ field }) => field);
}

/** `Schlüssel` is found by `schlussel` too. */
function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
