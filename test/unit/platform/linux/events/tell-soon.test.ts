import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../../../core/base/limits.ts';
import { TellSoon } from '../../../../../core/platform/linux/events/tell-soon.ts';

test('networkQuietMs, networkLongestMs: what comes together is told once, and what never ends after a while all the same', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let [now, told] = [0, 0];
  const wait = (ms: number) => {
    now += ms;
    t.mock.timers.tick(ms);
  };
  const soon = new TellSoon(
    () => told++,
    () => now,
  );
  soon.note();
  wait(limits.networkQuietMs - 1);
  soon.note();
  wait(limits.networkQuietMs - 1);
  assert.equal(told, 0, 'it is not quiet yet');
  wait(1);
  assert.equal(told, 1);
  wait(10 * limits.networkLongestMs);
  assert.equal(told, 1);
  const start = now;
  for (soon.note(); told === 1; soon.note()) wait(limits.networkQuietMs / 2);
  assert.equal(now - start, limits.networkLongestMs);
  soon.stop();
  wait(10 * limits.networkLongestMs);
  assert.equal(told, 2, 'nothing after the end');
});
