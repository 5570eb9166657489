import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type FailureCode, failure, failureCatalogue } from '../../../core/base/errors.ts';
import { exitCodeOf, exitCodes } from '../../../core/cli/exit-codes.ts';
import { passwordFileOf } from '../../../core/profile/authentication/authentication.ts';
import { parseProfile } from '../../../core/profile/parse-profile.ts';
import { requireSelfContained } from '../../../core/profile/self-contained.ts';
import { profileText } from '../profile/examples.ts';
import { connectedTunnel } from '../rpc/snapshots.ts';
import { temporaryFolder } from '../rpc/transport/harness.ts';
import { godwitRuns, startFakeDaemon } from './fake-daemon.ts';

const escapeCharacter = '\u001b';
/** What a terminal would act on. */
const active = ['\u001b', '\u202e', '\u009b', '\r'];
const ca = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

function onlyJson(stdout: string): Record<string, unknown> {
  assert.equal(stdout.trim().split('\n').length, 1, stdout);
  const value: unknown = JSON.parse(stdout);
  assert.ok(typeof value === 'object' && value !== null);
  return { ...value };
}

test('up connects, shows the phases as plain lines, and says what it is connected to', async (t) => {
  const daemon = await startFakeDaemon(t, { password: 'hunter2' });
  const run = await godwitRuns(daemon, ['up', 'office', '--password-stdin'], { input: 'hunter2\n' });
  assert.equal(run.exitCode, 0, run.stderr);
  assert.deepEqual(run.stderr.trim().split('\n'), [
    'Looking up the gateway',
    'Reaching the gateway',
    'Checking who the gateway is',
    'Logging in',
    'Getting an address',
    'Setting up the network',
  ]);
  assert.match(run.stdout, /Connected to Office/);
  assert.match(run.stdout, /10\.1\.0\.5\/32/);
  assert.doesNotMatch(run.stdout + run.stderr, /hunter2/);
  assert.ok(!(run.stdout + run.stderr).includes(escapeCharacter), 'no colours beside a terminal');
  assert.deepEqual(daemon.passwords, ['hunter2']);
  assert.deepEqual(daemon.sources, [{ kind: 'stored', id: 'office' }]);
});

test('up --json prints one object, and progress goes elsewhere', async (t) => {
  const daemon = await startFakeDaemon(t, { password: 'hunter2' });
  const run = await godwitRuns(daemon, ['up', 'office', '--password-stdin', '--json'], { input: 'hunter2' });
  const { ok, snapshot } = onlyJson(run.stdout);
  assert.equal(run.exitCode, 0);
  assert.equal(ok, true);
  assert.deepEqual(Object(snapshot).tunnel, connectedTunnel);
});

test('a second up while one runs is refused', async (t) => {
  const daemon = await startFakeDaemon(t);
  assert.equal((await godwitRuns(daemon, ['up', 'office'])).exitCode, 0);
  const run = await godwitRuns(daemon, ['up', 'office']);
  assert.equal(run.exitCode, exitCodes.refusedHere.code);
  assert.match(run.stderr, /A connection is already up: Office\./);
  assert.match(run.stderr, /tunnel\.busy/);
  assert.match(run.stderr, /→ Disconnect it first/);
});

for (const [code, exitCode] of [
  ['auth.password', 5],
  ['certificate.unknown-ca', 5],
  ['peer.ts-unacceptable', 6],
  ['peer.no-proposal-chosen', 7],
  ['peer.unreachable', 8],
  ['peer.misbehaved', 9],
  ['system.permission', 10],
] as const) {
  test(`${code} ends up with exit code ${exitCode}, told in words and in JSON`, async (t) => {
    const daemon = await startFakeDaemon(t, { failure: failure(code, { gateway: 'vpn.example.org' }) });
    const told = await godwitRuns(daemon, ['up', 'office']);
    assert.equal(told.exitCode, exitCode);
    assert.equal(told.stdout, '');
    assert.match(told.stderr, new RegExp(`✗ .*\n {2}${code}: gateway vpn\\.example\\.org\n {2}→ `));
    const json = await godwitRuns(daemon, ['up', 'office', '--json']);
    assert.equal(json.exitCode, exitCode);
    const { ok, error, exitCode: named } = onlyJson(json.stdout);
    assert.deepEqual([ok, named, Object(error).code], [false, exitCode, code]);
    assert.equal(typeof Object(error).next, 'string');
  });
}

test('every failure has an exit code of the table, and none is 0 or 2', () => {
  const known = new Set<number>(Object.values(exitCodes).map(({ code }) => code));
  for (const code of Object.keys(failureCatalogue) as FailureCode[]) {
    const exitCode = exitCodeOf(failure(code));
    assert.ok(known.has(exitCode) && exitCode !== 0 && exitCode !== 2, `${code} ${exitCode}`);
  }
});

test('without a daemon every command says so', async () => {
  for (const args of [['up', 'office'], ['down'], ['status'], ['profiles']]) {
    const run = await godwitRuns(undefined, args);
    assert.equal(run.exitCode, exitCodes.noDaemon.code, args.join(' '));
    assert.match(run.stderr, /does not answer at \/nonexistent\/godwitd\.sock/);
  }
});

test('a profile that the daemon does not have is named', async (t) => {
  const run = await godwitRuns(await startFakeDaemon(t), ['up', 'home']);
  assert.equal(run.exitCode, 3);
  assert.match(run.stderr, /There is no profile home\./);
});

for (const args of [
  [],
  ['frob'],
  ['up'],
  ['up', 'a', 'b'],
  ['status', '--verbose'],
  ['up', 'office', '--password', 'hunter2'],
  ['up', 'office', '--password-stdin', '--password-file', 'x'],
]) {
  test(`godwit ${args.join(' ')}: exit code 2 and a hint`, async () => {
    const run = await godwitRuns(undefined, args);
    assert.equal(run.exitCode, 2);
    assert.match(run.stderr, /help/);
    assert.equal(run.stdout, '');
  });
}

test('help teaches: examples and exit codes', async () => {
  const run = await godwitRuns(undefined, ['--help']);
  assert.equal(run.exitCode, 0);
  assert.match(run.stdout, /godwit up \.\/home\.json/);
  for (const { code, says } of Object.values(exitCodes)) assert.ok(run.stdout.includes(`${code}  ${says}`));
  assert.equal((await godwitRuns(undefined, ['up', '--help'])).exitCode, 0);
  assert.match((await godwitRuns(undefined, ['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
});

test('down says whether something was up', async (t) => {
  const daemon = await startFakeDaemon(t);
  assert.match((await godwitRuns(daemon, ['down'])).stdout, /Nothing was connected/);
  await godwitRuns(daemon, ['up', 'office']);
  assert.deepEqual(onlyJson((await godwitRuns(daemon, ['down', '--json'])).stdout), {
    ok: true,
    wasUp: true,
  });
});

test('status shows the truth, and the last failure after one', async (t) => {
  const daemon = await startFakeDaemon(t);
  assert.match((await godwitRuns(daemon, ['status'])).stdout, /Not connected/);
  await godwitRuns(daemon, ['up', 'office']);
  const { stdout, exitCode } = await godwitRuns(daemon, ['status']);
  assert.equal(exitCode, 0);
  for (const part of [
    'Connected to Office',
    '1.5 s ago the gateway last answered',
    '203.0.113.7:4500, vpn.example.org by rsa-pss-sha256',
    'aes256gcm16-prfsha384-ecp384',
    '1112131415161718_r, 1 min 35 s old\n',
    'c0ffee02 out, 30.0 s old, rekeyed 2 times',
    'in front of this computer',
    'godwit0, MTU 1400',
    '10.1.0.5/32',
    'IPv6: the gateway gave no address',
    '10.1.0.53, search corp.example.org',
    '12 packets, 1.4 KiB',
    '10 packets, 2.4 MiB; dropped: replayed 1',
    'IKE drops  integrity 2',
  ]) {
    assert.ok(stdout.includes(part), `${part}\n${stdout}`);
  }
  const json = onlyJson((await godwitRuns(daemon, ['status', '--json'])).stdout);
  assert.equal(Object(json['snapshot']).tunnel.provenAgeMs, 1_500);
  const failing = await startFakeDaemon(t, { failure: failure('peer.dead') });
  await godwitRuns(failing, ['up', 'office']);
  const after = await godwitRuns(failing, ['status']);
  assert.equal(after.exitCode, 0);
  assert.match(after.stdout, /Not connected, since [\s\S]*The gateway no longer answers/);
});

test('names from outside cannot move the cursor, colour or turn the text', async (t) => {
  const hostile = `x${escapeCharacter}[2J\u202e\u009b31m\r\n`;
  const daemon = await startFakeDaemon(t, {
    connected: {
      ...connectedTunnel,
      remoteIdentity: hostile,
      profile: { name: hostile, gateway: hostile },
      dns: { servers: [hostile], searchDomains: [hostile], routeDomains: [] },
    },
  });
  const up = await godwitRuns(daemon, ['up', 'office']);
  assert.equal(up.exitCode, 0);
  for (const character of active) assert.ok(!up.stdout.includes(character));
  assert.ok(up.stdout.includes('x\\u{1b}[2J\\u{202e}\\u{9b}31m\\u{d}\\u{a}'));
  const refusing = await startFakeDaemon(t, { failure: failure('peer.refused', { notify: hostile }) });
  const refused = await godwitRuns(refusing, ['up', 'office']);
  assert.equal(refused.exitCode, 6);
  for (const character of active) assert.ok(!refused.stderr.includes(character));
});

test('profiles lists the good ones and what is wrong with the others', async (t) => {
  const daemon = await startFakeDaemon(t);
  const { stdout, exitCode } = await godwitRuns(daemon, ['profiles']);
  assert.equal(exitCode, 0);
  assert.match(stdout, /office +Office, vpn\.example\.org/);
  assert.match(stdout, /broken +cannot be used\n +line 3, mtu: must be 1280 to 1500/);
  const json = onlyJson((await godwitRuns(daemon, ['profiles', '--json'])).stdout);
  assert.equal(Object(json['profiles']).length, 2);
});

test('the licences of what a package brings are looked for beside it, without a daemon', async () => {
  const { stdout, stderr, exitCode } = await godwitRuns(undefined, ['licenses']);
  assert.equal(exitCode, 3);
  assert.equal(stdout, '');
  assert.match(stderr, /licences of the libraries were not collected.*\n.*THIRD-PARTY-NOTICES/);
  assert.match(stderr, /in node_modules/);
});

test('a profile file is sent with its certificates inside and without its paths', async (t) => {
  const daemon = await startFakeDaemon(t, { password: 'hunter2' });
  const folder = await temporaryFolder(t);
  await writeFile(
    join(folder, 'ca.pem'),
    `-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n${ca}`,
  );
  await writeFile(join(folder, 'pw'), 'hunter2\nsecond line\n', { mode: 0o600 });
  const authentication = { method: 'eap-mschapv2', username: 'alice', passwordFile: 'pw' };
  const file = join(folder, 'office.json');
  await writeFile(file, profileText({ trust: { caFile: 'ca.pem' }, authentication }));
  const run = await godwitRuns(daemon, ['up', file]);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.deepEqual(daemon.passwords, ['hunter2']);
  const source = daemon.sources[0];
  assert.ok(source?.kind === 'text' && source.file === file);
  const sent = parseProfile(source.text, file);
  assert.ok(sent.ok);
  assert.deepEqual(sent.value.trust, { kind: 'inline', ca });
  assert.equal(passwordFileOf(sent.value.authentication), undefined);
  assert.doesNotMatch(source.text, /PRIVATE KEY/);
});

test('a second proof has its own password file, and keys go along as text', async (t) => {
  const daemon = await startFakeDaemon(t, { password: 'hunter2' });
  const folder = await temporaryFolder(t);
  const put = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 });
  const publicKey = '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n';
  await put('gateway.pub', `a comment\n${publicKey}`);
  await put('site.key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n');
  await put('alice.password', 'hunter2\n');
  const file = join(folder, 'office.json');
  await writeFile(
    file,
    profileText({
      trust: { publicKeyFile: 'gateway.pub' },
      authentication: { method: 'public-key', key: { keyFile: 'site.key' } },
      secondAuthentication: { method: 'eap-mschapv2', username: 'alice', passwordFile: 'alice.password' },
    }),
  );
  const run = await godwitRuns(daemon, ['up', file]);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.deepEqual(daemon.passwords, ['hunter2']);
  const source = daemon.sources[0];
  const sent = parseProfile(source?.kind === 'text' ? source.text : '', file);
  assert.ok(sent.ok && requireSelfContained(sent.value, file).ok);
  assert.deepEqual(sent.value.publicKeys, { kind: 'text', text: publicKey });
  const { authentication } = sent.value;
  assert.equal(authentication.method === 'public-key' && authentication.key.kind, 'inline');
});

for (const [what, text, expected] of [
  [
    'a broken profile',
    profileText({ mtu: 1, gatway: 'x' }),
    /line 11, field mtu: [\s\S]*line 12, field gatway: .*did you mean `gateway`/,
  ],
  ['no JSON', '{', /line 1, field \(the whole file\): not valid JSON/],
  [
    'a CA file that is not there',
    profileText(),
    /line 9, field trust\.caFile: .*office-ca\.pem: there is no such file/,
  ],
] as const) {
  test(`${what} is told with line and field before anything is connected`, async (t) => {
    const file = join(await temporaryFolder(t), 'office.json');
    await writeFile(file, text);
    const run = await godwitRuns(undefined, ['up', file]);
    assert.equal(run.exitCode, 3);
    assert.match(run.stderr, expected);
  });
}

test('a profile that is no file is refused, a FIFO without waiting for it', async (t) => {
  const folder = await temporaryFolder(t);
  assert.match((await godwitRuns(undefined, ['up', `${folder}/none.json`])).stderr, /there is no such file/);
  assert.match((await godwitRuns(undefined, ['up', folder])).stderr, /not a regular file/);
  assert.equal(spawnSync('mkfifo', [`${folder}/fifo.json`]).status, 0);
  assert.match((await godwitRuns(undefined, ['up', `${folder}/fifo.json`])).stderr, /not a regular file/);
});

test('a password file must be closed to others and not empty', async (t) => {
  const daemon = await startFakeDaemon(t, { password: 'hunter2' });
  const folder = await temporaryFolder(t);
  const file = join(folder, 'pw');
  const upWith = () => godwitRuns(daemon, ['up', 'office', '--password-file', file]);
  assert.match((await upWith()).stderr, /secret\.unreadable/);
  await writeFile(file, 'hunter2\n');
  for (const mode of [0o644, 0o640, 0o604]) {
    await chmod(file, mode);
    const run = await upWith();
    assert.equal(run.exitCode, 3);
    assert.match(run.stderr, /can be read by others[\s\S]*chmod 600/);
    assert.doesNotMatch(run.stderr, /hunter2/);
  }
  assert.deepEqual(daemon.sources, [], 'nothing was connected');
  await chmod(file, 0o600);
  assert.equal((await upWith()).exitCode, 0);
  for (const text of ['', '\nhunter2\n', 'x'.repeat(5_000), Buffer.of(0xff, 0xfe)]) {
    await writeFile(file, text);
    assert.match((await upWith()).stderr, /secret\.unreadable/);
  }
});

test("another user's password file is refused", {
  skip: process.getuid?.() !== 0 && 'needs root',
}, async (t) => {
  const { chown } = await import('node:fs/promises');
  const file = join(await temporaryFolder(t), 'pw');
  await writeFile(file, 'hunter2\n', { mode: 0o600 });
  await chown(file, 12_345, 12_345);
  const daemon = await startFakeDaemon(t, { password: 'hunter2' });
  const args = ['up', 'office', '--password-file', file];
  assert.match((await godwitRuns(daemon, args)).stderr, /belongs to another user/);
  const asSudo = await godwitRuns(daemon, args, { env: { SUDO_UID: '12345' } });
  assert.equal(asSudo.exitCode, 0, asSudo.stderr);
});

test('without a terminal and without a password the login fails at once', async (t) => {
  const daemon = await startFakeDaemon(t, { password: 'hunter2' });
  const run = await godwitRuns(daemon, ['up', 'office']);
  assert.equal(run.exitCode, 3);
  assert.match(run.stderr, /A password is needed and none was given/);
});

test('a given password is tried once, never until the account is locked', async (t) => {
  const daemon = await startFakeDaemon(t, { password: 'hunter2', tries: 5 });
  const run = await godwitRuns(daemon, ['up', 'office', '--password-stdin'], { input: 'wrong\n' });
  assert.notEqual(run.exitCode, 0);
  assert.deepEqual(daemon.passwords, ['wrong']);
});

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  test(`${name} while connecting cancels the attempt and leaves nothing up`, async (t) => {
    const daemon = await startFakeDaemon(t, { hangIn: 'init' });
    const run = await godwitRuns(daemon, ['up', 'office'], { signal: { name, after: daemon.hanging } });
    assert.equal(run.exitCode, 130, run.stderr);
    assert.equal(daemon.disconnects(), 1);
    assert.match(run.stderr, /Cancelling/);
    assert.match((await godwitRuns(daemon, ['status'])).stdout, /Not connected/);
  });
}

test('a daemon that dies in the middle is told', async (t) => {
  const daemon = await startFakeDaemon(t, { hangIn: 'init' });
  void daemon.hanging.then(() => daemon.server.close());
  const run = await godwitRuns(daemon, ['up', 'office']);
  assert.equal(run.exitCode, exitCodes.noDaemon.code);
});

test('the launcher works through a link from elsewhere', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'bin'));
  const link = join(folder, 'bin', 'godwit');
  await symlink(new URL('../../../bin/godwit', import.meta.url).pathname, link);
  const run = spawnSync(link, ['--version'], { cwd: '/', encoding: 'utf8' });
  assert.match(run.stdout, /^\d+\.\d+\.\d+\n$/);
});
