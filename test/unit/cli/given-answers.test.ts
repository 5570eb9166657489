import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../../core/base/secret.ts';
import { refusing } from '../../../core/cli/answerer.ts';
import { givenAnswers } from '../../../core/cli/given-answers.ts';

const secret = (text: string) => Secret.fromText(text);
const filed = () => ({
  password: new Map([
    ['alice', secret('of alice')],
    ['bob', secret('of bob')],
  ]),
  'key-password': new Map([['alice.p12', secret('of the key')]]),
});
const ask = (identity: string) => ({ kind: 'password', identity, profile: 'Office', retry: 0 }) as const;

test('each account gets the password of its own file', async () => {
  const answerer = givenAnswers(new Map(), refusing, filed());
  assert.equal(answerer.canAnswer, true);
  const answer = async (identity: string) =>
    await answerer.answer(ask(identity), 0, new AbortController().signal);
  assert.deepEqual(await answer('alice'), { kind: 'password', password: 'of alice' });
  assert.deepEqual(await answer('bob'), { kind: 'password', password: 'of bob' });
  assert.deepEqual(await answer('carol'), { kind: 'refused' });
  const key = { kind: 'key-password', profile: 'Office', file: 'alice.p12', retry: 0 } as const;
  assert.deepEqual(await answerer.answer(key, 0, new AbortController().signal), {
    kind: 'key-password',
    password: 'of the key',
  });
});

test('what was given at the start is for the first account that is asked for', async () => {
  const answerer = givenAnswers(new Map([['password', secret('typed')]]), refusing, filed());
  const answer = async (identity: string) =>
    await answerer.answer(ask(identity), 0, new AbortController().signal);
  assert.deepEqual(await answer('alice'), { kind: 'password', password: 'typed' });
  assert.deepEqual(await answer('bob'), { kind: 'password', password: 'of bob' });
  assert.deepEqual(await answer('carol'), { kind: 'password', password: 'typed' });
});
