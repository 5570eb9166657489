import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { accessSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, suite, test } from 'node:test';
import { createBroker } from 'dbus-native';
import { type IpAddress, parseIpAddress } from '../../../../../core/base/address.ts';
import type { DnsSettings } from '../../../../../core/platform/linux/dns/dns-strategy.ts';
import { DnsSwitch } from '../../../../../core/platform/linux/dns/dns-switch.ts';
import { ResolvedStrategy } from '../../../../../core/platform/linux/dns/resolved.ts';
import { Journal } from '../../../../../core/platform/linux/plan/journal.ts';
import { type FakeBehaviour, startFakeResolved } from './fake-resolved.ts';

interface Bus {
  readonly address: string;
  close(): Promise<void>;
}

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'bus-'));
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function broker(): Promise<Bus> {
  const socket = join(directory(), 'bus');
  const bus = createBroker();
  await new Promise((resolve) => bus.listen({ socket }, resolve));
  return {
    address: `unix:path=${socket}`,
    close: () => new Promise((resolve) => bus.close(() => resolve())),
  };
}

async function daemon(): Promise<Bus> {
  const socket = join(directory(), 'bus');
  const args = ['--session', '--nofork', '--nopidfile', '--print-address', `--address=unix:path=${socket}`];
  const child = spawn('dbus-daemon', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return {
    address: `unix:path=${socket}`,
    close: () => {
      child.kill();
      return ended;
    },
  };
}

const settings: DnsSettings = {
  servers: ['10.79.0.1', 'fd79::1'].map(address),
  searchDomains: ['corp.example'],
  routeDomains: [],
};
const record = { strategy: 'resolved', ifindex: 3 } as const;
/** For whoever answers, however late; and for whoever never does. */
const [patient, brief] = [30_000, 500];

function address(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

const buses: readonly (readonly [string, () => Promise<Bus>, string | false])[] = [
  ['a bus in this process', broker, false],
  ['dbus-daemon', daemon, installed('dbus-daemon') ? false : 'dbus-daemon is not installed'],
];

for (const [name, open, skip] of buses) {
  suite(`systemd-resolved on ${name}`, { skip }, () => {
    async function start(behaviour?: FakeBehaviour, timeoutMs = patient) {
      const bus = await open();
      cleanups.push(() => bus.close());
      const fake = await startFakeResolved(bus.address, behaviour);
      cleanups.push(() => fake.close());
      const strategy = new ResolvedStrategy({ busAddress: bus.address, timeoutMs });
      cleanups.push(() => strategy.close());
      return { bus, fake, strategy };
    }

    test('all names go to the tunnel, and back again', async () => {
      const { fake, strategy } = await start();
      assert.equal(await strategy.detect(), true);
      assert.deepEqual(await strategy.prepare({ name: 'godwit0', index: 3 }), { ok: true, value: record });
      assert.deepEqual(await strategy.apply(record, settings), { ok: true, value: [] });
      assert.deepEqual(await strategy.undo(record), { ok: true, value: undefined });
      assert.deepEqual(fake.calls, [
        'SetLinkLLMNR [3,"no"]',
        'SetLinkMulticastDNS [3,"no"]',
        'SetLinkDNS [3,[[2,"0a4f0001"],[10,"fd790000000000000000000000000001"]]]',
        'SetLinkDomains [3,[["corp.example",false],[".",true]]]',
        'SetLinkDefaultRoute [3,true]',
        'FlushCaches []',
        'RevertLink [3]',
      ]);
    });

    test('only the names of the tunnel go there', async () => {
      const { fake, strategy } = await start();
      const split = { ...settings, routeDomains: ['corp.example', 'lab.example'] };
      assert.deepEqual(await strategy.apply(record, split), { ok: true, value: [] });
      assert.deepEqual(fake.calls.slice(3, 5), [
        'SetLinkDomains [3,[["corp.example",false],["lab.example",true]]]',
        'SetLinkDefaultRoute [3,false]',
      ]);
    });

    test('a refusal is a failure that says what was refused', async () => {
      const { strategy } = await start({
        fails: { SetLinkDomains: 'org.freedesktop.DBus.Error.AccessDenied' },
      });
      const applied = await strategy.apply(record, settings);
      assert.equal(!applied.ok && applied.error.code, 'system.dns');
      assert.match(!applied.ok ? String(applied.error.detail['reason']) : '', /^SetLinkDomains: /);
    });

    test('a device that is gone has nothing to revert', async () => {
      const { strategy } = await start({ fails: { RevertLink: 'org.freedesktop.resolve1.NoSuchLink' } });
      assert.ok((await strategy.undo(record)).ok);
    });

    test('one that does not answer is given up', async () => {
      const { strategy } = await start({ hangs: ['SetLinkDNS'] }, brief);
      const applied = await strategy.apply(record, settings);
      assert.equal(!applied.ok && applied.error.code, 'system.dns');
    });

    test('one that nobody asks for names is not used', async () => {
      const { bus } = await start({ mode: 'foreign' });
      const folder = directory();
      const resolvConf = join(folder, 'resolv.conf');
      const nsswitch = join(folder, 'nsswitch.conf');
      writeFileSync(resolvConf, 'nameserver 192.0.2.1\n');
      writeFileSync(nsswitch, 'hosts: files dns\n');
      const detect = async () => {
        const strategy = new ResolvedStrategy({
          busAddress: bus.address,
          resolvConf,
          nsswitch,
          timeoutMs: patient,
        });
        const found = await strategy.detect();
        await strategy.close();
        return found;
      };
      assert.equal(await detect(), false);
      writeFileSync(nsswitch, 'hosts: files resolve [!UNAVAIL=return] dns\n');
      assert.equal(await detect(), true);
      writeFileSync(nsswitch, 'hosts: files dns\n');
      writeFileSync(resolvConf, 'nameserver 127.0.0.53\n');
      assert.equal(await detect(), true);
    });

    test('when it refuses, the next way is taken, and undone instead', async () => {
      const { bus, fake } = await start({ fails: { SetLinkDNS: 'org.freedesktop.DBus.Error.AccessDenied' } });
      const folder = directory();
      const resolvConf = join(folder, 'resolv.conf');
      writeFileSync(resolvConf, 'nameserver 192.0.2.1\n');
      const journal = Journal.create(join(folder, 'journal'), 'godwit0');
      assert.ok(journal.ok);
      const dns = new DnsSwitch({
        busAddress: bus.address,
        resolvConf,
        resolvconf: false,
        timeoutMs: patient,
      });
      cleanups.push(() => dns.close());
      const applied = await dns.apply({ name: 'godwit0', index: 3 }, settings, journal.value);
      assert.equal(applied.ok && applied.value.strategy, 'resolv-conf');
      assert.equal(fake.calls.at(-1), 'RevertLink [3]', 'what was half done is taken back');
      const [step, ...more] = journal.value.steps;
      assert.deepEqual(more, []);
      assert.ok(step?.kind === 'dns');
      assert.ok((await dns.undo(step.record)).ok);
      assert.equal(readFileSync(resolvConf, 'utf8'), 'nameserver 192.0.2.1\n');
    });
  });
}

test('no bus, nobody on it, or a bus that never speaks: not this way, and soon', async () => {
  const missing = new ResolvedStrategy({ busAddress: 'unix:path=/nonexistent/bus' });
  assert.equal(await missing.detect(), false);
  const bus = await broker();
  cleanups.push(() => bus.close());
  const nobody = new ResolvedStrategy({ busAddress: bus.address, timeoutMs: patient });
  cleanups.push(() => nobody.close());
  assert.equal(await nobody.detect(), false);
  const socket = join(directory(), 'silent');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const silent = new ResolvedStrategy({ busAddress: `unix:path=${socket}`, timeoutMs: brief });
  assert.equal(await silent.detect(), false);
  await silent.close();
  server.close();
});

test('a bus that sends garbage is a failure, not the end of the process', async () => {
  const socket = join(directory(), 'garbage');
  const server = createServer((peer) => {
    peer.on('error', () => undefined);
    peer.on('data', () => peer.write('OK 1234deadbeef\r\n'.repeat(50)));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const strategy = new ResolvedStrategy({ busAddress: `unix:path=${socket}`, timeoutMs: brief });
  assert.equal(await strategy.detect(), false);
  await strategy.close();
  server.close();
});

test('a bus outside this network namespace is not asked about links of this one', async () => {
  // The socket file is there, but no socket of this namespace is bound to it.
  const socket = join(directory(), 'bus');
  writeFileSync(socket, '');
  const strategy = new ResolvedStrategy({ busAddress: `unix:path=${socket}` });
  assert.equal(await strategy.detect(), false);
  assert.ok((await strategy.undo(record)).ok);
  await strategy.close();
});

function installed(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => {
    try {
      accessSync(`${folder}/${program}`);
      return true;
    } catch {
      return false;
    }
  });
}
