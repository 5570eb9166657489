import type { ImportNote } from '../profile/importers/importer.ts';
import { escapeText } from './text.ts';

/** What an importer wants the user to know, as a sentence for the terminal. */
export function importNoteWords({ code, detail }: ImportNote): string {
  const about = escapeText(detail, 256);
  const day = () => new Date(Number(detail)).toISOString().slice(0, 10);
  switch (code) {
    case 'lacks':
      return `${about} is not in the file.`;
    case 'ignored':
      return `${about} was left out.`;
    case 'changed':
      return `${about} was brought into the range that Godwit takes.`;
    case 'names-file':
      return `${about} names a file and was left out: Godwit asks for what stands in it.`;
    case 'no-authority':
      return `There is no CA certificate in the file; your own is from ${about}.`;
    case 'authority-taken':
      return `${about} from the file is to vouch for the gateway; --ca names another.`;
    case 'other-certificates':
      return `There are more certificates in the file, which the login does not use: ${about}.`;
    case 'expired':
      return `The certificate ended on ${day()}: the gateway will refuse it.`;
    case 'not-yet':
      return `The certificate begins only on ${day()}: the gateway will refuse it until then.`;
    case 'weak-encryption':
      return `The file is encrypted with ${about}, which is old and weak. Delete copies of it that you do not need.`;
    case 'no-password':
      return 'The file has no password: whoever gets hold of a copy can log in as you.';
  }
}
