import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { NetworkChange } from '../../core/platform/linux/events/network-change.ts';
import { Lab, type Namespace } from '../support/net/lab.ts';
import type { LabProcess } from '../support/net/lab-process.ts';
import { enterSandbox } from '../support/net/sandbox.ts';

const skip = (await enterSandbox()) ?? false;

const driver = fileURLToPath(new URL('support/events-driver.ts', import.meta.url));

let labs = 0;
const open: Lab[] = [];
after(async () => {
  for (const lab of open) await lab.close();
});

async function laptop(): Promise<Namespace> {
  const lab = new Lab(`events${labs++}`);
  open.push(lab);
  return await lab.namespace(`events${labs}`);
}

async function watch(host: Namespace, way = 'close'): Promise<LabProcess> {
  const watcher = host.spawn([process.execPath, driver, way]);
  await watcher.waitFor(/"ready"/);
  return watcher;
}

function changes(watcher: LabProcess): readonly NetworkChange[] {
  const lines = watcher.stdout.split('\n').filter((line) => line.startsWith('['));
  return lines.flatMap((line): NetworkChange[] => JSON.parse(line));
}

test('links, addresses, routes and rules are told as they come and go', { skip }, async () => {
  const host = await laptop();
  const watcher = await watch(host);
  await host.ip([
    'link add wifi type veth peer name air',
    'link set air up',
    'link set wifi up',
    'addr add 10.30.0.2/24 dev wifi',
    'route add default via 10.30.0.1',
  ]);
  await watcher.waitFor(/"destination":"0\.0\.0\.0\/0"[^\]]*"removed":false/);
  await host.ip(['rule add pref 77 lookup 88']);
  await watcher.waitFor(/"kind":"rule","family":4,"priority":77,"removed":false/);
  // The kernel does not tell of IPv4 routes that go with their link, so this one goes first.
  await host.ip(['route delete default', 'link delete wifi']);
  await watcher.waitFor(/"kind":"link","name":"wifi"[^}]*"removed":true/);
  const seen = changes(watcher);
  assert.ok(seen.some((each) => each.kind === 'link' && each.name === 'wifi' && each.running));
  const address = { kind: 'address', index: 0, family: 4, prefix: '10.30.0.2/24' };
  for (const removed of [false, true]) {
    const told = seen.filter(
      (each) => each.kind === 'address' && each.family === 4 && each.removed === removed,
    );
    assert.deepEqual(
      told.map((each) => ({ ...each, index: 0 })),
      [{ ...address, removed }],
    );
  }
  assert.ok(seen.some((each) => each.kind === 'route' && each.removed && each.destination === '0.0.0.0/0'));
  const exit = await watcher.stop();
  assert.deepEqual(exit, { status: 0, signal: undefined }, watcher.stderr);
});

test('what belongs to the tunnel is not told', { skip }, async () => {
  const host = await laptop();
  const watcher = await watch(host);
  await host.ip([
    'tuntap add gwtest0 mode tun',
    'link set gwtest0 up',
    'addr add 10.79.0.5/32 dev gwtest0',
    'route add 10.0.0.0/8 dev gwtest0 table 26468',
    'route add unreachable 10.1.0.0/16 table 26468',
    'rule add pref 78 lookup 88',
  ]);
  await watcher.waitFor(/"priority":78/);
  assert.deepEqual(
    changes(watcher).map((each) => each.kind),
    ['rule'],
  );
  await watcher.stop();
});

test('a storm of changes becomes one word', { skip }, async () => {
  const host = await laptop();
  const watcher = await watch(host);
  await host.ip(['link set lo up']);
  // More than is kept.
  await host.ip(
    Array.from({ length: 1_500 }, (_, i) => `route add unreachable 10.${i >> 8}.${i & 255}.0/24`),
  );
  await watcher.waitFor(/"kind":"resync"/);
  await host.ip(['rule add pref 79 lookup 88']);
  await watcher.waitFor(/"priority":79/);
  assert.equal((await watcher.stop()).status, 0);
});

test('notifications that the kernel lost are told as one word too', { skip }, async () => {
  const host = await laptop();
  const watcher = await watch(host);
  watcher.signal('SIGSTOP');
  await host.ip(
    Array.from({ length: 20_000 }, (_, i) => `route add unreachable 10.${i >> 8}.${i & 255}.0/24`),
  );
  watcher.signal('SIGCONT');
  await watcher.waitFor(/"kind":"resync"/);
  await host.ip(['rule add pref 80 lookup 88']);
  await watcher.waitFor(/"priority":80/);
  assert.equal((await watcher.stop()).status, 0);
});

test('a process that exits does not wait for the thread', { skip }, async () => {
  const host = await laptop();
  const exiting = await watch(host, 'exit');
  assert.deepEqual(await exiting.stop(), { status: 7, signal: undefined });
});
