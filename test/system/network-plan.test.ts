import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Namespace } from '../support/net/lab.ts';
import { Lab } from '../support/net/lab.ts';
import type { LabProcess } from '../support/net/lab-process.ts';
import { readState } from '../support/net/leftovers.ts';
import { enterSandbox } from '../support/net/sandbox.ts';
import { type DriverOrder, driverMark, driverTable } from './support/plan-driver.ts';

const skip = (await enterSandbox()) ?? false;

const driver = fileURLToPath(new URL('support/plan-driver.ts', import.meta.url));
const gateway = { v4: '192.0.2.10', v6: '2001:db8::10' };
const full: Partial<DriverOrder> = {
  addresses: ['10.79.0.5/32', 'fd79::5/128'],
  routes: ['0.0.0.0/0', '::/0'],
  servers: ['10.79.0.1', 'fd79::1'],
};

let labs = 0;
const open: Lab[] = [];
after(async () => {
  for (const lab of open) await lab.close();
});

/** A laptop on a LAN (10.10.0.0/24), whose router leads to everything else. */
async function laptop(): Promise<{ host: Namespace; router: Namespace }> {
  const lab = new Lab(`plan${labs++}`);
  open.push(lab);
  const client = await lab.namespace(`laptop${labs}`, { nameServers: ['10.10.0.1'] });
  const router = await lab.namespace(`router${labs}`);
  await lab.link(
    { namespace: client, device: 'eth0', addresses: ['10.10.0.2/24', 'fd10::2/64'] },
    { namespace: router, device: 'home', addresses: ['10.10.0.1/24', 'fd10::1/64'] },
  );
  await client.ip(['route add default via 10.10.0.1', 'route add default via fd10::1']);
  // Nothing of what a snapshot shows changes by itself any more.
  await readState(client);
  return { host: client, router };
}

function order(host: Namespace, order: Partial<DriverOrder>): readonly string[] {
  return [process.execPath, driver, orderText(host, order)];
}

function orderText(host: Namespace, order: Partial<DriverOrder>): string {
  const all: DriverOrder = {
    mode: 'apply',
    journalDirectory: journals(host),
    dns: { resolvconf: false, busAddress: 'unix:path=/nonexistent' },
    ...order,
  };
  return JSON.stringify(all);
}

function journals(host: Namespace): string {
  return join(host.folder, 'journal');
}

async function apply(host: Namespace, what: Partial<DriverOrder>): Promise<LabProcess> {
  const daemon = host.spawn(order(host, what));
  await daemon.waitFor(/"applied"/);
  return daemon;
}

async function recover(host: Namespace, what: Partial<DriverOrder> = {}): Promise<string> {
  const daemon = host.spawn(order(host, { ...what, mode: 'recover' }));
  assert.equal((await daemon.exited).status, 0, daemon.stderr);
  return daemon.stdout;
}

/** All that a plan could leave behind. */
async function snapshot(host: Namespace): Promise<unknown> {
  const json = async (...args: string[]) => JSON.parse(await host.must(['ip', '-j', ...args]));
  return {
    addresses: await json('addr'),
    routes4: await json('route', 'show', 'table', 'all'),
    routes6: await json('-6', 'route', 'show', 'table', 'all'),
    rules4: await json('rule'),
    rules6: await json('-6', 'rule'),
    reversePath: await host.must(['cat', '/proc/sys/net/ipv4/conf/all/rp_filter']),
    resolvConf: readFileSync(host.resolvConf, 'utf8'),
    journal: existsSync(journals(host)) ? await host.must(['ls', journals(host)]) : '',
  };
}

async function deviceTo(host: Namespace, address: string, mark = 0): Promise<string> {
  const result = await host.run(['ip', '-j', 'route', 'get', address, 'mark', String(mark)]);
  if (result.status !== 0) return 'none';
  return JSON.parse(result.stdout)[0]?.dev ?? 'none';
}

async function end(daemon: LabProcess): Promise<void> {
  const exit = await daemon.stop();
  assert.equal(exit.status, 0, daemon.stderr);
  assert.match(daemon.stdout, /"undone":\[\]/);
}

test('a full tunnel takes everything but the LAN and the gateway, and leaves no trace', {
  skip,
}, async () => {
  const { host } = await laptop();
  const before = await snapshot(host);
  const daemon = await apply(host, { ...full, gateway: gateway.v4 });
  assert.equal(await deviceTo(host, '198.51.100.10'), 'gwtest0');
  assert.equal(await deviceTo(host, '2001:db8:77::10'), 'gwtest0');
  assert.equal(await deviceTo(host, '10.10.0.77'), 'eth0', 'the LAN stays reachable');
  assert.equal(await deviceTo(host, 'fd10::77'), 'eth0', 'the LAN stays reachable over IPv6');
  assert.equal(await deviceTo(host, gateway.v4, driverMark), 'eth0', 'our own socket goes outside');
  assert.equal(await deviceTo(host, gateway.v6, driverMark), 'eth0', 'our own socket goes outside');
  assert.equal(await deviceTo(host, gateway.v4), 'gwtest0', 'others reach the gateway through the tunnel');
  const [device] = JSON.parse(await host.must(['ip', '-j', 'addr', 'show', 'dev', 'gwtest0']));
  assert.deepEqual(
    device.addr_info.map((each: { local: string; prefixlen: number }) => `${each.local}/${each.prefixlen}`),
    ['10.79.0.5/32', 'fd79::5/128'],
    'the two addresses, and no link-local one',
  );
  assert.equal(device.mtu, 1400);
  assert.ok(device.addr_info.every((each: { tentative?: boolean }) => each.tentative !== true));
  assert.match(readFileSync(host.resolvConf, 'utf8'), /^nameserver 10\.79\.0\.1$/m);
  await end(daemon);
  assert.deepEqual(await snapshot(host), before);
});

test('packets for elsewhere come out of the device, those for the LAN do not', { skip }, async () => {
  const { host } = await laptop();
  const daemon = await apply(host, full);
  const lan = await host.run(['ping', '-c1', '-W15', '10.10.0.1']);
  assert.equal(lan.status, 0, 'a host of the LAN answers');
  await host.run(['ping', '-c1', '-W1', '198.51.100.10']);
  await daemon.waitFor(/"into":"198\.51\.100\.10"/);
  assert.doesNotMatch(daemon.stdout, /"into":"10\.10\./);
  await end(daemon);
});

for (const [family, own] of Object.entries(gateway)) {
  test(`with strict reverse path checks the gateway still answers our socket (${family})`, {
    skip,
  }, async () => {
    const { host, router } = await laptop();
    await router.ip([`addr add ${own}${own.includes(':') ? '/128 nodad' : '/32'} dev lo`]);
    await host.sysctl({ 'net.ipv4.conf.all.rp_filter': 1, 'net.ipv4.conf.eth0.rp_filter': 1 });
    const before = await snapshot(host);
    const answering = router.spawn([
      process.execPath,
      driver,
      orderText(host, { mode: 'answer', gateway: own }),
    ]);
    await answering.waitFor(/listening/);
    const daemon = await apply(host, { ...full, gateway: own });
    await daemon.waitFor(/"answered"/);
    await end(daemon);
    assert.deepEqual(await snapshot(host), before);
  });
}

test('a resolv.conf that is a mount, as in a container, is written in place and restored', {
  skip,
}, async () => {
  const { host } = await laptop();
  const mounted = join(host.folder, 'mounted');
  writeFileSync(mounted, 'nameserver 192.0.2.53\n');
  const script = `mount --bind ${mounted} /etc/resolv.conf && exec "$@"`;
  const daemon = host.spawn(['sh', '-c', script, 'sh', ...order(host, full)]);
  await daemon.waitFor(/"applied":"resolv-conf"/);
  assert.match(readFileSync(mounted, 'utf8'), /^nameserver 10\.79\.0\.1$/m);
  await end(daemon);
  assert.equal(readFileSync(mounted, 'utf8'), 'nameserver 192.0.2.53\n');
  assert.deepEqual(
    readdirSync(join(host.folder, 'etc')).filter((name) => name.includes('godwit')),
    [],
  );
});

test('where settings cannot be written, that is a warning', { skip }, async () => {
  const { host } = await laptop();
  await host.sysctl({ 'net.ipv4.conf.eth0.rp_filter': 1 });
  const daemon = host.spawn(['sh', '-c', readOnly, 'sh', ...order(host, { ...full, gateway: gateway.v4 })]);
  await daemon.waitFor(/"applied".*"system\.reverse-path"/);
  await end(daemon);
});

test('a full tunnel of one family refuses the other one', { skip }, async () => {
  const { host } = await laptop();
  const before = await snapshot(host);
  const daemon = await apply(host, {
    addresses: ['10.79.0.5/32'],
    routes: ['0.0.0.0/0'],
    blockFamilies: [6],
  });
  assert.equal(await deviceTo(host, '2001:db8:77::10'), 'none', 'IPv6 does not leak beside the tunnel');
  assert.equal(await deviceTo(host, 'fd10::77'), 'eth0');
  assert.equal(await deviceTo(host, gateway.v6, driverMark), 'eth0', 'a gateway on IPv6 is still reached');
  assert.equal(await deviceTo(host, '198.51.100.10'), 'gwtest0');
  await end(daemon);
  assert.deepEqual(await snapshot(host), before);
});

test('a split tunnel: the longest prefix wins, whichever table it is in', { skip }, async () => {
  const { host } = await laptop();
  await host.ip(['route add 10.20.0.0/16 via 10.10.0.1', 'route add 172.16.0.0/12 via 10.10.0.1']);
  const before = await snapshot(host);
  const daemon = await apply(host, {
    addresses: ['10.79.0.5/32', 'fd79::5/128'],
    routes: ['10.0.0.0/8', '172.16.5.0/24', '172.16.0.0/12', '192.0.2.0/24', 'fd77::/64'],
    gateway: gateway.v4,
  });
  assert.equal(await deviceTo(host, '10.99.0.1'), 'gwtest0');
  assert.equal(await deviceTo(host, '10.20.0.1'), 'eth0', 'a longer route of the machine wins');
  assert.equal(await deviceTo(host, '10.10.0.1'), 'eth0', 'the LAN lies inside 10.0.0.0/8 and wins');
  assert.equal(await deviceTo(host, '172.16.5.1'), 'gwtest0', 'a longer route of the tunnel wins');
  assert.equal(
    await deviceTo(host, '172.16.6.1'),
    'gwtest0',
    'of equally long routes the tunnel has its way',
  );
  assert.equal(await deviceTo(host, '198.51.100.10'), 'eth0', 'the rest stays outside');
  assert.equal(await deviceTo(host, gateway.v4, driverMark), 'eth0', 'although a route covers the gateway');
  assert.equal(await deviceTo(host, 'fd77::1'), 'gwtest0');
  assert.equal(await deviceTo(host, '2001:db8:77::10'), 'eth0');
  await end(daemon);
  assert.deepEqual(await snapshot(host), before);
});

test('the gateway is reached by another network at once when the default route moves', { skip }, async () => {
  const { host } = await laptop();
  const daemon = await apply(host, full);
  await host.ip([
    'link add wifi type veth peer name air',
    'link set air up',
    'link set wifi up',
    'addr add 10.30.0.2/24 dev wifi',
    'route replace default via 10.30.0.1',
  ]);
  assert.equal(await deviceTo(host, gateway.v4, driverMark), 'wifi');
  const asked = host.spawn(order(host, { mode: 'source', gateway: gateway.v4 }));
  await asked.exited;
  const source = JSON.parse(asked.stdout);
  assert.equal(source.value.interfaceName, 'wifi');
  assert.deepEqual(Object.values(source.value.local.octets), [10, 30, 0, 2]);
  await end(daemon);
});

test('strict reverse path checks are loosened while the tunnel is up', { skip }, async () => {
  const { host } = await laptop();
  await host.sysctl({ 'net.ipv4.conf.eth0.rp_filter': 1 });
  const before = await snapshot(host);
  const daemon = await apply(host, { ...full, gateway: gateway.v4 });
  assert.equal(await host.must(['cat', '/proc/sys/net/ipv4/conf/all/rp_filter']), '2\n');
  await end(daemon);
  assert.deepEqual(await snapshot(host), before);
});

test('a split tunnel beside the gateway leaves reverse path checks alone', { skip }, async () => {
  const { host } = await laptop();
  await host.sysctl({ 'net.ipv4.conf.eth0.rp_filter': 1 });
  const daemon = await apply(host, {
    addresses: ['10.79.0.5/32'],
    routes: ['10.77.0.0/24'],
    gateway: gateway.v4,
  });
  assert.equal(await host.must(['cat', '/proc/sys/net/ipv4/conf/all/rp_filter']), '0\n');
  await end(daemon);
});

test('what a killed daemon left is taken back at the next start', { skip }, async () => {
  const { host } = await laptop();
  await host.sysctl({ 'net.ipv4.conf.eth0.rp_filter': 1 });
  const before = await snapshot(host);
  const daemon = await apply(host, { ...full, blockFamilies: [] });
  daemon.signal('SIGKILL');
  await daemon.exited;
  assert.notDeepEqual(await snapshot(host), before, 'rules and name servers are still there');
  assert.match(await recover(host), /"outcome":"undone","failures":\[\]/);
  assert.deepEqual(await snapshot(host), before);
  assert.equal(await recover(host), '[]\n', 'a second time there is nothing to do');
});

test('a daemon killed in the middle of applying', { skip }, async () => {
  const { host } = await laptop();
  const before = await snapshot(host);
  // The command kills its parent when it is asked to add name servers: after the rules, before the end.
  const assassin = join(host.folder, 'resolvconf');
  writeFileSync(assassin, '#!/bin/sh\n[ "$1" = -a ] && kill -9 $PPID\nexit 0\n');
  chmodSync(assassin, 0o755);
  const dns = { resolvconf: assassin, busAddress: 'unix:path=/nonexistent' };
  const daemon = host.spawn(order(host, { ...full, blockFamilies: [], dns }));
  assert.equal((await daemon.exited).signal, 'SIGKILL');
  assert.notDeepEqual(await snapshot(host), before);
  assert.match(await recover(host, { dns }), /"outcome":"undone","failures":\[\]/);
  assert.deepEqual(await snapshot(host), before);
});

test('a running daemon is not robbed of its plan by another start', { skip }, async () => {
  const { host } = await laptop();
  const daemon = await apply(host, full);
  const before = await snapshot(host);
  assert.match(await recover(host), /"outcome":"in-use"/);
  assert.deepEqual(await snapshot(host), before);
  await end(daemon);
});

test('a plan that fails half way is taken back', { skip }, async () => {
  const { host } = await laptop();
  const before = await snapshot(host);
  // A resolver that cannot be set: the file is a directory.
  const dns = { resolvconf: false as const, busAddress: 'unix:path=/nonexistent', resolvConf: host.folder };
  const daemon = host.spawn(order(host, { ...full, dns }));
  await daemon.exited;
  assert.match(daemon.stdout, /"failed":\{"code":"system\.dns"/);
  assert.deepEqual(await snapshot(host), before);
});

test('a device that does not take IPv6 by default gets it', { skip }, async () => {
  const { host } = await laptop();
  await host.sysctl({ 'net.ipv6.conf.default.disable_ipv6': 1 });
  const daemon = await apply(host, full);
  assert.equal(await deviceTo(host, '2001:db8:77::10'), 'gwtest0');
  await end(daemon);
});

const readOnly = 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"';

test('where the device cannot take IPv6 the tunnel carries IPv4, and IPv6 does not leak', {
  skip,
}, async () => {
  const { host } = await laptop();
  await host.sysctl({ 'net.ipv6.conf.default.disable_ipv6': 1 });
  const before = await snapshot(host);
  const daemon = host.spawn(['sh', '-c', readOnly, 'sh', ...order(host, full)]);
  await daemon.waitFor(/"applied".*"system\.no-ipv6"/);
  assert.equal(await deviceTo(host, '198.51.100.10'), 'gwtest0');
  assert.equal(await deviceTo(host, '2001:db8:77::10'), 'none');
  assert.equal(await deviceTo(host, 'fd10::77'), 'eth0');
  await end(daemon);
  assert.deepEqual(await snapshot(host), before);
});

test('rules that another program removed are put back', { skip }, async () => {
  const { host } = await laptop();
  const before = await snapshot(host);
  const daemon = await apply(host, full);
  const applied = await snapshot(host);
  await host.must(['ip', 'rule', 'delete', 'pref', '26469']);
  await host.must(['ip', '-6', 'rule', 'delete', 'pref', '26468']);
  await host.must(['ip', 'route', 'delete', 'default', 'table', String(driverTable)]);
  assert.equal(await deviceTo(host, '198.51.100.10'), 'eth0');
  daemon.signal('SIGHUP');
  await daemon.waitFor(/"repaired":\[\]/);
  assert.deepEqual(await snapshot(host), applied);
  await end(daemon);
  assert.deepEqual(await snapshot(host), before);
});

test('the numbers that the driver uses are those that the rules show', { skip }, async () => {
  const { host } = await laptop();
  const daemon = await apply(host, full);
  const rules = JSON.parse(await host.must(['ip', '-j', 'rule']));
  const ours = rules.filter(
    (rule: { priority: number }) => rule.priority >= 26_468 && rule.priority < 26_700,
  );
  assert.deepEqual(
    ours.map((rule: Record<string, unknown>) => [rule['table'], rule['suppress_prefixlen'], rule['fwmark']]),
    [
      ['main', 0, undefined],
      [String(driverTable), undefined, '0x6764'],
    ],
  );
  await end(daemon);
});
