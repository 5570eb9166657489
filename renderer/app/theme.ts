import { createContext, useContext } from 'react';

export type ThemeChoice = 'system' | 'light' | 'dark';

export interface Theme {
  readonly choice: ThemeChoice;
  /** What is shown now. */
  readonly shown: 'light' | 'dark';
  readonly choose: (choice: ThemeChoice) => void;
}

export const ThemeContext = createContext<Theme>({
  choice: 'system',
  shown: 'light',
  choose: () => undefined,
});

export function useTheme(): Theme {
  return useContext(ThemeContext);
}
