import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpreadPolicy } from '../../../core/dataplane/spread/spread-policy.ts';

/** How many looks at a machine with so many idle processors it takes until the answer is this one. */
function looksUntil(policy: SpreadPolicy, isSpread: boolean, idle: number): number {
  for (let looks = 1; looks <= 1_000; looks++) if (policy.look(idle) === isSpread) return looks;
  return Number.POSITIVE_INFINITY;
}

test('two looks at an idle processor, and flows are spread; two at none, and they come back', () => {
  const policy = new SpreadPolicy();
  assert.equal(looksUntil(policy, true, 1), 2);
  assert.equal(looksUntil(policy, false, 0.1), 2);
});

test('a moment does not count', () => {
  const policy = new SpreadPolicy();
  for (let i = 0; i < 10; i++) assert.deepEqual([policy.look(2), policy.look(0.5)], [false, false]);
  looksUntil(policy, true, 2);
  for (let i = 0; i < 10; i++) assert.deepEqual([policy.look(0), policy.look(0.5)], [true, true]);
});

test('what is spread may use what was idle, but for a quarter of a processor', () => {
  const policy = new SpreadPolicy();
  assert.equal(looksUntil(policy, true, 0.99), Number.POSITIVE_INFINITY);
  looksUntil(policy, true, 1);
  assert.equal(looksUntil(policy, false, 0.25), Number.POSITIVE_INFINITY);
});

test('where spreading fills the machine, it is tried less and less often: after 10 looks, then 20, and 320 at most', () => {
  const policy = new SpreadPolicy();
  looksUntil(policy, true, 2);
  for (const pause of [10, 20, 40, 80, 160, 320, 320]) {
    looksUntil(policy, false, 0);
    assert.equal(looksUntil(policy, true, 2), pause + 2);
  }
});

test('after it lasted for a minute, or after a rest, nothing is held against it', () => {
  const policy = new SpreadPolicy();
  looksUntil(policy, true, 2);
  for (let i = 0; i < 2; i++) {
    looksUntil(policy, false, 0);
    looksUntil(policy, true, 2);
  }
  for (let i = 0; i < 60; i++) policy.look(1);
  looksUntil(policy, false, 0);
  assert.equal(looksUntil(policy, true, 2), 12);
  policy.rest();
  assert.equal(looksUntil(policy, true, 2), 2);
});
