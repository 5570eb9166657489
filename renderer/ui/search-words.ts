/** What somebody looks for: the words that were typed, in lower case; none for nothing. */
export function searchWords(typed: string): readonly string[] {
  return typed.toLowerCase().split(/\s+/).filter(Boolean);
}

/** Whether `text`, in lower case, holds each of the words, in whatever order. */
export function holdsAll(text: string, words: readonly string[]): boolean {
  return words.every((word) => text.includes(word));
}
