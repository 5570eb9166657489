import type { Failure } from '../../base/errors.ts';
import type { Result } from '../../base/result.ts';

/** A file that a user hands over, whole. Nothing about it is trusted: neither its name nor what it holds. */
export interface ImportFile {
  /** Without its folder. */
  readonly name: string;
  readonly octets: Uint8Array;
  /** The same as text; `undefined` when it is not UTF-8. */
  readonly text: string | undefined;
}

/** Something that the user should know of an import, by a code that has its words where it is shown. */
export interface ImportNote {
  readonly code: ImportNoteCode;
  /** What it is about: a field of the file, a value. From the file, so not to be trusted. */
  readonly detail: string;
}

const importNoteCodes = [
  /** The file has no such thing, and a profile must. */
  'lacks',
  /** Godwit does not know this setting, or cannot keep to it. */
  'ignored',
  /** The value was outside of what Godwit takes. */
  'changed',
  /** The profile names a file of this computer, which a profile of one's own must not. */
  'names-file',
  /** The file has no CA certificate, and someone must vouch for the gateway. */
  'no-authority',
  /** The CA in the file vouches for its owner, and is taken to vouch for the gateway too. */
  'authority-taken',
  /** It has further certificates of people or machines; only one goes with the key. */
  'other-certificates',
  /** The certificate is over, or has not begun; the detail is the moment, in milliseconds since 1970. */
  'expired',
  'not-yet',
  /** The file is encrypted by a weak cipher. */
  'weak-encryption',
  /** The file opens without a password. */
  'no-password',
] as const;
export type ImportNoteCode = (typeof importNoteCodes)[number];

/** A draft: the text may still lack what only the user knows, which `parseProfile` tells. */
export interface ImportedProfile {
  readonly kind: 'profile';
  /** Godwit's own JSON. */
  readonly text: string;
  readonly notes: readonly ImportNote[];
}

/** A certificate with its key, perhaps behind a password: `profileFromKeyFile` goes on when it was opened. */
export interface ImportedKeyFile {
  readonly kind: 'key-file';
  readonly name: string;
  readonly octets: Uint8Array;
}

export type Imported = ImportedProfile | ImportedKeyFile;

/** One kind of file. To add another kind, write one of these and name it in `import-profile.ts`. */
export interface ProfileImporter {
  /** What people call the kind of file. */
  readonly kind: string;
  /** Looks at the contents, not at the name. Must be quick and never throw. */
  recognises(file: ImportFile): boolean;
  /** Fails with one of the `import.` failures. */
  read(file: ImportFile): Result<Imported, Failure>;
}
