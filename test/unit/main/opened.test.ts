import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { limits } from '../../../core/base/limits.ts';
import { openArguments, openFile, openLink } from '../../../main/opened.ts';
import { temporaryFolder } from '../rpc/transport/harness.ts';

const profile = Buffer.from('{"name":"Office ä"}');

test('a link carries a profile', () => {
  const link = `godwit://import?name=office.json#${profile.toString('base64url')}`;
  assert.deepEqual(openLink(link), { name: 'office.json', base64: profile.toString('base64') });
  assert.equal(openLink(`godwit://import#${profile.toString('base64url')}`)?.name, 'profile.json');
  assert.equal(openLink(`godwit://import?name=../../etc/passwd#${'YQ'}`)?.name, 'passwd');
});

for (const link of [
  'godwit://import',
  'godwit://import#',
  'godwit://import#a b',
  'godwit://connect?id=office#YQ',
  'godwit:import#YQ',
  'https://example.org/import#YQ',
  `godwit://import#${'A'.repeat(limits.importOctets * 2)}`,
  'godwit://import?url=https://example.org/profile.json',
])
  test(`not taken: ${link.slice(0, 60)}`, () => assert.equal(openLink(link), undefined));

test('whatever stands in a link, it throws nothing and gives no more than a file may be', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webUrl(),
        fc.string().map((s) => `godwit://import#${s}`),
      ),
      (link) => {
        const opened = openLink(link);
        assert.ok(opened === undefined || opened.base64.length <= (limits.importOctets * 4) / 3 + 4);
      },
    ),
  );
});

test('files with the ending of a profile are read, whole and bounded; others are not touched', async (t) => {
  const folder = await temporaryFolder(t);
  const file = (name: string, content: string | Buffer): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const good = file('office.sswan', profile);
  assert.deepEqual(openFile(good), { name: 'office.sswan', base64: profile.toString('base64') });
  assert.equal(openFile(file('notes.txt', profile)), undefined);
  assert.equal(openFile(file('empty.json', '')), undefined);
  assert.equal(openFile(file('huge.json', Buffer.alloc(limits.importOctets + 1))), undefined);
  mkdirSync(join(folder, 'folder.json'));
  assert.equal(openFile(join(folder, 'folder.json')), undefined);
  symlinkSync('/nowhere', join(folder, 'gone.json'));
  assert.equal(openFile(join(folder, 'gone.json')), undefined);
  assert.deepEqual(
    openArguments(['--hidden', good, '-x.json', 'godwit://import#YQ']).map(({ name }) => name),
    ['office.sswan', 'profile.json'],
  );
});
