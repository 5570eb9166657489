import { type Failure, failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { err, type Result } from '../../base/result.ts';
import { utf8 } from '../../base/utf8.ts';
import { godwitImporter } from './godwit.ts';
import type { Imported, ImportFile, ProfileImporter } from './importer.ts';
import { pkcs12Importer } from './pkcs12.ts';
import { sswanImporter } from './sswan.ts';

/** Every kind of file that can be imported, asked in this order. */
const profileImporters: readonly ProfileImporter[] = [pkcs12Importer, sswanImporter, godwitImporter];

/**
 * Makes a draft of a profile from a file of any known kind, which may be hostile; of a key file, what is to be opened first. Fails with `import.too-large`,
 * `import.unknown`, or with what the importer of that kind says.
 */
export function importProfile(name: string, octets: Uint8Array): Result<Imported, Failure> {
  const short = name.slice(0, 120);
  if (octets.length > limits.importOctets) {
    return err(failure('import.too-large', { file: short, most: limits.importOctets }));
  }
  const file: ImportFile = { name: short, octets, text: utf8.decodeStrict(octets) };
  const importer = profileImporters.find((each) => each.recognises(file));
  return importer === undefined ? err(failure('import.unknown', { file: short })) : importer.read(file);
}
