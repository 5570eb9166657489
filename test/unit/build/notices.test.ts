import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { rolldown } from 'rolldown';
import { build } from 'vite';
import { isAllowed } from '../../../build/notices/allowed.ts';
import { collectNotices } from '../../../build/notices/collect.ts';
import { debianCopyright } from '../../../build/notices/debian-copyright.ts';
import { noticesText } from '../../../build/notices/notices-text.ts';
import { sourceRecorder, sourcesOf } from '../../../build/notices/sources.ts';
import { limits } from '../../../core/base/limits.ts';

const folder = mkdtempSync(join(tmpdir(), 'godwit-notices-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const mit = (who: string): string =>
  `MIT License\r\n\r\nCopyright (c) 2020 ${who}\r\n\r\nPermission is hereby granted …\u001b[31m\r\n`;

/** A package of the registry, in the folder of a project: a text for each of its files. */
function put(
  project: string,
  path: string,
  files: Readonly<Record<string, string>>,
  fields: object = {},
): void {
  const name = path.replace(/^.*node_modules\//, '');
  const manifest = {
    name,
    version: '1.0.0',
    license: 'MIT',
    sideEffects: false,
    main: 'index.js',
    ...fields,
  };
  write(join(folder, project, 'node_modules', path, 'package.json'), JSON.stringify(manifest));
  for (const [file, text] of Object.entries(files))
    write(join(folder, project, 'node_modules', path, file), text);
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** What rolldown makes of an entry. */
async function bundled(project: string, entry: string): Promise<readonly string[]> {
  const file = join(folder, project, 'entry.js');
  write(file, entry);
  const made = await rolldown({ input: file, logLevel: 'silent' });
  const { output } = await made.generate({ format: 'esm' });
  await made.close();
  return sourcesOf(output);
}

const collect = (sources: readonly string[]) => collectNotices([{ name: 'part', sources }]);
const said = (sources: readonly string[]): string => {
  try {
    collect(sources);
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return '';
};

test('what is in a bundle is named, in each of its versions, and what was shaken off is not', async () => {
  const deep = { 'index.js': 'export const deep = () => 2;', license: mit('deep') };
  put('tree', 'used', {
    'index.js': 'import { deep } from "deep"; export const used = () => deep();',
    'LICENSE.md': mit('used'),
    NOTICE: 'used has parts of unused',
  });
  put('tree', 'used/node_modules/deep', deep, { version: '2.0.0' });
  put('tree', 'deep', deep);
  put('tree', '@scope/asked', {
    'index.js': 'export const asked = () => Math.cos(1);',
    COPYING: mit('asked'),
  });
  put('tree', 'unused', { 'index.js': 'export const unused = 1;' });
  const sources = await bundled(
    'tree',
    'import { used } from "used"; import { unused } from "unused"; import { asked } from "@scope/asked"; import { deep } from "deep"; console.log(used(), deep(), Math.random() > asked() && import("used"));',
  );
  const notices = collect(sources);
  assert.deepEqual(
    notices.filter(({ name }) => name !== 'rolldown').map(({ name, version }) => `${name} ${version}`),
    ['@scope/asked 1.0.0', 'deep 1.0.0', 'deep 2.0.0', 'used 1.0.0'],
  );
  const used = notices.find(({ name }) => name === 'used');
  assert.equal(used?.texts.length, 2, 'the licence, and what Apache-2.0 calls a NOTICE');
  const text = noticesText(notices, '1.2.3');
  for (const part of ['Copyright (c) 2020 asked', 'used has parts of unused', 'deep 2.0.0'])
    assert.ok(text.includes(part), part);
  for (const unprintable of '\r\u001b') assert.ok(!text.includes(unprintable));
});

test('code that the bundler adds is named with the bundler', async () => {
  put('common', 'old', { 'index.js': 'exports.old = 1;', LICENSE: mit('old') });
  const sources = await bundled('common', 'import { old } from "old"; console.log(old);');
  assert.deepEqual(
    collect(sources).map(({ name }) => name),
    ['old', 'rolldown'],
  );
});

test('stylesheets and typefaces are in a page, though no script is made of them', async () => {
  put(
    'page',
    'styled',
    { 'styled.css': '.styled { color: red }', LICENSE: mit('styled') },
    { sideEffects: true },
  );
  put(
    'page',
    'letters',
    { 'letters.woff2': 'x'.repeat(9_000), LICENSE: 'Copyright 2016 The Letters Authors' },
    {
      license: 'OFL-1.1',
    },
  );
  const css = '@font-face { font-family: L; src: url("letters/letters.woff2") } body { font-family: L }';
  write(join(folder, 'page/page.css'), css);
  write(join(folder, 'page/page.js'), 'import "./page.css"; import "styled/styled.css";');
  write(join(folder, 'page/index.html'), '<script type="module" src="./page.js"></script>');
  const options = { modulePreload: { polyfill: false }, assetsInlineLimit: 0, write: false };
  const root = join(folder, 'page');
  const { plugin, sources } = sourceRecorder(root);
  await build({ root, configFile: false, logLevel: 'silent', build: options, plugins: [plugin] });
  const notices = collect(sources());
  assert.deepEqual(
    notices.map(({ name, license }) => `${name} ${license}`),
    ['letters OFL-1.1', 'styled MIT'],
  );
});

test('what has no licence text, one that is not on the list, or no owner is not packed', () => {
  put('bad', 'mute', { 'index.js': '' });
  put('bad', 'strict', { 'index.js': '', LICENSE: 'GPL' }, { license: 'GPL-3.0-only' });
  put('bad', 'silent', { 'index.js': '', LICENSE: 'ours' }, { license: undefined });
  put('bad', 'letters', { 'index.js': '', LICENSE: 'OFL' }, { license: 'OFL-1.1' });
  put('bad', 'rusty', {
    LICENSE: '| Crate | Version | License |\n| --- | --- | --- |\n| gone | 0.1.0 | AGPL-3.0 |',
  });
  const of = (name: string): readonly string[] => [join(folder, 'bad/node_modules', name, 'index.js')];
  assert.match(said(of('mute')), /^mute 1\.0\.0 is packed, and its licence text was not found: /);
  assert.match(
    said(of('strict')),
    /^strict 1\.0\.0 is packed, and its licence \(GPL-3\.0-only\) is not on the list/,
  );
  assert.match(said(of('silent')), /its licence \(none\) is not on the list/);
  assert.match(said(of('letters')), /its licence \(OFL-1\.1\) is not on the list/);
  assert.match(said(of('rusty')), /^rusty 1\.0\.0 has gone 0\.1\.0 in it, under AGPL-3\.0\.$/);
  assert.match(said(['\0unheard/of.js']), /nobody knows whose it is: node_modules\/unheard is no package/);
  assert.equal(said([...of('mute'), ...of('strict')]).split('\n').length, 2, 'all are told at once');
});

test('a choice of licences is allowed with one of them, a sum of them with all', () => {
  for (const expression of ['MIT', '(MIT OR GPL-3.0)', 'Apache-2.0 AND BSD-3-Clause', 'Python-2.0'])
    assert.equal(isAllowed(expression, 'code'), true, expression);
  for (const expression of [
    '',
    'UNLICENSED',
    'SEE LICENSE IN X',
    'MIT AND GPL-3.0',
    'LGPL-2.1',
    'CC-BY-NC-4.0',
  ])
    assert.equal(isAllowed(expression, 'code'), false, expression);
  put(
    'old',
    'twice',
    { 'index.js': '', LICENSE: mit('twice') },
    {
      license: undefined,
      licenses: [{ type: 'GPL-2.0' }, { type: 'MIT' }],
    },
  );
  const [notice] = collect([join(folder, 'old/node_modules/twice/index.js')]);
  assert.equal(notice?.license, 'GPL-2.0 OR MIT');
});

test('notices that the interface could not show stop the build', () => {
  put('long', 'novel', { LICENSE: 'word '.repeat(limits.noticesCharacters / 5) });
  const notices = collect([join(folder, 'long/node_modules/novel/index.js')]);
  assert.throws(() => noticesText(notices, '1.2.3'), /^Error: The notices have \d+ characters/);
});

test("Debian's form has every licence that a paragraph names, once, and no empty line in a text", () => {
  put('deb', 'one', { LICENSE: mit('One') });
  put('deb', 'two', { LICENSE: mit('Two') }, { license: 'ISC OR MIT' });
  const of = (name: string): string => join(folder, 'deb/node_modules', name, 'index.js');
  const notices = collectNotices([
    { name: 'a', sources: [of('one'), of('two')] },
    { name: 'b', sources: [of('one')] },
  ]);
  const text = debianCopyright('Format: x\n\nFiles: *\nLicense: Apache-2.0\n', notices, [
    { patterns: ['opt/*', 'etc/*'], parts: ['a'], ours: true },
    { patterns: ['opt/b'], parts: ['b'], ours: false },
  ]);
  const paragraphs = text.trimEnd().split('\n\n');
  assert.deepEqual(paragraphs.slice(2, 4), [
    'Files: opt/* etc/*\nCopyright: 2026 The Godwit authors\n 2020 One\n 2020 Two\nLicense: Apache-2.0 and Expat and ISC or Expat\nComment: Works of others in these files:\n one 1.0.0 (MIT)\n two 1.0.0 (ISC OR MIT)',
    'Files: opt/b\nCopyright: 2020 One\nLicense: Expat\nComment: Works of others in these files:\n one 1.0.0 (MIT)',
  ]);
  const expat = paragraphs.find((paragraph) => paragraph.startsWith('License: Expat\n'));
  assert.match(expat ?? '', /^License: Expat\n \[ one 1\.0\.0 \]\n \.\n MIT License\n \.\n Copyright/);
});
