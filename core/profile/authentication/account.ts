import { identityText, pathText } from '../fields.ts';
import { joinToFolderOf } from '../file-path.ts';

/** The fields of every method that logs in with a user name by EAP. */
export const eapNameFields = {
  username: identityText.meta({
    description: 'The user name, as the gateway knows it; with a Windows domain, DOMAIN\\user.',
    examples: ['alice'],
  }),
  eapIdentity: identityText.optional().meta({
    description:
      'What to answer when the gateway asks for the EAP identity, before anything is encrypted to the login server. Default: the user name.',
    examples: ['alice@example.org'],
  }),
} as const;

/** Those of every method with a password. */
export const passwordFields = {
  ...eapNameFields,
  passwordFile: pathText.optional().meta({
    description:
      'A file with the password in its first line, mode 0600. Relative to the profile. Default: Godwit asks.',
    examples: ['office.password'],
  }),
} as const;

export interface EapName {
  /** The name inside the method, sometimes `DOMAIN\user`. */
  readonly username: string;
  /** The answer to an EAP-Identity request. */
  readonly eapIdentity: string;
}

export interface EapAccount extends EapName {
  /** Absolute or relative to the working directory; already joined to the profile's folder. */
  readonly passwordFile: string | undefined;
}

interface NameDocument {
  readonly username: string;
  readonly eapIdentity?: string | undefined;
}

export function readEapName({ username, eapIdentity = username }: NameDocument): EapName {
  return { username, eapIdentity };
}

/** `file` is that of the profile. */
export function readEapAccount(
  document: NameDocument & { readonly passwordFile?: string | undefined },
  file: string,
): EapAccount {
  return { ...readEapName(document), passwordFile: joined(file, document.passwordFile) };
}

/** A path in a profile, as seen from the working directory. */
export function joined(file: string, path: string | undefined): string | undefined {
  return path === undefined ? undefined : joinToFolderOf(file, path);
}
