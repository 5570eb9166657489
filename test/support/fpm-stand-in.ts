import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

/**
 * Packs a .deb as electron-builder tells fpm to, with dpkg-deb: fpm itself is in no distribution. It knows the options that
 * electron-builder gives, and fails for any other.
 *
 *   fpm -s dir -t deb --package FILE --after-install SCRIPT … FROM=TO …
 */
const many = ['-d', '--deb-recommends'];
const one = [
  ...['-s', '-t', '--architecture', '--after-install', '--after-remove', '--before-remove', '--description'],
  ...[
    '--version',
    '--package',
    '--name',
    '--maintainer',
    '--vendor',
    '--url',
    '--category',
    '--deb-priority',
  ],
  ...['--license', '--deb-compression', '--iteration', '--deb-upstream-changelog'],
];
const none = ['--force'];

const values = new Map<string, string[]>();
const mappings: [string, string][] = [];
for (let rest = process.argv.slice(2); rest.length > 0; ) {
  const [word = '', next = ''] = rest;
  const [, name = word, attached] = /^(--[\w-]+)=(.*)$/.exec(word) ?? [];
  if (none.includes(word)) rest = rest.slice(1);
  else if (many.includes(name) || one.includes(name)) {
    values.set(name, [...(values.get(name) ?? []), attached ?? next]);
    rest = rest.slice(attached === undefined ? 2 : 1);
  } else if (word.startsWith('-')) throw new Error(`fpm-stand-in: no option ${word}`);
  else {
    const [, from = '', to = ''] = /^(.+)=(\/.+)$/.exec(word) ?? [];
    mappings.push([from, to]);
    rest = rest.slice(1);
  }
}

const tree = mkdtempSync(join(tmpdir(), 'godwit-deb-'));
try {
  for (const [from, to] of mappings) put(from, join(tree, to));
  chmodSync(tree, 0o755);
  changelogs();
  const control = join(tree, 'DEBIAN');
  mkdirSync(control);
  writeFileSync(join(control, 'control'), controlText());
  const scripts = { postinst: '--after-install', postrm: '--after-remove', prerm: '--before-remove' };
  for (const [name, option] of Object.entries(scripts)) {
    const [script] = values.get(option) ?? [];
    if (script !== undefined) writeFileSync(join(control, name), readFileSync(script), { mode: 0o755 });
  }
  const { status, stderr } = spawnSync(
    'dpkg-deb',
    ['--root-owner-group', '-Zgzip', '-z1', '--build', tree, value('--package')],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
} finally {
  rmSync(tree, { recursive: true, force: true });
}

/** `FOLDER/=TO` puts what is in the folder, `FILE=TO` the file itself. */
function put(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, {
    recursive: statSync(from).isDirectory(),
    verbatimSymlinks: true,
    preserveTimestamps: true,
  });
}

/** As fpm: one of Debian's with a line of its own, and the one that it is given. */
function changelogs(): void {
  const folder = join(tree, 'usr/share/doc', value('--name'));
  mkdirSync(folder, { recursive: true });
  const epoch = process.env['SOURCE_DATE_EPOCH'];
  const date = (epoch === undefined ? new Date() : new Date(Number(epoch) * 1_000))
    .toUTCString()
    .replace('GMT', '+0000');
  const debian = `${value('--name')} (${version()}) whatever; urgency=medium\n\n  * Packed.\n\n -- ${value('--maintainer')}  ${date}\n`;
  const upstream = readFileSync(value('--deb-upstream-changelog'));
  const files = { 'changelog.Debian.gz': debian, 'changelog.gz': upstream };
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, name), gzipSync(text, { level: 9 }));
}

function version(): string {
  return `${value('--version')}-${value('--iteration')}`;
}

function value(name: string): string {
  return values.get(name)?.[0] ?? '';
}

function controlText(): string {
  const fields: readonly (readonly [string, string])[] = [
    ['Package', value('--name')],
    ['Version', version()],
    ['Architecture', value('--architecture')],
    ['Maintainer', value('--maintainer')],
    ['Section', value('--category')],
    ['Priority', value('--deb-priority')],
    ['Homepage', value('--url')],
    ['Depends', (values.get('-d') ?? []).join(', ')],
    ['Recommends', (values.get('--deb-recommends') ?? []).join(', ')],
    ['Description', value('--description').replace(/\n\s*/g, '\n ')],
  ];
  return fields.map(([name, text]) => `${name}: ${text}\n`).join('');
}
