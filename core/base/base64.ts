const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 of `octets`, padded, in one line. @rfc 4648 4 */
export function encodeBase64(octets: Uint8Array): string {
  let text = '';
  for (let i = 0; i < octets.length; i += 3) {
    const left = octets.length - i;
    const group = ((octets[i] ?? 0) << 16) | ((octets[i + 1] ?? 0) << 8) | (octets[i + 2] ?? 0);
    for (let j = 0; j < 4; j++) text += j > left ? '=' : (alphabet[(group >> (18 - 6 * j)) & 63] ?? '');
  }
  return text;
}

/** Octets of base64 text; `undefined` when `text` (white space aside) is not base64. @rfc 4648 4 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(digits)) return undefined;
  const padding = digits.endsWith('==') ? 2 : digits.endsWith('=') ? 1 : 0;
  const octets = new Uint8Array((digits.length / 4) * 3);
  for (let i = 0, at = 0; i < digits.length; i += 4) {
    let group = 0;
    for (let j = 0; j < 4; j++) group = group * 64 + Math.max(0, alphabet.indexOf(digits[i + j] ?? 'A'));
    octets[at++] = group >> 16;
    octets[at++] = (group >> 8) & 0xff;
    octets[at++] = group & 0xff;
  }
  return octets.subarray(0, octets.length - padding);
}
