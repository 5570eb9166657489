import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { version } from '../../core/platform/version.ts';
import { bundle } from '../bundle.ts';
import { writeNotices } from '../notices/write-notices.ts';
import { root } from '../testing/run-tests.ts';
import { buildUi, uiSources } from '../ui/build-ui.ts';
import { uiFolder } from '../ui/vite.config.ts';
import { bundleApp } from './bundle-app.ts';
import { electronBuilderConfig, type PackageOptions, stagedFolder, stagedIcons } from './electron-builder.ts';
import { debianFiles, rpmFiles, systemFiles } from './linux-files.ts';
import { settle, sourceDate } from './source-date.ts';

const help = `Usage: npm run package -- [options] [dir] [deb] [rpm] [AppImage]

Builds daemon, command line and window, and packs them for this processor into dist/packages (default: deb rpm AppImage).
electron-builder fetches Electron, and for everything but "dir" its packing tools; with "dir" and --electron nothing is fetched.

Options:
  --electron PATH       a folder or zip with Electron, in place of the one that is fetched
  --feed URL            where the AppImage looks for updates (https), with
  --update-key PEM      the public Ed25519 key that the updates are signed with
`;

/** Packs the checkout as it is. Returns the files that were made. Throws when a licence of what is packed is missing. */
export async function makePackages(
  targets: readonly string[],
  options: Omit<PackageOptions, 'seconds'>,
): Promise<readonly string[]> {
  await buildUi();
  const [daemon, app] = [await bundle(), await bundleApp()];
  writeNotices({ daemon, app, ui: uiSources() });
  layBeside();
  pressManual();
  const seconds = sourceDate();
  stageSystemFiles(seconds);
  const { build } = await import('electron-builder');
  const config = electronBuilderConfig({ ...options, seconds });
  const before = process.env['SOURCE_DATE_EPOCH'];
  // What the packers make themselves bears this time too, and is writable for nobody else.
  process.env['SOURCE_DATE_EPOCH'] = String(seconds);
  const mask = process.umask(0o022);
  try {
    return await build({ projectDir: root, linux: [...targets], config, publish: 'never' });
  } finally {
    process.umask(mask);
    if (before === undefined) delete process.env['SOURCE_DATE_EPOCH'];
    else process.env['SOURCE_DATE_EPOCH'] = before;
  }
}

/** Copies what lies outside of the program's folder, with the times and modes that it is packed with. */
function stageSystemFiles(seconds: number): void {
  rmSync(stagedFolder, { recursive: true, force: true });
  for (const { from, to } of [...systemFiles, ...debianFiles, ...rpmFiles]) {
    const staged = join(stagedFolder, to);
    mkdirSync(dirname(staged), { recursive: true });
    copyFileSync(join(root, from), staged);
  }
  rmSync(stagedIcons, { recursive: true, force: true });
  for (const name of readdirSync(join(root, 'build/icons')).filter((each) => /^\d+x\d+\.png$/.test(each)))
    cpSync(join(root, 'build/icons', name), join(stagedIcons, name));
  for (const folder of [stagedFolder, stagedIcons]) settle(folder, seconds);
}

/** What both the archive and the daemon's folder hold: the pages for `godwit ui`, and the version. */
function layBeside(): void {
  const beside = join(root, 'dist/beside');
  rmSync(beside, { recursive: true, force: true });
  cpSync(uiFolder, join(beside, 'dist/renderer'), {
    recursive: true,
    filter: (path) => !path.endsWith('.built-from'),
  });
  const { name, license, type } = manifest();
  writeFileSync(
    join(beside, 'package.json'),
    `${JSON.stringify({ name, version, license, type }, null, 2)}\n`,
  );
}

/** Manual pages are packed compressed. */
function pressManual(): void {
  const folder = join(root, 'dist/manual');
  mkdirSync(folder, { recursive: true });
  for (const page of ['godwit.1', 'godwitd.8']) {
    const text = readFileSync(join(root, 'build/linux', page));
    writeFileSync(join(folder, `${page}.gz`), gzipSync(text, { level: 9 }));
  }
}

function manifest(): Record<string, unknown> {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      electron: { type: 'string' },
      feed: { type: 'string' },
      'update-key': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const { feed, 'update-key': keyFile, electron } = values;
  if ((feed === undefined) !== (keyFile === undefined))
    throw new Error('--feed and --update-key go together: an update without a signature is not taken.');
  if (feed !== undefined && !feed.startsWith('https://')) throw new Error('--feed must be an https address.');
  if (keyFile !== undefined) readFileSync(keyFile);
  const files = await makePackages(positionals.length === 0 ? ['deb', 'rpm', 'AppImage'] : positionals, {
    ...(electron === undefined ? {} : { electronDist: electron }),
    ...(feed === undefined || keyFile === undefined ? {} : { feed: { url: feed, keyFile } }),
  });
  process.stdout.write(`${files.join('\n')}\n`);
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
