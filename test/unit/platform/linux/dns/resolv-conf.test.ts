import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { type IpAddress, parseIpAddress } from '../../../../../core/base/address.ts';
import { limits } from '../../../../../core/base/limits.ts';
import type { DnsSettings } from '../../../../../core/platform/linux/dns/dns-strategy.ts';
import { ResolvConfStrategy, resolvConfText } from '../../../../../core/platform/linux/dns/resolv-conf.ts';
import { type DnsRecord, dnsRecordSchema } from '../../../../../core/platform/linux/plan/step.ts';

const made: string[] = [];
afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function etc(): { directory: string; path: string; strategy: ResolvConfStrategy } {
  const directory = mkdtempSync(join(tmpdir(), 'etc-'));
  made.push(directory);
  const path = join(directory, 'resolv.conf');
  return { directory, path, strategy: new ResolvConfStrategy({ resolvConf: path }) };
}

function address(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

const settings: DnsSettings = {
  servers: ['10.79.0.1', 'fd79::1'].map(address),
  searchDomains: ['corp.example', 'example.org'],
  routeDomains: [],
};

async function prepare(strategy: ResolvConfStrategy): Promise<DnsRecord> {
  const record = await strategy.prepare({ name: 'godwit0', index: 1 }, settings);
  assert.ok(record.ok);
  // As it comes back from a journal.
  return dnsRecordSchema.parse(JSON.parse(JSON.stringify(record.value)));
}

async function apply(strategy: ResolvConfStrategy): Promise<DnsRecord> {
  const record = await prepare(strategy);
  assert.deepEqual(await strategy.apply(record, settings), { ok: true, value: [] });
  return record;
}

const original = '# mine\nnameserver 192.0.2.53\noptions rotate\n';

test('servers and search domains are written as resolv.conf(5) wants them', () => {
  assert.match(
    resolvConfText(settings),
    /^#.*\nnameserver 10\.79\.0\.1\nnameserver fd79::1\nsearch corp\.example example\.org\n$/,
  );
});

test('a file is replaced and comes back: the same inode, content, mode and time', async () => {
  const { directory, path, strategy } = etc();
  writeFileSync(path, original);
  chmodSync(path, 0o640);
  const before = statSync(path);
  const record = await apply(strategy);
  assert.match(readFileSync(path, 'utf8'), /nameserver 10\.79\.0\.1/);
  assert.equal(statSync(path).mode, before.mode, 'whoever could read it still can');
  assert.ok((await strategy.undo(record)).ok);
  const now = statSync(path);
  assert.equal(readFileSync(path, 'utf8'), original);
  assert.deepEqual([now.ino, now.mode, now.mtimeMs], [before.ino, before.mode, before.mtimeMs]);
  assert.deepEqual(readdirSync(directory), ['resolv.conf'], 'nothing else is left');
  assert.ok((await strategy.undo(record)).ok, 'a second time is fine');
  assert.equal(readFileSync(path, 'utf8'), original);
});

test('a symbolic link comes back as one, and what it leads to is never touched', async () => {
  const { directory, path, strategy } = etc();
  mkdirSync(join(directory, 'run'));
  writeFileSync(join(directory, 'run/stub.conf'), original);
  symlinkSync('run/stub.conf', path);
  const record = await apply(strategy);
  assert.ok(!lstatSync(path).isSymbolicLink());
  assert.equal(readFileSync(join(directory, 'run/stub.conf'), 'utf8'), original);
  assert.ok((await strategy.undo(record)).ok);
  assert.equal(readlinkSync(path), 'run/stub.conf');
  assert.deepEqual(readdirSync(directory).sort(), ['resolv.conf', 'run']);
});

test('a link that leads nowhere comes back too', async () => {
  const { path, strategy } = etc();
  symlinkSync('/nonexistent/resolv.conf', path);
  const record = await apply(strategy);
  assert.ok((await strategy.undo(record)).ok);
  assert.equal(readlinkSync(path), '/nonexistent/resolv.conf');
});

test('where there was no file, there is none afterwards', async () => {
  const { directory, strategy } = etc();
  const record = await apply(strategy);
  assert.ok((await strategy.undo(record)).ok);
  assert.deepEqual(readdirSync(directory), []);
});

test('a file that somebody else changed meanwhile is theirs', async () => {
  const { directory, path, strategy } = etc();
  writeFileSync(path, original);
  const record = await apply(strategy);
  writeFileSync(path, 'nameserver 198.51.100.53\n');
  const undone = await strategy.undo(record);
  assert.equal(!undone.ok && undone.error.code, 'system.dns-changed');
  assert.equal(readFileSync(path, 'utf8'), 'nameserver 198.51.100.53\n');
  assert.deepEqual(readdirSync(directory), ['resolv.conf']);
});

test('a record that was never applied undoes nothing', async () => {
  const { path, strategy } = etc();
  writeFileSync(path, original);
  const record = await prepare(strategy);
  assert.deepEqual(await strategy.undo(record), { ok: true, value: undefined });
  assert.equal(readFileSync(path, 'utf8'), original);
});

test('killed between the steps of replacing: undo finds its way from each', async () => {
  // After the second name was made, before the new file took the place.
  const one = etc();
  writeFileSync(one.path, original);
  const first = await prepare(one.strategy);
  writeFileSync(`${one.path}.godwit-new`, 'half');
  writeFileSync(`${one.path}.before-godwit`, original);
  assert.ok((await one.strategy.undo(first)).ok);
  assert.deepEqual(readdirSync(one.directory), ['resolv.conf']);
  // Without the second name: only the journal knows what was there.
  const two = etc();
  writeFileSync(two.path, original);
  const second = await apply(two.strategy);
  rmSync(`${two.path}.before-godwit`);
  assert.ok((await two.strategy.undo(second)).ok);
  assert.equal(readFileSync(two.path, 'utf8'), original);
});

test('a file that is ours without a journal, as after a power cut, is replaced by the old one', async () => {
  const { directory, path, strategy } = etc();
  writeFileSync(path, original);
  assert.equal(strategy.restoreOrphan(), false);
  const owner = { pid: process.pid, startTime: '1', bootId: 'earlier', namespace: '1' };
  await apply(new ResolvConfStrategy({ resolvConf: path, owner }));
  assert.equal(strategy.restoreOrphan(), true);
  assert.equal(readFileSync(path, 'utf8'), original);
  assert.deepEqual(readdirSync(directory), ['resolv.conf']);
});

test('a file that a living daemon made stays, wherever its journal is', async () => {
  const { path, strategy } = etc();
  writeFileSync(path, original);
  const record = await apply(strategy);
  assert.equal(new ResolvConfStrategy({ resolvConf: path }).restoreOrphan(), false);
  assert.ok((await strategy.undo(record)).ok);
  assert.equal(readFileSync(path, 'utf8'), original);
});

test('an orphan whose place somebody else has taken stays away', async () => {
  const { path, strategy } = etc();
  writeFileSync(path, original);
  await apply(strategy);
  renameSync(path, `${path}.old`);
  writeFileSync(path, 'nameserver 198.51.100.53\n');
  assert.equal(strategy.restoreOrphan(), false);
  assert.equal(readFileSync(path, 'utf8'), 'nameserver 198.51.100.53\n');
});

test('a file of absurd size is refused before anything is changed', async () => {
  const { path, strategy } = etc();
  writeFileSync(path, '#'.repeat(limits.resolvConfOctets));
  assert.ok((await strategy.prepare({ name: 'godwit0', index: 1 }, settings)).ok);
  writeFileSync(path, '#'.repeat(limits.resolvConfOctets + 1));
  const record = await strategy.prepare({ name: 'godwit0', index: 1 }, settings);
  assert.equal(!record.ok && record.error.code, 'system.dns');
});

test('names that cannot be split are said to go through the tunnel', async () => {
  const { path, strategy } = etc();
  writeFileSync(path, original);
  const split = { ...settings, routeDomains: ['corp.example'] };
  const applied = await strategy.apply(await prepare(strategy), split);
  assert.ok(applied.ok);
  assert.deepEqual(
    applied.value.map((warning) => warning.code),
    ['system.dns-not-split'],
  );
  assert.ok(existsSync(path));
});
