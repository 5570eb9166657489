import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure } from '../../../../core/base/errors.ts';
import { limits } from '../../../../core/base/limits.ts';
import { err, ok } from '../../../../core/base/result.ts';
import {
  type AskAnswer,
  type AskRequest,
  askAnswerSchema,
  askRequestSchema,
} from '../../../../core/rpc/asks.ts';
import { AskDesk } from '../../../../core/rpc/transport/ask-desk.ts';

const about = { identity: 'alice', profile: 'Office', retry: 0 } as const;
const certificates = [{ id: 'a', subject: 'CN=alice', issuer: 'CN=CA', notAfter: 1, label: '' }];
const asks: readonly (readonly [AskRequest, AskAnswer])[] = [
  [
    { kind: 'password', ...about },
    { kind: 'password', password: 'x' },
  ],
  [
    { kind: 'passcode', ...about, message: 'Code?' },
    { kind: 'passcode', passcode: 'x' },
  ],
  [
    { kind: 'new-password', ...about },
    { kind: 'new-password', password: 'x' },
  ],
  [
    { kind: 'key-password', profile: 'Office', file: 'alice.p12', retry: 0 },
    { kind: 'key-password', password: 'x' },
  ],
  [
    { kind: 'pin', profile: 'Office', token: 'Alice', retry: 0, triesLeft: 'many' },
    { kind: 'pin', pin: 'x' },
  ],
];

function desk() {
  const said: unknown[] = [];
  const line = {
    sendAsk: (askId: number, { kind }: AskRequest) => void said.push([askId, kind]),
    sendAskClosed: (askId: number, reason: string) => void said.push([askId, reason]),
  };
  return { desk: new AskDesk(line), said };
}

for (const [request, answer] of asks) {
  test(`a ${request.kind} is answered by its own kind alone`, async () => {
    if (request.kind === 'choose-certificate') return assert.fail();
    askRequestSchema.parse(request);
    askAnswerSchema.parse(answer);
    const { desk: one } = desk();
    const asked = one.ask(request);
    for (const [, other] of asks.filter(([, { kind }]) => kind !== answer.kind))
      assert.equal(one.answer(1, other).ok, false);
    assert.ok(one.answer(1, answer).ok);
    const secret = await asked;
    assert.ok(secret.ok);
    assert.equal(new TextDecoder().decode(secret.value.expose()), 'x');
    assert.equal(one.answer(1, answer).ok, false, 'a late answer finds nothing open');
  });
}

test('only a certificate of the list can be chosen', async () => {
  const { desk: one } = desk();
  const chosen = one.choose({ kind: 'choose-certificate', profile: 'Office', certificates });
  assert.equal(one.answer(1, { kind: 'choose-certificate', id: 'b' }).ok, false);
  assert.ok(one.answer(1, { kind: 'choose-certificate', id: 'a' }).ok);
  assert.deepEqual(await chosen, ok('a'));
});

test('time runs out: the ask fails by name, the client is told, and a late answer is refused', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { desk: one, said } = desk();
  const asked = one.ask({ kind: 'passcode', ...about }, { ms: 30_000 });
  t.mock.timers.tick(29_999);
  assert.deepEqual(said, [[1, 'passcode']]);
  t.mock.timers.tick(1);
  assert.deepEqual(await asked, err(failure('secret.timed-out', { seconds: 30 })));
  assert.deepEqual(said, [
    [1, 'passcode'],
    [1, 'timed-out'],
  ]);
  assert.equal(one.answer(1, { kind: 'passcode', passcode: '123456' }).ok, false);
});

test('an answer that is too long in octets, or no Unicode, ends the ask and says why', async () => {
  const long = '\u{1f511}'.repeat(limits.passwordOctets / 4 + 1);
  for (const password of [long, 'a\ud800']) {
    const { desk: one } = desk();
    const asked = one.ask({ kind: 'password', ...about });
    const taken = one.answer(1, { kind: 'password', password });
    const told = await asked;
    for (const result of [taken, told]) assert.equal(result.ok ? '' : result.error.code, 'secret.unusable');
  }
});
