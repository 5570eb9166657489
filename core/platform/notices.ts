import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Failure, failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';

/** What the file is called in every package. */
export const noticesFile = 'THIRD-PARTY-NOTICES';

/** Beside package.json, from the bundled programs. */
const beside = fileURLToPath(new URL(`../../${noticesFile}`, import.meta.url));

/**
 * The licences of the works of others that this copy of Godwit brings, as `npm run package` has collected them. Fails with
 * `notices.missing` where it was not packed: a checkout.
 */
export async function readNotices(file: string = beside): Promise<Result<string, Failure>> {
  try {
    return ok(await readFile(file, 'utf8'));
  } catch {
    return err(failure('notices.missing', { file }));
  }
}
