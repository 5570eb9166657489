import { parseIpAddress } from '../base/address.ts';

/** Control, formatting (bidirectional marks among them), surrogate, and line-breaking characters. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Text that shows what it is: nothing in it moves a cursor or hides. */
export function isPrintable(text: string): boolean {
  return !unprintable.test(text);
}

/** A DNS name of letters, digits and hyphens, with or without its final dot. @rfc 1123 2.1 */
export function isHostName(text: string): boolean {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  if (name.length === 0 || name.length > 253) return false;
  const labels = name.split('.');
  // A last label of digits alone is an address that went wrong, such as 10.0.0.256.
  if (/^\d+$/.test(labels.at(-1) ?? '')) return false;
  return labels.every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label));
}

export function isHost(text: string): boolean {
  return parseIpAddress(text).ok || isHostName(text);
}

/** Lower case without a final dot: one way to write each host. */
export function canonicalHost(text: string): string {
  return text.toLowerCase().replace(/\.$/, '');
}

/** `text` for a message: in quotes, escaped and cut to 60 characters. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}
