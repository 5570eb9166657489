/** Control, formatting (bidirectional marks, zero-width), private-use and surrogate characters, and odd line ends. */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/**
 * Text that came from a gateway, a profile or a file, as it may be shown: nothing in it hides, moves or turns the reading
 * direction, `\u{202e}` stands for such a character. Cut to `most` characters.
 */
export function plainText(text: string, most = 512): string {
  const shown = text.length > most ? `${text.slice(0, most)}…` : text;
  return shown.replace(unsafe, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same inside a sentence of ours: isolated, so that right-to-left letters do not reorder what is around them. */
export function isolated(text: string | number): string {
  return typeof text === 'number' ? String(text) : `\u2068${plainText(text)}\u2069`;
}

/** Line by line, so that the line ends stay and nothing else that moves. */
export function plainLines(text: string, most = 4_096): string {
  return text
    .split('\n')
    .map((line) => plainText(line, most))
    .join('\n');
}
