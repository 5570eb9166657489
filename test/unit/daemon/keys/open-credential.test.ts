import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { failure } from '../../../../core/base/errors.ts';
import { limits } from '../../../../core/base/limits.ts';
import { err, ok, type Result } from '../../../../core/base/result.ts';
import { Secret } from '../../../../core/base/secret.ts';
import { KeyProcess } from '../../../../core/daemon/keys/key-process.ts';
import { openKeyFile } from '../../../../core/daemon/keys/open-credential.ts';

const file = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../crypto/key-files/${name}`, import.meta.url)));

/** Answers with these passwords, then refuses. */
function user(...passwords: string[]) {
  const retries: number[] = [];
  const ask = async (retry: number): Promise<Result<Secret, ReturnType<typeof failure>>> => {
    retries.push(retry);
    const next = passwords.shift();
    return next === undefined ? err(failure('secret.missing')) : ok(Secret.fromText(next));
  };
  return { ask, retries };
}

test('a wrong password is asked for again; the key signs, and is overwritten in the end', async () => {
  const { ask, retries } = user('wrong', 'secret');
  const opened = await openKeyFile('ec.p12', file('ec.p12'), ask, undefined);
  assert.ok(opened.ok);
  assert.deepEqual(retries, [0, 1]);
  const { chain, keyKind, privateKey, sign, close } = opened.value;
  assert.deepEqual([chain.length, keyKind], [2, 'ec-p256']);
  const signed = await sign({ kind: 'ecdsa', hash: 'sha256', encoding: 'p1363' }, Uint8Array.of(1));
  assert.equal(signed.ok && signed.value.length, 64);
  const octets = privateKey?.expose();
  close();
  assert.ok(octets?.every((octet) => octet === 0));
});

test('a file without a password asks for none', async () => {
  const { ask, retries } = user();
  assert.ok((await openKeyFile('plain.pem', file('plain.pem'), ask, undefined)).ok);
  assert.deepEqual(retries, []);
});

for (const [name, passwords, code] of [
  ['ec.p12', [], 'secret.missing'],
  ['ec.p12', ['wrong'], 'credential.password'],
  ['ec.p12', Array.from({ length: limits.keyPasswordRetries + 2 }, () => 'wrong'), 'credential.password'],
  ['nokey.p12', ['secret'], 'credential.no-key'],
  ['des.p12', ['secret'], 'credential.weak-file'],
] as const) {
  test(`${name} with ${passwords.length} passwords fails with ${code}`, async () => {
    const opened = await openKeyFile(name, file(name), user(...passwords).ask, undefined);
    assert.equal(opened.ok ? undefined : opened.error.code, code);
  });
}

test('a process that takes too long is ended, and says so', async () => {
  const process = new KeyProcess();
  const request = { op: 'open-file', file: 'AAAA' } as const;
  const late = await process.call(request, 1);
  assert.equal(late.ok ? undefined : late.error.code, 'credential.helper');
  const after = await process.call(request, 1_000);
  assert.equal(after.ok, false);
});
