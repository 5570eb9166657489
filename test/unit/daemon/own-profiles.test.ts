import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { OwnProfiles } from '../../../core/daemon/own-profiles.ts';
import { ProfileStore } from '../../../core/daemon/profile-store.ts';

const folder = await mkdtemp(join(tmpdir(), 'godwit-own-'));
after(() => rm(folder, { recursive: true }));

const text = (name: string, trust: object = { ca: '-----BEGIN CERTIFICATE-----\nAA==' }) =>
  JSON.stringify({
    name,
    gateway: 'vpn.example.org',
    authentication: { method: 'eap-mschapv2', username: 'alice' },
    trust,
  });
const alice = 1000;
const bob = 1001;

test('a profile that a user gives is kept for this user alone, out of the sight of others', async () => {
  const own = new OwnProfiles(join(folder, 'a'));
  const saved = await own.save(undefined, text('Büro (neu)'), alice);
  assert.deepEqual(saved, { ok: true, value: 'own:buro-neu' });
  assert.deepEqual(
    (await own.list(alice)).map(({ id, name, own: mine }) => ({ id, name, mine })),
    [{ id: 'own:buro-neu', name: 'Büro (neu)', mine: true }],
  );
  assert.deepEqual(await own.list(bob), []);
  for (const reach of [
    own.read('own:buro-neu', bob),
    own.load('own:buro-neu', bob),
    own.remove('own:buro-neu', bob),
  ]) {
    const refused = await reach;
    assert.equal(!refused.ok && refused.error.code, 'profile.missing');
  }
  assert.equal((await stat(join(folder, 'a'))).mode & 0o777, 0o700);
  assert.equal((await stat(join(folder, 'a/1000/buro-neu.json'))).mode & 0o777, 0o600);
  assert.ok((await own.load('own:buro-neu', alice)).ok);
  assert.ok((await own.remove('own:buro-neu', alice)).ok);
  assert.deepEqual(await own.list(alice), []);
});

test('two of one name get ids of their own, and one is replaced only by its id', async () => {
  const own = new OwnProfiles(join(folder, 'b'));
  const ids = [];
  for (let i = 0; i < 2; i++) ids.push(await own.save(undefined, text('Office'), alice));
  assert.deepEqual(
    ids.map((id) => id.ok && id.value),
    ['own:office', 'own:office-2'],
  );
  assert.ok((await own.save('own:office', text('Renamed'), alice)).ok);
  assert.deepEqual(
    (await own.list(alice)).map(({ name }) => name),
    ['Renamed', 'Office'],
  );
  const missing = await own.save('own:nothing', text('x'), alice);
  assert.equal(!missing.ok && missing.error.code, 'profile.missing');
});

test('no id leads out of the folder', async () => {
  const own = new OwnProfiles(join(folder, 'c'));
  for (const id of [
    'own:../1001/office',
    'own:/etc/passwd',
    'own:',
    'own:a.json',
    'own:a\0',
    'office',
    'own:A',
  ]) {
    for (const refused of [
      await own.read(id, alice),
      await own.remove(id, alice),
      await own.save(id, text('x'), alice),
    ])
      assert.equal(!refused.ok && refused.error.code, 'profile.missing', id);
  }
});

test('what is no profile, or names a file of the machine, is not kept', async () => {
  const own = new OwnProfiles(join(folder, 'd'));
  for (const bad of ['', '{', '[]', text(''), text('x', { caFile: '/etc/shadow' })]) {
    const refused = await own.save(undefined, bad, alice);
    assert.equal(!refused.ok && refused.error.code, 'profile.invalid', bad);
  }
  assert.deepEqual(await own.list(alice), []);
});

test('a user has so many profiles and no more', async () => {
  const own = new OwnProfiles(join(folder, 'e'));
  await mkdir(join(folder, 'e/1000'), { recursive: true });
  for (let i = 0; i < limits.profilesOfUser; i++)
    await writeFile(join(folder, `e/1000/p${i}.json`), text(`P${i}`));
  const refused = await own.save(undefined, text('One more'), alice);
  assert.equal(!refused.ok && refused.error.code, 'profile.too-many');
  assert.ok((await own.save('own:p0', text('Changed'), alice)).ok);
});

test('the profiles of the system are read by everyone and changed by nobody over the socket', async () => {
  const system = join(folder, 'system');
  await mkdir(system);
  await writeFile(join(system, 'office.json'), text('Office'));
  const store = new ProfileStore(system, join(folder, 'f'));
  await store.save(undefined, text('Mine'), alice);
  assert.deepEqual(
    (await store.list(alice)).map(({ id, own }) => [id, own === true]),
    [
      ['office', false],
      ['own:mine', true],
    ],
  );
  const read = await store.text('office', alice);
  assert.equal(read.ok && read.value.own, false);
  for (const refused of [await store.save('office', text('x'), alice), await store.remove('office', alice)])
    assert.equal(!refused.ok && refused.error.code, 'profile.not-own');
  const loaded = await store.load({ kind: 'stored', id: 'own:mine' }, alice);
  assert.equal(loaded.ok && loaded.value.reference.id, 'own:mine');
});

test('a store that cannot be written is told, and nothing half-written stays', async () => {
  const place = join(folder, 'g');
  await mkdir(place);
  // Nobody, not even root, makes a folder under a file.
  await writeFile(join(place, 'file'), '');
  const refused = await new OwnProfiles(join(place, 'file/x')).save(undefined, text('x'), alice);
  assert.equal(!refused.ok && refused.error.code, 'profile.not-kept');
  assert.deepEqual(await readdir(place), ['file']);
});
