import { limits } from '../base/limits.ts';
import { utf8 } from '../base/utf8.ts';
import { escapeText } from './escape-text.ts';

/**
 * A login server's words for the user, from its octets: UTF-8 (else U+FFFD), line ends and tabs as one space, everything else
 * that moves a cursor, hides or turns the reading direction as `\u{…}`, and at most `limits.promptTextCharacters` long. It is
 * still the server's text: whoever shows it says so. Empty when nothing is left to show.
 */
export function serverText(octets: Uint8Array): string {
  // Four octets of UTF-8 make a character at most: what lies beyond would be cut anyway.
  const text = utf8.decode(octets.subarray(0, limits.promptTextCharacters * 4 + 4));
  return escapeText(text.replace(/[\s\0]+/g, ' ').trim(), limits.promptTextCharacters);
}
