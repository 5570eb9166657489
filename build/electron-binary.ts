import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The Electron program in the `electron` package in this folder, or where ELECTRON_OVERRIDE_DIST_PATH says; `undefined`
 * where there is none. Only looks: the package's own `index.js` and `cli.js` would begin a download.
 */
export function findElectron(
  packageFolder: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const override = env['ELECTRON_OVERRIDE_DIST_PATH'];
  const name = readName(join(packageFolder, 'path.txt'));
  if (override === undefined && name === undefined) return undefined;
  const program = join(override ?? join(packageFolder, 'dist'), name ?? 'electron');
  try {
    accessSync(program, constants.X_OK);
    return program;
  } catch {
    return undefined;
  }
}

/** What to say where the program is missing. */
export const electronMissing = [
  "Electron's program is not here: its package does not bring it, and it is downloaded only when you ask for that.",
  'To get it (about 120 MB from github.com):  node node_modules/electron/install.js',
  'Or use one that you have:                  ELECTRON_OVERRIDE_DIST_PATH=/path/to/electron/folder npm start',
].join('\n');

function readName(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
