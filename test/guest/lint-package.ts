import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { guestFolder } from './image.ts';

/** What lintian says of the package that the guest installs: errors and warnings that are not overridden. */
export async function lintPackage(): Promise<readonly string[]> {
  const deb = join(guestFolder, 'payload/godwit.deb');
  const child = spawn('lintian', ['--no-cfg', '--allow-root', '--fail-on=none', deb], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const hints = said.split('\n').filter((line) => /^[EW]: /.test(line));
  return status === 0 ? hints : [`lintian ended with ${status}`, ...hints];
}
