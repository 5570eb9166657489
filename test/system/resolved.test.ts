import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createClient } from 'dbus-native';
import { Lab, type Namespace } from '../support/net/lab.ts';
import { enterSandbox, missingPrograms } from '../support/net/sandbox.ts';
import type { DriverOrder } from './support/plan-driver.ts';

/*
 * systemd-resolved itself, on a bus of its own inside a namespace: nothing of the machine's own name resolution is
 * asked or touched. It cannot give up root by itself here, so it is started without.
 */
const installed = '/usr/lib/systemd/systemd-resolved';
/** Where `build/setup` unpacks it when it is not installed. */
const unpacked = fileURLToPath(new URL('../../.cache/peers', import.meta.url));
const program = [
  installed,
  join(unpacked, 'lib/systemd/systemd-resolved'),
  join(unpacked, 'usr/lib/systemd/systemd-resolved'),
].find((path) => existsSync(path));
const skip = obstacle() ?? (await enterSandbox()) ?? false;
const driver = fileURLToPath(new URL('support/plan-driver.ts', import.meta.url));
const nobody = 65_534;
const busPath = '/run/dbus/system_bus_socket';

const open: Lab[] = [];
after(async () => {
  for (const lab of open) await lab.close();
});

function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'systemd-resolved is started by root only';
  if (program === undefined) return 'systemd-resolved is neither installed nor unpacked';
  return missingPrograms(['dbus-daemon', 'setpriv']);
}

interface Resolved {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/** It runs as nobody, who may not be able to read the folder of the project: an unpacked one is copied. */
function readable(path: string): Resolved {
  if (path === installed) return { path, env: {} };
  const folder = mkdtempSync(join(tmpdir(), 'godwit-resolved-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  cpSync(path, join(folder, 'systemd-resolved'));
  const triplet = `${process.arch === 'x64' ? 'x86_64' : 'aarch64'}-linux-gnu`;
  cpSync(join(unpacked, 'usr/lib', triplet, 'systemd'), folder, { recursive: true });
  return { path: join(folder, 'systemd-resolved'), env: { LD_LIBRARY_PATH: folder } };
}

async function machine(name: string): Promise<Namespace> {
  const resolved = readable(program ?? installed);
  const lab = new Lab(name);
  open.push(lab);
  const host = await lab.namespace(name, { nameServers: ['127.0.0.53'] });
  const config = join(host.folder, 'bus.conf');
  writeFileSync(config, busConfig);
  for (const folder of ['/run/dbus', '/run/systemd/resolve']) mkdirSync(folder, { recursive: true });
  rmSync(busPath, { force: true });
  chownSync('/run/systemd/resolve', nobody, nobody);
  const bus = host.spawn([
    'dbus-daemon',
    `--config-file=${config}`,
    '--nofork',
    '--nopidfile',
    '--print-address',
  ]);
  await bus.waitFor(/unix:path/);
  const capabilities = '+net_bind_service,+net_raw,+setpcap';
  const identity = ['--reuid', String(nobody), '--clear-groups'];
  const grants = ['--inh-caps', capabilities, '--ambient-caps', capabilities];
  const env = { SYSTEMD_LOG_TARGET: 'console', SYSTEMD_LOG_LEVEL: 'debug', ...resolved.env };
  const onBus = appears('org.freedesktop.resolve1');
  const server = host.spawn(['setpriv', ...identity, ...grants, resolved.path], { env });
  const ended = server.exited.then(() => assert.fail(`systemd-resolved ended: ${server.stderr}`));
  await Promise.race([onBus, ended]);
  return host;
}

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${busPath}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="method_return"/>
    <allow send_type="error"/>
    <allow send_type="signal"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="*"/>
  </policy>
</busconfig>
`;

async function apply(host: Namespace, what: Partial<DriverOrder>) {
  const order: DriverOrder = {
    mode: 'apply',
    journalDirectory: join(host.folder, 'journal'),
    addresses: ['10.79.0.5/32'],
    routes: ['10.79.0.0/24'],
    servers: ['10.79.0.1'],
    ...what,
  };
  const daemon = host.spawn([process.execPath, driver, JSON.stringify(order)]);
  await daemon.waitFor(/"applied":"resolved","warnings":\[\]/);
  return daemon;
}

function connect() {
  return createClient({ busAddress: `unix:path=${busPath}`, authMethods: ['EXTERNAL'] });
}

/** Ends when a service can be called by this name: what it prints says nothing about that. */
async function appears(name: string): Promise<void> {
  const bus = connect();
  const [path, from] = ['/org/freedesktop/DBus', 'org.freedesktop.DBus'];
  const told = new Promise<void>((resolve) => {
    bus.signals.on(bus.mangle(path, from, 'NameOwnerChanged'), (body: unknown) => {
      if (Array.isArray(body) && body[0] === name && body[2] !== '') resolve();
    });
  });
  await bus.addMatch(`type='signal',sender='${from}',member='NameOwnerChanged',arg0='${name}'`);
  if (!(await bus.nameHasOwner(name))) await told;
  await bus.connection[Symbol.asyncDispose]();
}

/** The manager's properties DNS and Domains, of the tunnel's device or all. */
async function settings(): Promise<{ servers: unknown; domains: unknown }> {
  const bus = connect();
  const get = (name: string) =>
    bus.invoke<unknown>({
      destination: 'org.freedesktop.resolve1',
      path: '/org/freedesktop/resolve1',
      interface: 'org.freedesktop.DBus.Properties',
      member: 'Get',
      signature: 'ss',
      body: ['org.freedesktop.resolve1.Manager', name],
    });
  const found = { servers: await get('DNS'), domains: await get('Domains') };
  await bus.connection[Symbol.asyncDispose]();
  return found;
}

/** Asks the resolver of the namespace, which sends the question on wherever its settings say. */
function ask(host: Namespace, name: string) {
  const program = `const r = new (require('node:dns').Resolver)({ timeout: 300, tries: 1 });
    r.setServers(['127.0.0.53']); r.resolve4(${JSON.stringify(name)}, () => {});`;
  return host.run([process.execPath, '-e', program]);
}

test('all names are asked through the tunnel while it is up', { skip }, async () => {
  const host = await machine('allnames');
  const before = await settings();
  const daemon = await apply(host, {});
  await ask(host, 'www.example.net');
  await daemon.waitFor(/"into":"10\.79\.0\.1"/);
  assert.equal(readFileSync(host.resolvConf, 'utf8'), 'nameserver 127.0.0.53\n', 'the file is left alone');
  const { domains } = await settings();
  assert.match(JSON.stringify(domains), /"corp\.example",false.*"\.",true/);
  await daemon.stop();
  assert.match(daemon.stdout, /"undone":\[\]/);
  assert.deepEqual(await settings(), before);
});

test('only the names of the tunnel are asked through it when they are split', { skip }, async () => {
  const host = await machine('splitnames');
  const daemon = await apply(host, { routeDomains: ['corp.example', 'lab.example'] });
  await ask(host, 'www.example.net');
  assert.doesNotMatch(
    daemon.stdout,
    /"into":"10\.79\.0\.1"/,
    'a name of the rest of the world stays outside',
  );
  await ask(host, 'host.lab.example');
  await daemon.waitFor(/"into":"10\.79\.0\.1"/);
  daemon.signal('SIGKILL');
  await daemon.exited;
  const order = { mode: 'recover', journalDirectory: join(host.folder, 'journal') };
  const next = host.spawn([process.execPath, driver, JSON.stringify(order)]);
  await next.exited;
  assert.match(next.stdout, /"outcome":"undone","failures":\[\]/);
  assert.doesNotMatch(JSON.stringify(await settings()), /example/);
});
