import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SleepWatch } from '../../../core/platform/linux/sleep-watch.ts';

test('sleep is told once, at the next look, and time that passes awake is not', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let awake = 0;
  let slept = 0;
  let told = 0;
  const watch = new SleepWatch(() => told++, { withSleep: () => awake + slept, awake: () => awake });
  const tick = (ms: number) => {
    awake += ms;
    t.mock.timers.tick(10_000);
  };
  tick(1_000);
  // A machine that is busy, not asleep.
  tick(30_000);
  assert.equal(told, 0);
  slept += 3_600_000;
  tick(1_000);
  assert.equal(told, 1);
  tick(1_000);
  assert.equal(told, 1);
  slept += 60_000;
  watch.look();
  assert.equal(told, 2, 'at once when the clock is said to have jumped');
  watch.look();
  watch.stop();
  slept += 3_600_000;
  tick(1_000);
  assert.equal(told, 2);
});
