import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { failure } from '../../../../core/base/errors.ts';
import { err, ok } from '../../../../core/base/result.ts';
import { Secret } from '../../../../core/base/secret.ts';
import { utf8 } from '../../../../core/base/utf8.ts';
import { openToken } from '../../../../core/daemon/keys/open-token.ts';
import type { CertificateAsks } from '../../../../core/daemon/login-credentials.ts';
import { parsePkcs11Uri } from '../../../../core/profile/pkcs11-uri.ts';

/* A token of SoftHSM2 in a folder of its own, with keys and certificates made by openssl. */
const module = '/usr/lib/softhsm/libsofthsm2.so';
const tools = ['softhsm2-util', 'pkcs11-tool', 'openssl'];
const there = existsSync(module) && tools.every((tool) => spawnSync(tool, ['--version']).error === undefined);
const skip = !there && 'needs softhsm2, opensc and openssl';
const folder = mkdtempSync(join(tmpdir(), 'godwit-token-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const pin = '274913';

function run(command: string, ...args: readonly string[]): void {
  const done = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  assert.equal(done.status, 0, `${command} ${args.join(' ')}: ${done.stderr}`);
}

function makeToken(): void {
  const config = join(folder, 'softhsm2.conf');
  writeFileSync(config, `directories.tokendir = ${folder}\nlog.level = ERROR\n`);
  process.env['SOFTHSM2_CONF'] = config;
  run('softhsm2-util', '--init-token', '--free', '--label', 'Alice Card', '--so-pin', '1234', '--pin', pin);
  for (const [label, id, algorithm] of [
    ['ec', '01', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']],
    ['rsa', '02', ['rsa:2048']],
  ] as const) {
    const subject = ['-subj', `/CN=${label}`];
    const key = ['-keyout', `${label}.key`, '-out', `${label}.pem`];
    run('openssl', 'req', '-x509', '-nodes', '-days', '9', '-newkey', ...algorithm, ...key, ...subject);
    run('openssl', 'x509', '-in', `${label}.pem`, '-outform', 'DER', '-out', `${label}.der`);
    run('openssl', 'pkcs8', '-topk8', '-nocrypt', '-in', `${label}.key`, '-out', `${label}.p8`);
    run(
      'softhsm2-util',
      '--import',
      `${label}.p8`,
      '--token',
      'Alice Card',
      '--label',
      label,
      '--id',
      id,
      '--pin',
      pin,
    );
    const object = ['--type', 'cert', '--id', id, '--label', label];
    const login = ['--module', module, '--token-label', 'Alice Card', '--login', '--pin', pin];
    run('pkcs11-tool', ...login, '--write-object', `${label}.der`, ...object);
  }
}
if (there) makeToken();

/** Types these PINs, then nothing, and takes the last of several certificates. */
function user(...pins: string[]) {
  const asked: string[] = [];
  const asks: CertificateAsks = {
    secret: async (request) => {
      asked.push(
        request.kind === 'pin' ? `${request.token} ${request.retry} ${request.triesLeft}` : request.kind,
      );
      const next = pins.shift();
      return next === undefined ? err(failure('secret.missing')) : ok(Secret.fromText(next));
    },
    choose: async (certificates) => {
      asked.push(
        certificates
          .map(({ subject }) => subject)
          .sort()
          .join(' or '),
      );
      return ok(certificates.find(({ label }) => label === 'rsa')?.id ?? '');
    },
  };
  return { asks, asked };
}

async function open(text: string, asks: CertificateAsks, path: string | undefined = module) {
  const uri = parsePkcs11Uri(text);
  assert.ok(uri.ok);
  return await openToken({ kind: 'pkcs11', uri: uri.value, module: path }, asks, undefined);
}

for (const [label, schemes] of [
  [
    'ec',
    [
      { kind: 'ecdsa', hash: 'sha256', encoding: 'der' },
      { kind: 'ecdsa', hash: 'sha512', encoding: 'der' },
    ],
  ],
  [
    'rsa',
    [
      { kind: 'rsa-pkcs1', hash: 'sha256' },
      { kind: 'rsa-pkcs1', hash: 'sha1' },
      { kind: 'rsa-pss', hash: 'sha384', saltOctets: 48 },
    ],
  ],
] as const) {
  test(`an ${label} key on a token signs, and stays there`, { skip }, async () => {
    const { asks, asked } = user(pin);
    const opened = await open(`pkcs11:token=Alice%20Card;object=${label}`, asks);
    assert.ok(opened.ok, JSON.stringify(opened));
    const { chain, privateKey, sign, close } = opened.value;
    assert.deepEqual(asked, ['Alice Card 0 many']);
    assert.equal(privateKey, undefined);
    const certificate = new X509Certificate(chain[0] ?? new Uint8Array(0));
    assert.equal(certificate.subject, `CN=${label}`);
    for (const scheme of schemes) {
      const signed = await sign(scheme, utf8.encode('what is signed'));
      assert.ok(signed.ok, JSON.stringify(signed));
      const key = createPublicKey(certificate.publicKey.export({ format: 'pem', type: 'spki' }));
      const pss = scheme.kind === 'rsa-pss' ? { padding: 6, saltLength: scheme.saltOctets } : {};
      assert.ok(
        verify(scheme.hash, utf8.encode('what is signed'), { key, ...pss }, signed.value),
        scheme.kind,
      );
    }
    close();
    const late = await sign({ kind: 'ed25519' }, Uint8Array.of(1));
    assert.equal(late.ok, false);
  });
}

test('of several certificates one is chosen; an id chooses by itself', { skip }, async () => {
  const { asks, asked } = user(pin, pin);
  const several = await open('pkcs11:', asks);
  assert.ok(several.ok);
  assert.deepEqual(asked, ['Alice Card 0 many', 'CN=ec or CN=rsa']);
  assert.equal(several.value.keyKind, 'rsa');
  several.value.close();
  const one = await open('pkcs11:id=%01', asks);
  assert.equal(one.ok && one.value.keyKind, 'ec-p256');
  if (one.ok) one.value.close();
});

test('a wrong PIN is asked for again, with the tries that are left, and never repeated', {
  skip,
}, async () => {
  const { asks, asked } = user('000000', pin);
  const opened = await open('pkcs11:object=ec', asks);
  assert.ok(opened.ok);
  assert.deepEqual(asked[0], 'Alice Card 0 many');
  assert.match(asked[1] ?? '', /^Alice Card 1 (few|many)$/);
  opened.value.close();
  const given = await open('pkcs11:object=ec', user('000000').asks);
  assert.equal(given.ok ? undefined : given.error.code, 'token.pin');
});

for (const [text, path, code] of [
  ['pkcs11:token=Bob', module, 'token.missing'],
  ['pkcs11:object=other', module, 'token.no-certificate'],
  ['pkcs11:', '/nonexistent.so', 'token.module'],
  ['pkcs11:', '/etc/hostname', 'token.module'],
] as const) {
  test(`${text} at ${path} fails with ${code}`, { skip }, async () => {
    const opened = await open(text, user(pin).asks, path);
    assert.equal(opened.ok ? undefined : opened.error.code, code);
    if (!opened.ok && code === 'token.missing') assert.equal(opened.error.detail['present'], 'Alice Card');
  });
}

test('without a PIN there is no login', { skip }, async () => {
  const opened = await open('pkcs11:', user().asks);
  assert.equal(opened.ok ? undefined : opened.error.code, 'secret.missing');
});
