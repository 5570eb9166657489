import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { HostEvent } from '../support/gateway/host-config.ts';
import { differences, readState } from '../support/net/leftovers.ts';
import { enterSandbox } from '../support/net/sandbox.ts';
import type { EmbeddedGateway } from '../support/peers/embedded-gateway.ts';
import { startDaemonProcess } from '../support/peers/godwit.ts';
import {
  type Bench,
  Daemon,
  goodCertificate,
  mustPing,
  openBench,
  password,
  profileFile,
} from './support/bad-input-bench.ts';

/*
 * A system that lacks something, two where one may be, and processes that are ended in the middle: each says so, leaves
 * nothing, and the next login works.
 */
const skip = (await enterSandbox()) ?? false;
const nobody = 65534;
const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] as const;

let bench: Bench;
let gateway: EmbeddedGateway;
let profile = '';

before(async () => {
  if (skip !== false) return;
  bench = await openBench('processes');
  // As Red Hat's and older Debian's kernels are set: answers that come out of a tunnel would be dropped.
  await bench.client.sysctl({ 'net.ipv4.conf.all.rp_filter': 1 });
  gateway = await bench.setGateway(goodCertificate);
  profile = profileFile(bench.client, 'office');
});

after(async () => {
  if (skip === false) await bench.close();
});

/** Why no process of another user can run the program here. */
function otherUserObstacle(): string | false {
  if (skip !== false) return skip;
  const program = fileURLToPath(new URL('../../core/cli/main.ts', import.meta.url));
  const [first = '', ...rest] = [...asNobody, process.execPath, program, '--version'];
  const probe = spawnSync(first, rest, { encoding: 'utf8' });
  const why = 'there is no other user here (user namespace), or none that may read this folder';
  return probe.status === 0 ? false : why;
}

async function connects(daemon: Daemon): Promise<void> {
  await daemon.mustUp(profile);
  await mustPing(bench.client);
  await daemon.mustDown();
  assert.deepEqual(await daemon.leftovers(), []);
}

/** Lets a login come to the point where the gateway proves itself, and no further; `release` lets it go on. */
function hold(): { held: Promise<unknown>; release(): void } {
  bench.path.forget();
  bench.path.meddler = ({ towards, ike }) => (towards === 'client' && ike?.exchange === 35 ? [] : undefined);
  const held = bench.path.waitFor(
    'an answer in IKE_AUTH',
    ({ towards, ike }) => towards === 'client' && ike?.exchange === 35,
  );
  const release = (): void => {
    bench.path.meddler = () => undefined;
  };
  return { held, release };
}

function count(events: readonly HostEvent[], kind: HostEvent['event']): number {
  return events.filter(({ event }) => event === kind).length;
}

test('without a TUN device a login fails with system.tun-missing, and works when the device is there', {
  skip,
}, async () => {
  const wrapper = ['sh', '-c', 'mount -t tmpfs tmpfs /dev/net && exec "$@"', 'without-tun'];
  const daemon = await Daemon.start(bench.client, 'without-tun', { wrapper });
  await daemon.failsWith(await daemon.up(profile), 'system.tun-missing', 10);
  assert.deepEqual(await daemon.leftovers(), []);
  // The gateway had let us in, and was told that we left.
  await gateway.told('that we left', (events) => count(events, 'client-down') > 0);
  await bench.client.must(['nsenter', `--mount=/proc/${daemon.process.pid}/ns/mnt`, 'umount', '/dev/net']);
  await connects(daemon);
  await daemon.stop();
});

test('without CAP_NET_ADMIN a login fails with system.permission', { skip }, async () => {
  const wrapper = ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin'];
  const daemon = await Daemon.start(bench.client, 'powerless', { wrapper });
  const failure = await daemon.failsWith(await daemon.up(profile), 'system.permission', 10);
  assert.match(failure.next, /CAP_NET_ADMIN/);
  assert.deepEqual(await daemon.leftovers(), []);
  await daemon.stop();
});

test('a daemon that may not make its socket says so', { skip: otherUserObstacle() }, async () => {
  const before = await readState(bench.client);
  const daemon = startDaemonProcess(bench.client, bench.client.folder, [], asNobody);
  assert.equal((await daemon.exited).status, 1);
  assert.match(daemon.stderr, /cannot listen at .*EACCES.*root/);
  assert.deepEqual(differences(before, await readState(bench.client)), []);
});

test('a daemon of an ordinary user fails with system.permission', { skip: otherUserObstacle() }, async () => {
  const daemon = await Daemon.start(bench.client, 'nobody', { wrapper: asNobody, owner: nobody });
  await daemon.failsWith(await daemon.up(profile), 'system.permission', 10);
  assert.deepEqual(await daemon.leftovers(), []);
  await daemon.stop();
});

test('what has two of where one may be is refused, and the one lives on', { skip }, async () => {
  const daemon = await Daemon.start(bench.client, 'one');
  const { held, release } = hold();
  const first = daemon.spawnCli(['up', profile, '--password-stdin'], `${password}\n`);
  await held;
  await daemon.failsWith(await daemon.up(profile), 'tunnel.busy', 3);
  release();
  // The request that was held up comes again, and is answered.
  assert.equal((await first.exited).status, 0, first.stderr);
  await daemon.failsWith(await daemon.up(profile), 'tunnel.busy', 3);
  await mustPing(bench.client);

  const between = await readState(bench.client);
  const second = startDaemonProcess(bench.client, daemon.folder);
  assert.equal((await second.exited).status, 1);
  assert.match(second.stderr, /Another Godwit daemon already serves .*\. .*stop it first\./);
  assert.deepEqual(differences(between, await readState(bench.client)), []);
  await mustPing(bench.client);

  await daemon.mustDown();
  await connects(daemon);
  await daemon.stop();
});

test('a second daemon whose device is taken fails, and the connection of the first lives on', {
  skip,
}, async () => {
  const daemon = await Daemon.start(bench.client, 'first');
  await daemon.mustUp(profile);
  // It finds what the first did to resolv.conf, and no journal of it.
  const second = await Daemon.start(bench.client, 'second');
  const failure = await second.failsWith(await second.up(profile), 'system.tun-busy', 10);
  assert.match(failure.next, /--device/);
  assert.deepEqual(await second.leftovers(), []);
  await second.stop();
  await mustPing(bench.client);
  await daemon.mustDown();
  await connects(daemon);
  await daemon.stop();
});

test('a user who may not is told so', { skip: otherUserObstacle() }, async () => {
  const daemon = await Daemon.start(bench.client, 'private');
  for (const args of [
    ['up', profile, '--password-stdin', '--json'],
    ['down', '--json'],
    ['status', '--json'],
  ]) {
    const result = await daemon.cli(args, `${password}\n`, asNobody);
    const failure = await daemon.failsWith(result, 'rpc.denied', 4);
    assert.match(failure.next, /group godwit/);
  }
  assert.deepEqual(await daemon.leftovers(), []);
  await connects(daemon);
  await daemon.stop();
});

test('SIGTERM ends a connection: the gateway is told, nothing is left', { skip }, async () => {
  const daemon = await Daemon.start(bench.client, 'ended');
  const before = count(gateway.events, 'client-up');
  await daemon.mustUp(profile);
  await mustPing(bench.client);
  await gateway.told('that we came', (events) => count(events, 'client-up') > before);
  await daemon.stop();
  await gateway.told(
    'that all have left',
    (events) => count(events, 'client-down') === count(events, 'client-up'),
  );
});

test('SIGTERM ends a login: nothing is left, and the command says so', { skip }, async () => {
  const daemon = await Daemon.start(bench.client, 'ended-early');
  const { held, release } = hold();
  const up = daemon.spawnCli(['up', profile, '--password-stdin', '--json'], `${password}\n`);
  await held;
  await daemon.stop();
  const { status } = await up.exited;
  await daemon.failsWith(
    { status: status ?? -1, stdout: up.stdout, stderr: up.stderr },
    'tunnel.cancelled',
    130,
  );
  release();
});

test('what a killed daemon left is taken back at the next start', { skip }, async () => {
  const first = await Daemon.start(bench.client, 'killed');
  await first.mustUp(profile);
  await mustPing(bench.client);
  const exit = await first.process.stop('SIGKILL');
  assert.equal(exit.signal, 'SIGKILL');
  const left = await first.leftovers();
  for (const kind of [
    /behind: rule/,
    /behind: resolv\.conf/,
    /behind: setting|lost: setting/,
    /behind: file/,
  ])
    assert.ok(
      left.some((line) => kind.test(line)),
      `${kind}: ${left.join('\n')}`,
    );
  assert.deepEqual(readdirSync(first.folder).includes('godwitd.sock'), true);

  const second = await Daemon.start(bench.client, 'killed', { before: first.before });
  assert.deepEqual(await second.leftovers(), []);
  await connects(second);
  await second.stop();
});

test('the command line killed in the middle: the daemon stays in order', { skip }, async () => {
  const daemon = await Daemon.start(bench.client, 'orphan');
  const { held, release } = hold();
  const up = daemon.spawnCli(['up', profile, '--password-stdin'], `${password}\n`);
  await held;
  await up.stop('SIGKILL');
  const { tunnel } = await daemon.status();
  assert.ok(tunnel.state === 'connecting' || tunnel.state === 'disconnected', tunnel.state);
  await daemon.mustDown();
  release();
  assert.deepEqual(await daemon.leftovers(), []);
  await connects(daemon);
  await daemon.stop();
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} at the command line cancels the login`, { skip }, async () => {
    const daemon = await Daemon.start(bench.client, `cancelled-${signal}`);
    const { held, release } = hold();
    const up = daemon.spawnCli(['up', profile, '--password-stdin', '--json'], `${password}\n`);
    await held;
    up.signal(signal);
    const { status } = await up.exited;
    const result = { status: status ?? -1, stdout: up.stdout, stderr: up.stderr };
    await daemon.failsWith(result, 'tunnel.cancelled', 130);
    assert.deepEqual(await daemon.leftovers(), []);
    release();
    await connects(daemon);
    await daemon.stop();
  });
}

test('no process of ours is left', { skip }, () => {
  const left = readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return /core\/(?:daemon|cli)\/main\.ts/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    } catch {
      return false;
    }
  });
  assert.deepEqual(left, []);
});
