import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playBack } from '../../../../core/daemon/rehearsal/play-back.ts';
import { recordedLogin } from '../../../../core/daemon/rehearsal/recorded-login.ts';
import { rehearseLogin } from '../../../../core/daemon/rehearsal/rehearse-login.ts';

const open = () => new AbortController().signal;

test('the engine gets along with the recorded answers, all of them', async () => {
  const login = playBack(recordedLogin);
  const stood = await rehearseLogin(login, open());
  assert.ok(stood, 'record it anew: node test/support/gateway/record-login.ts');
  assert.deepEqual(login.farEnd.answer(new Uint8Array(0), true), [], 'answers are left');
});

test('it can be done again and again', async () => {
  for (let i = 0; i < 3; i++) assert.ok(await rehearseLogin(playBack(recordedLogin), open()));
});

test('once aborted it sends nothing more and ends', async () => {
  const { farEnd, ...login } = playBack(recordedLogin);
  const controller = new AbortController();
  let heard = 0;
  const counting = {
    ...farEnd,
    answer: (octets: Uint8Array, floated: boolean) => {
      heard += 1;
      if (heard === 2) controller.abort();
      return farEnd.answer(octets, floated);
    },
  };
  assert.equal(await rehearseLogin({ ...login, farEnd: counting }, controller.signal), false);
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(heard, 2);
});
