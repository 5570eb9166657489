/** What the page remembers between visits: choices of how it looks, nothing about people. */
export const memory = {
  remember(key: string, value: string | undefined): void {
    try {
      if (value === undefined) localStorage.removeItem(`godwit.${key}`);
      else localStorage.setItem(`godwit.${key}`, value);
    } catch {
      // A browser may refuse to remember anything; then the choice lasts as long as the page.
    }
  },
  recall(key: string): string | undefined {
    try {
      return localStorage.getItem(`godwit.${key}`) ?? undefined;
    } catch {
      return undefined;
    }
  },
} as const;
