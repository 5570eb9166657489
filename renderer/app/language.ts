import { createContext, useContext } from 'react';
import type { Language } from '../i18n/use-text.ts';

export type LanguageChoice = 'system' | Language;

/** The first of the reader's languages that there are words for; English else. */
export function languageOf(choice: LanguageChoice, preferred: readonly string[]): Language {
  if (choice !== 'system') return choice;
  const known = preferred.map((tag) => tag.toLowerCase().split('-')[0]);
  return known.find((tag): tag is Language => tag === 'en' || tag === 'de') ?? 'en';
}

export const LanguageContext = createContext<{
  readonly choice: LanguageChoice;
  readonly choose: (choice: LanguageChoice) => void;
}>({ choice: 'system', choose: () => undefined });

export function useLanguage() {
  return useContext(LanguageContext);
}
