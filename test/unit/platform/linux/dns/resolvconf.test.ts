import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { ipAddress } from '../../../../../core/base/address.ts';
import { ResolvconfStrategy } from '../../../../../core/platform/linux/dns/resolvconf.ts';

const made: string[] = [];
afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** A command that notes what it was called with, then does `body`. */
function fake(body: string): { directory: string; command: string; resolvConf: string } {
  const directory = mkdtempSync(join(tmpdir(), 'resolvconf-'));
  made.push(directory);
  const command = join(directory, 'resolvconf');
  writeFileSync(command, `#!/bin/sh\necho "$@" >> ${directory}/calls\n${body}\n`);
  chmodSync(command, 0o755);
  return { directory, command, resolvConf: join(directory, 'resolv.conf') };
}

const settings = {
  servers: [ipAddress(Uint8Array.of(10, 79, 0, 1))],
  searchDomains: ['corp.example'],
  routeDomains: [],
};
const record = { strategy: 'resolvconf', name: 'tun.godwit0' } as const;

test('servers go to standard input under the name of the device, and are deleted under it', async () => {
  const { directory, command, resolvConf } = fake('if [ "$1" = -a ]; then cat > ${0%/*}/resolv.conf; fi');
  const strategy = new ResolvconfStrategy({ resolvconf: command, resolvConf });
  assert.equal(await strategy.detect(), true);
  const prepared = await strategy.prepare({ name: 'godwit0', index: 3 });
  assert.deepEqual(prepared, { ok: true, value: record });
  assert.deepEqual(await strategy.apply(record, settings), { ok: true, value: [] });
  assert.equal(readFileSync(resolvConf, 'utf8'), 'nameserver 10.79.0.1\nsearch corp.example\n');
  assert.ok((await strategy.undo(record)).ok);
  assert.equal(readFileSync(join(directory, 'calls'), 'utf8'), '-a tun.godwit0 -m 0 -x\n-d tun.godwit0 -f\n');
});

test('a command that fails, or changes nothing, makes room for the next way', async () => {
  const failing = fake('exit 3');
  const one = await new ResolvconfStrategy({ resolvconf: failing.command }).apply(record, settings);
  assert.match(!one.ok ? String(one.error.detail['reason']) : '', /status 3/);
  const idle = fake('cat > /dev/null');
  writeFileSync(idle.resolvConf, 'nameserver 192.0.2.1\n');
  const options = { resolvconf: idle.command, resolvConf: idle.resolvConf };
  const two = await new ResolvconfStrategy(options).apply(record, settings);
  assert.match(!two.ok ? String(two.error.detail['reason']) : '', /left .* as it was/);
});

test('a local resolver that resolvconf has told counts as told', async () => {
  const { command, resolvConf } = fake('cat > /dev/null');
  writeFileSync(resolvConf, 'nameserver 127.0.0.1\n');
  const applied = await new ResolvconfStrategy({ resolvconf: command, resolvConf }).apply(record, settings);
  assert.ok(applied.ok);
});

test('a command that hangs is ended', async () => {
  const { command } = fake('exec sleep 60');
  const strategy = new ResolvconfStrategy({ resolvconf: command, timeoutMs: 100 });
  const applied = await strategy.apply(record, settings);
  assert.match(!applied.ok ? String(applied.error.detail['reason']) : '', /did not end/);
});

test('no command, a file that cannot run, or systemd in disguise: not this way', async () => {
  const { directory, command } = fake('');
  const detect = (resolvconf: string | false) => new ResolvconfStrategy({ resolvconf }).detect();
  assert.equal(await detect(false), false);
  assert.equal(await detect(join(directory, 'missing')), false);
  writeFileSync(join(directory, 'resolvectl'), '#!/bin/sh\n', { mode: 0o755 });
  symlinkSync('resolvectl', join(directory, 'disguised'));
  assert.equal(await detect(join(directory, 'disguised')), false);
  chmodSync(command, 0o644);
  assert.equal(await detect(command), false);
});

test('undoing where the command is gone is done', async () => {
  const strategy = new ResolvconfStrategy({ resolvconf: false });
  assert.ok((await strategy.undo(record)).ok);
});
