import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instant } from '../../../core/base/time.ts';
import { KeepaliveTimer } from '../../../core/dataplane/keepalive.ts';

test('an idle path gets a keepalive when the interval is over, and traffic puts it off', () => {
  const timer = new KeepaliveTimer(20_000);
  const look = (sentAt: number | undefined, now: number) =>
    timer.look(sentAt === undefined ? undefined : instant(sentAt), instant(now));
  assert.deepEqual(look(1_000, 1_000), { due: false, waitMs: 20_000 });
  assert.deepEqual(look(16_000, 21_000), { due: false, waitMs: 15_000 }, 'something was sent meanwhile');
  assert.deepEqual(look(16_000, 36_000), { due: true, waitMs: 20_000 });
  assert.deepEqual(look(16_000, 35_997), { due: true, waitMs: 20_000 }, 'the clock of timers is coarse');
  assert.deepEqual(look(undefined, 50_000), { due: true, waitMs: 20_000 }, 'nothing was sent at all');
});
