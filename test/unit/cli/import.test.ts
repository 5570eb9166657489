import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { failure } from '../../../core/base/errors.ts';
import { err, ok } from '../../../core/base/result.ts';
import { lookIntoKeyFile } from '../../../core/daemon/keys/look-into-key-file.ts';
import { parseProfile } from '../../../core/profile/parse-profile.ts';
import { requireSelfContained } from '../../../core/profile/self-contained.ts';
import { plainHandlers, startServer, temporaryFolder } from '../rpc/transport/harness.ts';
import { godwitRuns } from './fake-daemon.ts';

const skip = spawnSync('script', ['--version']).status !== 0 && 'needs the command `script` for a terminal';
const ca = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const alice = fileURLToPath(new URL('../crypto/key-files/modern.p12', import.meta.url));
const password = 'öffne';

const sswan = {
  uuid: 'b2c9a6f1-2f9d-4f8e-9f0b-0d7f5d1c2a11',
  name: 'Headquarters\u202e',
  type: 'ikev2-eap',
  remote: { addr: 'vpn.example.org', cert: 'MIIB' },
  local: { eap_id: 'CORP\\alice' },
  mtu: 1_600,
};

/** A daemon that opens key files as the real one does, and keeps what it takes. */
async function startKeeper(t: TestContext) {
  const kept: { readonly id: string | undefined; readonly text: string }[] = [];
  const { server } = await startServer(t, {
    handlers: {
      ...plainHandlers,
      'look-into-key-file': (params) => lookIntoKeyFile(params, undefined),
      'save-profile': ({ id, text }) => {
        const parsed = parseProfile(text, 'profile.json');
        if (!parsed.ok) return err(parsed.error[0] ?? failure('profile.not-kept'));
        const contained = requireSelfContained(parsed.value, 'profile.json');
        if (!contained.ok) return contained;
        kept.push({ id, text });
        return ok({ id: id ?? 'own:office' });
      },
    },
  });
  return { server, kept };
}

async function fileOf(t: TestContext, name: string, contents: unknown): Promise<string> {
  const file = join(await temporaryFolder(t), name);
  await writeFile(file, typeof contents === 'string' ? contents : JSON.stringify(contents));
  return file;
}

test('a .sswan becomes a profile of the user, and what was changed is told', async (t) => {
  const daemon = await startKeeper(t);
  const file = await fileOf(t, 'office.sswan', { ...sswan, name: 'Headquarters' });
  const run = await godwitRuns(daemon, ['import', file]);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.deepEqual(run.stderr.trim().split('\n'), ['Reading office.sswan', 'Keeping the profile']);
  assert.match(run.stdout, /Imported Headquarters as own:office: vpn\.example\.org, eap-mschapv2\./);
  assert.match(run.stdout, /mtu: 1600 was brought into the range/);
  assert.match(run.stdout, /godwit up own:office/);
  const profile = JSON.parse(daemon.kept[0]?.text ?? '');
  assert.deepEqual([profile.gateway, profile.mtu], ['vpn.example.org', 1_500]);
});

test('--json prints one object, and --replace puts the profile in place of another', async (t) => {
  const daemon = await startKeeper(t);
  const file = await fileOf(t, 'office.sswan', { ...sswan, name: 'Headquarters' });
  const run = await godwitRuns(daemon, ['import', file, '--json', '--replace', 'own:home']);
  const { ok: good, id, name, notes } = JSON.parse(run.stdout);
  assert.deepEqual([good, id, name, notes[0].code], [true, 'own:home', 'Headquarters', 'changed']);
  assert.equal(daemon.kept[0]?.id, 'own:home');
});

test('a profile of Godwit comes with what stands in its files, but for passwords', async (t) => {
  const daemon = await startKeeper(t);
  const file = await fileOf(t, 'office.json', {
    name: 'Office',
    gateway: 'vpn.example.org',
    authentication: { method: 'eap-mschapv2', username: 'alice', passwordFile: 'office.password' },
    trust: { caFile: 'ca.pem' },
  });
  await writeFile(join(file, '../ca.pem'), ca);
  const run = await godwitRuns(daemon, ['import', file]);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.match(run.stdout, /authentication\.passwordFile names a file and was left out/);
  assert.doesNotMatch(run.stdout, /caFile/);
  const profile = JSON.parse(daemon.kept[0]?.text ?? '');
  assert.match(profile.trust.ca, /BEGIN CERTIFICATE/);
  assert.deepEqual(profile.authentication, { method: 'eap-mschapv2', username: 'alice' });
});

test('a .p12 is opened by a password from standard input, which is nowhere afterwards', async (t) => {
  const daemon = await startKeeper(t);
  const args = ['import', alice, '--gateway', 'vpn.example.org', '--system-cas', '--password-stdin'];
  const run = await godwitRuns(daemon, args, { input: `${password}\n` });
  assert.equal(run.exitCode, 0, run.stderr);
  assert.match(run.stderr, /Opening the certificate/);
  const [{ text } = { text: '' }] = daemon.kept;
  const { authentication, gateway, trust } = JSON.parse(text);
  assert.deepEqual([authentication.method, gateway, trust.system], ['certificate', 'vpn.example.org', true]);
  assert.ok(authentication.certificate.pkcs12.length > 100);
  assert.ok(!`${text}${run.stdout}${run.stderr}`.includes(password));
});

test('a wrong password of a file, and none, are told in words', async (t) => {
  const daemon = await startKeeper(t);
  const args = ['import', alice, '--gateway', 'vpn.example.org'];
  const wrong = await godwitRuns(daemon, [...args, '--password-stdin'], { input: 'falsch\n' });
  assert.equal(wrong.exitCode, 3);
  assert.match(wrong.stderr, /The password for modern\.p12 is wrong/);
  const none = await godwitRuns(daemon, [...args, '--json']);
  assert.equal(JSON.parse(none.stdout).error.code, 'secret.missing');
  assert.deepEqual(daemon.kept, []);
});

test('on a terminal what the file lacks is asked for, the password unseen and again', { skip }, async (t) => {
  const daemon = await startKeeper(t);
  const file = await fileOf(t, 'ca.pem', ca);
  const questions: readonly (readonly [prompt: string, keys: string])[] = [
    ['Password of modern.p12: ', 'falsch\r'],
    ['Password of modern.p12: ', `${password}\r`],
    ['Gateway (host name or IP address): ', 'vpn.example.org\r'],
    ['User name [alice]: ', '\r'],
  ];
  let asked = 0;
  const run = await godwitRuns(daemon, ['import', alice, '--method', 'eap-tls', '--ca', file], {
    terminal: (shown, type) => {
      const [prompt, keys] = questions[asked] ?? [];
      if (prompt === undefined || keys === undefined) return;
      const before = questions.slice(0, asked).filter(([other]) => other === prompt).length;
      const ends = shown.endsWith(prompt) && shown.split(prompt).length - 1 > before;
      if (!ends) return;
      asked++;
      type(keys);
    },
  });
  assert.equal(run.exitCode, 0, run.stdout);
  assert.match(run.stdout, /That password does not open the file/);
  assert.ok(!run.stdout.includes(password) && !run.stdout.includes('falsch'));
  const { gateway, authentication, trust } = JSON.parse(daemon.kept[0]?.text ?? '');
  assert.deepEqual([gateway, authentication.username], ['vpn.example.org', 'alice']);
  assert.equal(trust.ca, ca);
});

test('away from a terminal what is missing is named, with the options that say it', async (t) => {
  const daemon = await startKeeper(t);
  const file = await fileOf(t, 'bare.sswan', { type: 'ikev2-eap', remote: {} });
  const run = await godwitRuns(daemon, ['import', file]);
  assert.equal(run.exitCode, 3);
  assert.match(run.stderr, /gateway, username, trust/);
  assert.match(run.stderr, /--gateway HOST, --username NAME, --ca FILE or --system-cas/);
  const options = ['--name', 'Bare', '--gateway', 'vpn.example.org', '--username', 'bob', '--system-cas'];
  assert.equal((await godwitRuns(daemon, ['import', file, ...options])).exitCode, 0);
  assert.deepEqual(JSON.parse(daemon.kept[0]?.text ?? '').trust, { system: true });
});

test('--print writes the profile and needs no daemon', async (t) => {
  const file = await fileOf(t, 'office.sswan', { ...sswan, name: 'Headquarters' });
  const run = await godwitRuns(undefined, ['import', file, '--print']);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.ok(parseProfile(run.stdout, 'x.json').ok);
  assert.match(run.stderr, /mtu: 1600/);
});

test('what is no profile is turned down in words, and nothing in a file acts on the terminal', async (t) => {
  const daemon = await startKeeper(t);
  for (const [name, contents, code] of [
    ['notes.txt', 'hello', 'import.unknown'],
    ['wrong.json', '{"gateway":"two words"}', 'import.incomplete'],
    ['evil.sswan', { ...sswan, local: { eap_id: 'a\u001b[2Jb' } }, 'profile.invalid'],
    ['evil2.sswan', sswan, 'profile.invalid'],
  ] as const) {
    const file = await fileOf(t, name, contents);
    const told = await godwitRuns(daemon, ['import', file]);
    assert.equal(told.exitCode, 3, told.stdout);
    assert.match(told.stderr, new RegExp(code.replace('.', '\\.')));
    for (const character of ['\u001b', '\u202e']) assert.ok(!told.stderr.includes(character));
  }
  const gone = await godwitRuns(daemon, ['import', '/nonexistent/a.p12']);
  assert.match(gone.stderr, /there is no such file/);
  assert.deepEqual(daemon.kept, []);
});
