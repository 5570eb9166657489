/**
 * Every password, key and PIN that a run uses, and the search for them in all that Godwit says. What is shorter than 8
 * characters is left out: it may stand somewhere by chance.
 */
const registered = new Map<string, Uint8Array>();
const shortest = 8;

export function registerSecret(name: string, secret: string | Uint8Array | undefined): void {
  const octets = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret;
  if (octets !== undefined && octets.length >= shortest) registered.set(name, octets);
}

/** The private keys in PEM text, as octets and as the lines of their text. */
export function registerPrivateKeys(name: string, text: string): void {
  for (const [, body = ''] of text.matchAll(/PRIVATE KEY-----((?:[A-Za-z0-9+/=]|\\n|\s)+)-----END/g)) {
    const lines = body.split(/\\n|\s/).filter((line) => line.length >= 32);
    registerSecret(`${name}, as text`, lines[1] ?? lines[0]);
    registerSecret(name, new Uint8Array(Buffer.from(lines.join(''), 'base64')).slice(-32));
  }
}

/** Which secrets stand in `said`, and in which form. */
export function leaksIn(said: Uint8Array): readonly string[] {
  const haystack = Buffer.from(said.buffer, said.byteOffset, said.byteLength);
  return [...registered].flatMap(([name, octets]) =>
    formsOf(octets)
      .filter(([, form]) => haystack.includes(form))
      .map(([form]) => `${name} stands there in ${form}`),
  );
}

export function secretsRegistered(): number {
  return registered.size;
}

function formsOf(octets: Uint8Array): readonly (readonly [form: string, octets: Buffer])[] {
  const plain = Buffer.from(octets);
  const text = plain.toString('utf8');
  const wide = Buffer.from(text, 'utf16le');
  return [
    ['plain', plain],
    ['JSON', Buffer.from(JSON.stringify(text).slice(1, -1))],
    ['UTF-16LE', wide],
    ...encodedForms('', plain),
    ...encodedForms('UTF-16LE in ', wide),
  ];
}

function encodedForms(of: string, octets: Buffer): readonly (readonly [string, Buffer])[] {
  const hex = octets.toString('hex');
  // In base64 an octet's digits depend on its place among three; the digits at both ends mix with what stands beside.
  const base64 = [0, 1, 2].map((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), octets])
      .toString('base64')
      .replace(/=+$/, '');
    return padded.slice(before === 0 ? 0 : before + 1, -2);
  });
  return [
    [`${of}hex`, Buffer.from(hex)],
    [`${of}hex`, Buffer.from(hex.toUpperCase())],
    ...base64.map((digits) => [`${of}base64`, Buffer.from(digits)] as const),
  ];
}
