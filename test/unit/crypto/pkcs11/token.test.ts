import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { limits } from '../../../../core/base/limits.ts';
import { err, ok } from '../../../../core/base/result.ts';
import { readKeyFile } from '../../../../core/crypto/node/key-file.ts';
import type { Cryptoki, TokenInfo } from '../../../../core/crypto/pkcs11/cryptoki.ts';
import { Token } from '../../../../core/crypto/pkcs11/token.ts';

const file = readKeyFile(readFileSync(new URL('../key-files/plain.pem', import.meta.url)), undefined);
assert.ok(file.ok);
const certificate = file.value.chain[0] ?? new Uint8Array(0);
const ready = 0x404;

/** A module as cards have them: `rv` is what each call answers, when it is one that refuses. */
function card(flags: number, rv: Readonly<Record<string, number>> = {}) {
  const info: TokenInfo = { slot: 1, label: 'Card', manufacturer: '', model: '', serial: '', flags };
  const seen: string[] = [];
  const fail = (call: string) => {
    seen.push(call);
    const code = rv[call];
    return code === undefined ? undefined : err({ call, rv: code });
  };
  const module: Cryptoki = {
    tokens: () => fail('C_GetSlotList') ?? ok([info]),
    tokenInfo: () => ok(info),
    openSession: () => fail('C_OpenSession') ?? ok(1),
    login: (_session, user) => fail(`C_Login ${user}`) ?? ok(),
    find: () => fail('C_FindObjectsInit') ?? ok([7]),
    attribute: (_session, _object, type) =>
      ok(type === 0x11 ? certificate : Uint8Array.of(type === 0x202 ? (rv['always'] ?? 0) : 1)),
    signInit: () => fail('C_SignInit') ?? ok(),
    sign: () => fail('C_Sign') ?? ok(new Uint8Array(64).fill(1)),
  };
  return { module, seen };
}

const ecdsa = { kind: 'ecdsa', hash: 'sha256', encoding: 'der' } as const;

test('what a card says of its PIN is told by name', () => {
  for (const [flags, rv, problem] of [
    [ready, 0xa0, { problem: 'pin', detail: { triesLeft: 'many' } }],
    [ready | 0x1_0000, 0xa0, { problem: 'pin', detail: { triesLeft: 'few' } }],
    [ready | 0x2_0000, 0xa2, { problem: 'pin', detail: { triesLeft: 'last' } }],
    [ready | 0x4_0000, 0xa0, { problem: 'pin-locked', detail: {} }],
    [ready, 0xa4, { problem: 'pin-locked', detail: {} }],
    [ready, 0xa3, { problem: 'pin-expired', detail: {} }],
    [ready, 0xe0, { problem: 'removed', detail: {} }],
    [ready, 0x5, { problem: 'refused', detail: { call: 'C_Login 1', reason: '0x5' } }],
  ] as const) {
    const { module } = card(flags, { 'C_Login 1': rv });
    const token = Token.open(module, { text: 'pkcs11:' });
    assert.ok(token.ok);
    assert.deepEqual(token.value.logIn(Uint8Array.of(1)), err(problem));
  }
});

test('a card that is pulled out before it signs is named as removed', () => {
  for (const call of ['C_SignInit', 'C_Sign']) {
    for (const rv of [0x32, 0xe0, 0xb3, 0x101]) {
      const { module } = card(ready, { [call]: rv });
      const token = Token.open(module, { text: 'pkcs11:' });
      assert.ok(token.ok && token.value.use('01').ok);
      assert.deepEqual(token.value.sign(ecdsa, Uint8Array.of(1)), err({ problem: 'removed', detail: {} }));
    }
  }
});

test('a key that wants the PIN each time gets it between the two steps of signing', () => {
  const { module, seen } = card(ready, { always: 1 });
  const token = Token.open(module, { text: 'pkcs11:' });
  assert.ok(token.ok && token.value.logIn(Uint8Array.of(1)).ok && token.value.use('01').ok);
  assert.ok(token.value.sign(ecdsa, Uint8Array.of(1)).ok);
  assert.deepEqual(seen.slice(-3), ['C_SignInit', 'C_Login 2', 'C_Sign']);
});

test('a reader with keys of its own takes the PIN there', () => {
  const token = Token.open(card(ready | 0x100).module, { text: 'pkcs11:' });
  assert.equal(token.ok && token.value.login, 'keypad');
});

test('of a token that has very much so many objects are looked at, and so many certificates are a choice', () => {
  const { module } = card(ready);
  const asked: number[] = [];
  const most: Cryptoki = {
    ...module,
    tokens: (count) => {
      asked.push(count);
      return module.tokens(count);
    },
    find: (_session, _template, count) => {
      asked.push(count);
      return ok(Array.from({ length: count }, (_, at) => at));
    },
    attribute: (_session, object, type) =>
      ok(type === 0x11 ? certificate : Uint8Array.of(object >> 8, object & 0xff)),
  };
  const token = Token.open(most, { text: 'pkcs11:' });
  assert.ok(token.ok);
  assert.deepEqual(asked.slice(0, 2), [limits.tokens, limits.tokenObjects]);
  const listed = token.value.list();
  assert.equal(listed.ok && listed.value.length, limits.certificateChoices);
});
