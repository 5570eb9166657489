import assert from 'node:assert/strict';
import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { utf8 } from '../../../core/base/utf8.ts';
import { readKeyFile, weakEncryption } from '../../../core/crypto/node/key-file.ts';
import { signerFromPrivateKey } from '../../../core/crypto/node/signer.ts';

const file = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`key-files/${name}`, import.meta.url)));
const open = (name: string, password?: string) =>
  readKeyFile(file(name), password === undefined ? undefined : utf8.encode(password));
const problem = (name: string, password?: string) => {
  const opened = open(name, password);
  return opened.ok ? 'opened' : opened.error.kind;
};

for (const [name, password, kind, chain] of [
  ['modern.p12', 'öffne', 'rsa', 2],
  ['ec.p12', 'secret', 'ec-p256', 2],
  ['legacy.p12', 'secret', 'ec-p256', 2],
  ['empty.p12', undefined, 'ec-p256', 1],
  ['nomac.p12', 'secret', 'ec-p256', 1],
  ['plain.pem', undefined, 'ec-p256', 2],
  ['pkcs8.pem', 'secret', 'ec-p256', 1],
  ['traditional.pem', 'secret', 'rsa', 1],
] as const) {
  test(`${name} opens: the user's certificate first, with a key that signs for it`, () => {
    const opened = open(name, password);
    assert.ok(opened.ok, JSON.stringify(opened));
    assert.deepEqual([opened.value.keyKind, opened.value.chain.length], [kind, chain]);
    const [own] = opened.value.chain;
    assert.ok(own !== undefined);
    const certificate = new X509Certificate(own);
    assert.match(certificate.subject, /CN=alice/);
    const signer = signerFromPrivateKey(opened.value.privateKey);
    assert.ok(signer.ok);
    const scheme =
      kind === 'rsa'
        ? ({ kind: 'rsa-pkcs1', hash: 'sha256' } as const)
        : ({ kind: 'ecdsa', hash: 'sha256', encoding: 'der' } as const);
    const signature = signer.value.sign(scheme, utf8.encode('x'));
    assert.ok(
      verify(
        'sha256',
        utf8.encode('x'),
        createPublicKey(certificate.publicKey.export({ format: 'pem', type: 'spki' })),
        signature,
      ),
    );
  });
}

test('a wrong password is told from a missing one and from a broken file', () => {
  for (const name of ['modern.p12', 'ec.p12', 'legacy.p12', 'nomac.p12', 'pkcs8.pem', 'traditional.pem']) {
    assert.equal(problem(name, 'wrong'), 'password', name);
    assert.equal(problem(name), 'password-needed', name);
  }
  assert.equal(problem('ec.p12', 'sec\0ret'), 'password');
  assert.equal(problem('mismatch.pem', 'secret'), 'broken');
  assert.equal(problem('nokey.p12', 'secret'), 'no-key');
});

test('a file that did not open leaves nothing behind for the next one', () => {
  for (const name of ['modern.p12', 'ec.p12', 'legacy.p12', 'nomac.p12', 'nokey.p12', 'mismatch.pem']) {
    assert.notEqual(problem(name, 'wrong'), 'opened');
    assert.equal(problem('plain.pem'), 'opened', `after ${name}`);
    assert.equal(problem('nomac.p12', 'secret'), 'opened', `after ${name}`);
  }
  for (const octets of [Uint8Array.of(0x30, 0x80), file('ec.p12').subarray(0, 200)]) {
    assert.equal(readKeyFile(octets, utf8.encode('secret')).ok, false);
    assert.equal(problem('plain.pem'), 'opened');
  }
});

test('what is cut off or changed is broken, never a crash', () => {
  for (const name of ['ec.p12', 'plain.pem', 'pkcs8.pem', 'traditional.pem']) {
    const whole = file(name);
    for (let length = 0; length < whole.length; length += 97) {
      const opened = readKeyFile(whole.subarray(0, length), utf8.encode('secret'));
      assert.ok(!opened.ok || name === 'plain.pem', `${name} up to ${length}`);
    }
  }
  const large = readKeyFile(new Uint8Array(limits.keyFileOctets + 1), undefined);
  assert.equal(!large.ok && large.error.kind, 'broken');
  for (const text of [
    '',
    'hello',
    '-----BEGIN CERTIFICATE-----\n',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----',
  ])
    assert.equal(readKeyFile(utf8.encode(text), undefined).ok, false);
});

test('3DES and RC2 are named as weak; RC4 and DES are refused', () => {
  assert.deepEqual(weakEncryption(file('modern.p12')), undefined);
  assert.equal(weakEncryption(file('legacy.p12'))?.refused, false);
  for (const [name, algorithm] of [
    ['rc4.p12', 'RC4-40'],
    ['des.p12', 'MD5 and DES'],
  ] as const) {
    const opened = open(name, 'secret');
    assert.deepEqual(opened, { ok: false, error: { kind: 'weak', algorithm } });
  }
});

test('of PEM text the key alone, where no certificate is wanted', () => {
  const text = Buffer.from(file('plain.pem')).toString('utf8');
  const keyAlone =
    /-----BEGIN [A-Z ]*PRIVATE KEY[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----\n/.exec(text)?.[0] ?? '';
  for (const pem of [keyAlone, text]) {
    const opened = readKeyFile(utf8.encode(pem), undefined, true);
    assert.ok(opened.ok, JSON.stringify(opened));
    assert.deepEqual([opened.value.keyKind, opened.value.chain.length], ['ec-p256', 0]);
  }
  assert.equal(readKeyFile(utf8.encode(keyAlone), undefined).ok, false);
  assert.equal(
    readKeyFile(
      utf8.encode('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'),
      undefined,
      true,
    ).ok,
    false,
  );
});

test('keyFileCertificates: a PEM file holds so many certificates and not one more', () => {
  const text = new TextDecoder().decode(file('plain.pem'));
  const [certificate = ''] = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/.exec(text) ?? [];
  const withMore = (count: number) => {
    const there = text.split('BEGIN CERTIFICATE').length - 1;
    const opened = readKeyFile(
      utf8.encode(`${text}\n${`${certificate}\n`.repeat(count - there)}`),
      undefined,
    );
    return opened.ok ? 'opened' : JSON.stringify(opened.error);
  };
  assert.equal(withMore(limits.keyFileCertificates), 'opened');
  assert.match(withMore(limits.keyFileCertificates + 1), /more than 16 certificates/);
});
