import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { root } from '../../build/testing/run-tests.ts';
import { packDeb } from '../support/pack-deb.ts';
import { guestFolder, run } from './image.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

/** The package, its successor, and the agent with a Node that runs it: a disk that the guest only reads. */
export async function makePayload(say: (line: string) => void): Promise<string> {
  const folder = join(guestFolder, 'payload');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  say('packing Godwit');
  const deb = await packDeb(join(guestFolder, 'packages'));
  copyFileSync(deb, join(folder, 'godwit.deb'));
  successor(deb, join(folder, 'godwit-next.deb'));
  copyFileSync(process.execPath, join(folder, 'node'));
  for (const [name, file] of Object.entries({
    agent: join(here, 'agent.ts'),
    'dns-server': join(here, 'dns-server.ts'),
    'file-transfer': join(root, 'test/demo/file-transfer.ts'),
  }))
    await bundleProgram(file, join(folder, `${name}.js`));
  const disk = join(guestFolder, 'payload.ext4');
  rmSync(disk, { force: true });
  await run('mke2fs', ['-q', '-t', 'ext4', '-m', '0', '-L', 'payload', '-d', folder, disk, '800M'], {});
  return disk;
}

/** The same package with a higher version. */
function successor(deb: string, to: string): void {
  const folder = join(guestFolder, 'packages/next');
  const must = (args: readonly string[]): void => {
    const { status, stderr } = spawnSync('dpkg-deb', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`dpkg-deb: ${stderr}`);
  };
  must(['--raw-extract', deb, folder]);
  const control = join(folder, 'DEBIAN/control');
  const text = readFileSync(control, 'utf8').replace(/^Version: .*$/m, (line) => `${line}+next`);
  writeFileSync(control, text);
  must(['--root-owner-group', '-Znone', '--build', folder, to]);
  rmSync(folder, { recursive: true, force: true });
}

async function bundleProgram(input: string, file: string): Promise<void> {
  const build = await rolldown({ input, platform: 'node', logLevel: 'warn' });
  await build.write({ file, format: 'esm', codeSplitting: false });
  await build.close();
}

if (import.meta.main) await makePayload((line) => process.stderr.write(`${line}\n`));
