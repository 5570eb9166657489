import { createContext, useContext } from 'react';
import { de } from './de.ts';
import { type Catalogue, en } from './en.ts';
import { createFormats, type Formats } from './format.ts';

export type Language = 'en' | 'de';

export interface Words {
  readonly language: Language;
  readonly text: Catalogue;
  readonly format: Formats;
}

/** `locale` is the system's, of which English keeps the region: it decides how numbers and times look. */
export function wordsOf(language: Language, locale: string): Words {
  const text = language === 'de' ? de : en;
  const fitting = locale.toLowerCase().startsWith(language) ? locale : language;
  return { language, text, format: createFormats(fitting) };
}

export const WordsContext = createContext<Words>(wordsOf('en', 'en'));

export function useWords(): Words {
  return useContext(WordsContext);
}
