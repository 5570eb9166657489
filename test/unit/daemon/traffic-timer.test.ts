import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TrafficTimer } from '../../../core/daemon/traffic-timer.ts';

test('it looks twice a second while packets pass, and rests when none did for five seconds', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let [packets, looks, waits] = [0, 0, 0];
  const timer = new TrafficTimer({
    packets: () => packets,
    awaitTraffic: () => waits++,
    onLook: () => looks++,
  });
  for (let i = 0; i < 20; i++) {
    packets++;
    t.mock.timers.tick(500);
  }
  assert.deepEqual([looks, waits, timer.busy], [20, 0, true]);
  t.mock.timers.tick(4_500);
  assert.deepEqual([waits, timer.busy], [0, true]);
  t.mock.timers.tick(60_000);
  assert.deepEqual([looks, waits, timer.busy], [30, 1, false]);
  timer.wake();
  timer.wake();
  packets++;
  t.mock.timers.tick(1_000);
  assert.deepEqual([looks, waits, timer.busy], [32, 1, true]);
  timer.stop();
  t.mock.timers.tick(60_000);
  assert.deepEqual([looks, waits, timer.busy], [32, 1, false]);
});
