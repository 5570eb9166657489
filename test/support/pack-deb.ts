import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makePackages } from '../../build/package/package.ts';
import { electronStandIn } from './electron-stand-in.ts';

const fpm = fileURLToPath(new URL('fpm-stand-in.ts', import.meta.url));

/** As `npm run package -- deb` does it, with stand-ins for the two things that it would fetch: Electron and fpm. */
export async function packDeb(output: string): Promise<string> {
  rmSync(output, { recursive: true, force: true });
  const tools = join(output, 'tools');
  mkdirSync(tools, { recursive: true });
  const program = `#!/bin/sh\nexec '${process.execPath}' '${fpm}' "$@"\n`;
  writeFileSync(join(tools, 'fpm'), program, { mode: 0o755 });
  const before = { PATH: process.env['PATH'], USE_SYSTEM_FPM: process.env['USE_SYSTEM_FPM'] };
  process.env['PATH'] = `${tools}:${before.PATH ?? ''}`;
  process.env['USE_SYSTEM_FPM'] = 'true';
  try {
    const files = await makePackages(['deb'], {
      electronDist: electronStandIn(join(output, 'electron')),
      output: join(output, 'out'),
    });
    const deb = files.find((file) => file.endsWith('.deb'));
    if (deb === undefined) throw new Error(`no .deb among ${files.join(', ')}`);
    return deb;
  } finally {
    process.env['PATH'] = before.PATH;
    if (before.USE_SYSTEM_FPM === undefined) delete process.env['USE_SYSTEM_FPM'];
  }
}
