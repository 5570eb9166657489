import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { ProfileStore } from '../../../core/daemon/profile-store.ts';

const folder = await mkdtemp(join(tmpdir(), 'godwit-profiles-'));
after(() => rm(folder, { recursive: true }));

const good = {
  name: 'Office',
  gateway: 'vpn.example.org',
  authentication: { method: 'eap-mschapv2', username: 'alice' },
  trust: { caFile: 'ca.pem' },
};
await writeFile(join(folder, 'office.json'), JSON.stringify(good));
await writeFile(join(folder, 'broken.json'), '{\n  "name": 3\n}');
await writeFile(join(folder, 'notes.txt'), 'not a profile');
const store = new ProfileStore(folder, join(folder, 'own'));

test('good and broken profiles are listed, the broken with line and field', async () => {
  const entries = await store.list(1000);
  assert.deepEqual(
    entries.map((entry) => entry.id),
    ['broken', 'office'],
  );
  const [broken, office] = entries;
  assert.equal(office?.name, 'Office');
  assert.ok(broken?.failures.some(({ detail }) => detail['field'] === 'name' && detail['line'] === 2));
});

test('a profile is loaded by its id, and by nothing that leads elsewhere', async () => {
  const loaded = await store.load({ kind: 'stored', id: 'office' }, 1000);
  assert.ok(loaded.ok);
  assert.deepEqual(loaded.value.reference, { id: 'office', name: 'Office', gateway: 'vpn.example.org' });
  for (const id of ['../office', '/etc/passwd', '.office', 'none', 'a\0b']) {
    const refused = await store.load({ kind: 'stored', id }, 1000);
    assert.ok(!refused.ok, id);
    assert.equal(refused.error.code, 'profile.missing', id);
  }
});

test('what is no regular file is not waited for, and what is not there is missing', async () => {
  execFileSync('mkfifo', [join(folder, 'pipe.json')]);
  const waiting = await store.load({ kind: 'stored', id: 'pipe' }, 1000);
  assert.ok(!waiting.ok && waiting.error.code === 'profile.unreadable');
  const shown = await store.text('pipe', 1000);
  assert.ok(!shown.ok && shown.error.code === 'profile.unreadable');
  await rm(join(folder, 'pipe.json'));
  const gone = await store.text('pipe', 1000);
  assert.ok(!gone.ok && gone.error.code === 'profile.missing');
});

test('a text from a client that names a file is refused', async () => {
  const refused = await store.load({ kind: 'text', text: JSON.stringify(good), file: 'x.json' }, 1000);
  assert.ok(!refused.ok);
  assert.match(String(refused.error.detail['reason']), /names a file/);
});

test('a missing folder holds no profile', async () => {
  assert.deepEqual(await new ProfileStore(join(folder, 'none'), join(folder, 'own')).list(1000), []);
});

test('profilesListed: of a folder with very many profiles so many are listed', async () => {
  const crowded = await mkdtemp(join(tmpdir(), 'godwit-crowd-'));
  after(() => rm(crowded, { recursive: true }));
  const write = (at: number) => writeFile(join(crowded, `p${String(at).padStart(4, '0')}.json`), '{}');
  await Promise.all(Array.from({ length: limits.profilesListed }, (_, at) => write(at)));
  const listed = () => new ProfileStore(crowded, join(crowded, 'own')).list(1000);
  assert.equal((await listed()).length, limits.profilesListed);
  await write(limits.profilesListed);
  assert.equal((await listed()).length, limits.profilesListed);
});
