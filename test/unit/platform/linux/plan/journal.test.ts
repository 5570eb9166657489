import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { limits } from '../../../../../core/base/limits.ts';
import {
  Journal,
  listJournals,
  ownerLives,
  readJournal,
  thisProcess,
} from '../../../../../core/platform/linux/plan/journal.ts';
import { recoverFromJournal } from '../../../../../core/platform/linux/plan/recover.ts';
import type { Step } from '../../../../../core/platform/linux/plan/step.ts';

const made: string[] = [];
afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'journal-'));
  made.push(path);
  return path;
}

const address: Step = { kind: 'address', device: 'godwit0', prefix: '10.0.0.1/32' };
const refuse: Step = { kind: 'route', table: 9, destination: '::/0' };

function create(path: string): Journal {
  const journal = Journal.create(path, 'godwit0');
  assert.ok(journal.ok);
  return journal.value;
}

test('steps are on disk when record returns, for this account alone, and gone when none is left', () => {
  const path = directory();
  const journal = create(path);
  assert.ok(journal.record([address]).ok);
  assert.ok(journal.record([refuse]).ok);
  const read = readJournal(journal.path);
  assert.ok(read.ok);
  assert.deepEqual(read.value.steps, [address, refuse]);
  assert.deepEqual(listJournals(path), [journal.path]);
  assert.deepEqual(readdirSync(path).length, 1, 'no temporary file is left');
  assert.ok(journal.replace([]).ok);
  assert.deepEqual(readdirSync(path), []);
});

test('what an earlier undoing had to leave is not forgotten by the next plan', () => {
  const path = directory();
  assert.ok(create(path).record([address]).ok);
  const next = create(path);
  assert.deepEqual(next.steps, [address]);
  assert.ok(next.record([refuse]).ok);
  const read = readJournal(next.path);
  assert.deepEqual(read.ok && read.value.steps, [address, refuse]);
});

test('what could not be read back is not written', () => {
  const path = directory();
  const journal = create(path);
  const refused = journal.record([{ ...address, prefix: 'everything' }]);
  assert.equal(!refused.ok && refused.error.code, 'system.journal');
  assert.equal(journal.record(new Array<Step>(limits.journalSteps + 1).fill(address)).ok, false);
  assert.deepEqual(readdirSync(path), []);
});

test('the writer of a journal is known to live, and known to be dead', () => {
  const me = thisProcess();
  assert.ok(ownerLives(me));
  assert.ok(!ownerLives({ ...me, startTime: '1' }), 'the process ID was given away again');
  assert.ok(!ownerLives({ ...me, bootId: 'another' }));
  assert.ok(!ownerLives({ ...me, pid: 4_194_305 }));
});

const valid = {
  version: 1,
  device: 'godwit0',
  owner: { ...thisProcess(), startTime: '1' },
  steps: [] as unknown[],
};

const hostile: readonly (readonly [string, string])[] = [
  ['empty', ''],
  ['not JSON', '{"version":1,'],
  ['cut', JSON.stringify({ ...valid, steps: [address] }).slice(0, 80)],
  ['another version', JSON.stringify({ ...valid, version: 2 })],
  ['an unknown step', JSON.stringify({ ...valid, steps: [{ kind: 'exec', command: 'sh' }] })],
  ['an unknown field', JSON.stringify({ ...valid, steps: [{ ...address, more: 1 }] })],
  [
    'another setting',
    JSON.stringify({
      ...valid,
      steps: [{ kind: 'sysctl', name: 'kernel/core_pattern', device: 'a', value: '0', before: '1' }],
    }),
  ],
  ['a device that is a path', JSON.stringify({ ...valid, steps: [{ ...address, device: '../../x' }] })],
  ['not a prefix', JSON.stringify({ ...valid, steps: [{ ...address, prefix: '10.0.0.1/99' }] })],
  ['too many steps', JSON.stringify({ ...valid, steps: new Array(limits.journalSteps + 1).fill(address) })],
  ['too large', ' '.repeat(limits.journalOctets + 1)],
];

for (const [name, text] of hostile) {
  test(`a journal that is hostile (${name}) is reported and set aside`, async () => {
    const path = directory();
    const file = join(path, 'godwit0@1.json');
    writeFileSync(file, text, { mode: 0o600 });
    const read = readJournal(file);
    assert.equal(!read.ok && read.error.code, 'system.journal');
    const [recovery] = await recoverFromJournal({ journalDirectory: path, dns: false });
    assert.equal(recovery?.outcome, 'refused');
    assert.equal(recovery?.failures[0]?.code, 'system.journal');
    assert.deepEqual(readdirSync(path), ['godwit0@1.json.bad']);
    assert.deepEqual(await recoverFromJournal({ journalDirectory: path, dns: false }), []);
  });
}

test('a journal that others can write, or a symbolic link, is not believed', () => {
  const path = directory();
  const file = join(path, 'godwit0@1.json');
  writeFileSync(file, JSON.stringify(valid), { mode: 0o600 });
  assert.ok(readJournal(file).ok);
  chmodSync(file, 0o666);
  assert.equal(readJournal(file).ok, false);
  chmodSync(file, 0o600);
  symlinkSync(file, join(path, 'link'));
  assert.equal(readJournal(join(path, 'link')).ok, false);
});

test('a directory that others can write is not used', () => {
  const path = directory();
  chmodSync(path, 0o777);
  const journal = Journal.create(path, 'godwit0');
  assert.equal(!journal.ok && journal.error.code, 'system.journal');
});

test('a journal of another network namespace is left alone', async () => {
  const path = directory();
  const file = join(path, 'godwit0@1.json');
  const elsewhere = { ...valid, owner: { ...valid.owner, namespace: '1' }, steps: [address] };
  writeFileSync(file, JSON.stringify(elsewhere), { mode: 0o600 });
  const [recovery] = await recoverFromJournal({ journalDirectory: path, dns: false });
  assert.equal(recovery?.outcome, 'elsewhere');
  assert.equal(readFileSync(file, 'utf8'), JSON.stringify(elsewhere));
});

test('of an earlier boot only files are restored', async () => {
  const path = directory();
  const resolvConf = join(path, 'resolv.conf');
  writeFileSync(resolvConf, 'ours\n');
  const before = { kind: 'file', base64: Buffer.from('theirs\n').toString('base64') };
  const record = { strategy: 'resolv-conf', written: 'ours\n', before };
  const earlier = {
    ...valid,
    owner: { ...valid.owner, bootId: 'earlier', namespace: '1' },
    steps: [
      { kind: 'sysctl', name: 'net/ipv4/conf/all/rp_filter', device: 'godwit0', value: '0', before: '1' },
      { kind: 'dns', record },
    ],
  };
  writeFileSync(join(path, 'godwit0@1.json'), JSON.stringify(earlier), { mode: 0o600 });
  const [recovery] = await recoverFromJournal({ journalDirectory: path, dns: { resolvConf } });
  assert.deepEqual(recovery?.failures, []);
  assert.equal(recovery?.outcome, 'undone');
  assert.equal(readFileSync(resolvConf, 'utf8'), 'theirs\n');
});

test('without a directory there is nothing to recover', async () => {
  assert.deepEqual(await recoverFromJournal({ journalDirectory: '/nonexistent/godwit', dns: false }), []);
});
