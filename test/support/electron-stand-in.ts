import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';

/**
 * A folder in the shape of an unpacked Electron, whose program does nothing: enough to look at what is packed beside it,
 * and at the fuses, which are switches in the program behind a text that marks them (version 1, here nine of them, all off).
 */
export function electronStandIn(folder: string): string {
  mkdirSync(join(folder, 'resources'), { recursive: true });
  mkdirSync(join(folder, 'locales'));
  for (const name of ['en-US', 'de', 'fr']) writeFileSync(join(folder, `locales/${name}.pak`), '');
  writeFileSync(join(folder, 'electron'), `#!/bin/sh\nexit 0\n${sentinel}\u0001\u0009000000000\n`, {
    mode: 0o755,
  });
  writeFileSync(join(folder, 'chrome-sandbox'), '#!/bin/sh\n', { mode: 0o755 });
  for (const name of ['LICENSE', 'LICENSES.chromium.html', 'version'])
    writeFileSync(join(folder, name), '45.4.1');
  return folder;
}
