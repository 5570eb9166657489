/**
 * Text from outside, made safe for one line of a log or a terminal: controls, direction marks, the Unicode line
 * separators and the backslash become `\u{…}`; longer than `most` characters is cut and ends in `…`.
 */
export function escapeText(text: string, most: number): string {
  let escaped = '';
  let count = 0;
  for (const character of text) {
    if (count === most) return `${escaped}…`;
    count++;
    const code = character.codePointAt(0) ?? 0;
    escaped += isUnsafe(code) ? `\\u{${code.toString(16)}}` : character;
  }
  return escaped;
}

function isUnsafe(code: number): boolean {
  if (code < 0x20 || code === 0x5c || (code >= 0x7f && code <= 0x9f)) return true;
  // Soft hyphen, Mongolian vowel separator, annotation marks, musical marks, tags and the selectors behind them: all unseen.
  if (code === 0xad || code === 0x180e || (code >= 0xfff9 && code <= 0xfffb)) return true;
  if ((code >= 0x1d173 && code <= 0x1d17a) || (code >= 0xe0000 && code <= 0xe01ef)) return true;
  if (code === 0x61c || (code >= 0x200b && code <= 0x200f)) return true;
  if (code >= 0x2028 && code <= 0x202e) return true;
  return (code >= 0x2060 && code <= 0x206f) || code === 0xfeff || (code >= 0xd800 && code <= 0xdfff);
}
