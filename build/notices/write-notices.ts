import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { noticesFile } from '../../core/platform/notices.ts';
import { version } from '../../core/platform/version.ts';
import { installedFolder } from '../package/linux-files.ts';
import { nativePackages } from '../package/native-packages.ts';
import { root } from '../testing/run-tests.ts';
import { collectNotices, type Notice, type Part } from './collect.ts';
import { type DebianFiles, debianCopyright } from './debian-copyright.ts';
import { noticesText } from './notices-text.ts';

/** What the bundlers put together, as `sourcesOf` tells it. */
export interface Bundled {
  readonly daemon: readonly string[];
  readonly ui: readonly string[];
  readonly app: readonly string[];
}

const partNames = {
  daemon: 'daemon and command line',
  ui: 'interface',
  app: 'desktop app',
  native: 'native modules',
  runtime: 'runtime of the daemon',
  electron: 'runtime of the desktop app',
} as const;

/** All that is packed: what was bundled, and the packages and programs that are packed as they are. */
function packedParts({ daemon, ui, app }: Bundled): readonly Part[] {
  const whole = (name: string): string => `node_modules/${name}/package.json`;
  return [
    { name: partNames.daemon, sources: daemon },
    { name: partNames.ui, sources: ui },
    { name: partNames.app, sources: app },
    { name: partNames.native, sources: nativePackages(process.arch).map(({ from }) => whole(from)) },
    { name: partNames.runtime, sources: [whole(`node-linux-${process.arch}`)] },
    { name: partNames.electron, sources: [whole('electron')] },
  ];
}

/** Where the parts lie in the .deb, from the outside inwards. */
function debianPlaces(): readonly DebianFiles[] {
  const folder = installedFolder.slice(1);
  const daemon = `${folder}/resources/godwit`;
  return [
    { patterns: [`${folder}/*`], parts: [partNames.electron], ours: false },
    { patterns: [`${folder}/resources/app.asar`], parts: [partNames.app, partNames.ui], ours: true },
    { patterns: [`${daemon}/*`], parts: [partNames.daemon], ours: true },
    { patterns: [`${daemon}/dist/renderer/*`], parts: [partNames.ui], ours: true },
    { patterns: [`${daemon}/node_modules/*`], parts: [partNames.native], ours: false },
    { patterns: [`${daemon}/runtime/*`], parts: [partNames.runtime], ours: false },
  ];
}

/**
 * Writes the notices of what is packed into `dist/notices`: as text, which goes into every package, and as Debian's
 * `copyright`. Throws when a licence is missing or not allowed.
 */
export function writeNotices(bundled: Bundled): readonly Notice[] {
  const notices = collectNotices(packedParts(bundled));
  const text = noticesText(notices, version);
  const folder = join(root, 'dist/notices');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, noticesFile), text);
  const head = readFileSync(join(root, 'build/linux/copyright'), 'utf8');
  writeFileSync(join(folder, 'copyright'), debianCopyright(head, notices, debianPlaces()));
  return notices;
}
