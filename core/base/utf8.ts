// TextEncoder and TextDecoder are in every runtime; they are declared here because pure code sees neither DOM nor Node types.
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(label: string, options: { fatal: boolean });
  decode(octets: Uint8Array): string;
}

const encoder = new TextEncoder();
const lenient = new TextDecoder('utf-8', { fatal: false });
const strict = new TextDecoder('utf-8', { fatal: true });

export const utf8 = {
  encode: (text: string): Uint8Array => encoder.encode(text),
  /** Invalid sequences become U+FFFD. */
  decode: (octets: Uint8Array): string => lenient.decode(octets),
  /** `undefined` when the octets are not valid UTF-8. */
  decodeStrict(octets: Uint8Array): string | undefined {
    try {
      return strict.decode(octets);
    } catch {
      return undefined;
    }
  },
};
