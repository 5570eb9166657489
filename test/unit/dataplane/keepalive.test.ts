import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeepaliveTimer } from '../../../core/dataplane/keepalive.ts';

test('an idle path gets a keepalive before the interval is over, again and again', () => {
  const timer = new KeepaliveTimer(20_000, 5);
  assert.equal(timer.tickMs, 5_000);
  const due = Array.from({ length: 9 }, () => timer.tick(5));
  assert.deepEqual(due, [false, false, true, false, false, true, false, false, true]);
});

test('traffic puts it off', () => {
  const timer = new KeepaliveTimer(20_000, 0);
  assert.deepEqual(
    [0, 0, 1, 1, 1, 1].map((sent) => timer.tick(sent)),
    [false, false, false, false, false, true],
  );
});
