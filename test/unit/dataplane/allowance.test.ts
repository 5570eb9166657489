import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { Allowance } from '../../../core/dataplane/allowance.ts';

test('an allowance is so many a second, whatever the rate of asking', () => {
  const allowance = new Allowance(limits.strangeIkePerSecond);
  let passed = 0;
  for (let at = 0; at < 10_000; at += 0.01) if (allowance.take(1_000_000 + at)) passed += 1;
  assert.ok(passed >= 10 * limits.strangeIkePerSecond && passed <= 11 * limits.strangeIkePerSecond);
});
