import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after, type Instant, instant } from '../../../../core/base/time.ts';
import { Alarm, type Clock, systemClock } from '../../../../core/platform/linux/system-clock.ts';

test('the clock goes forward and agrees with timers', async () => {
  const start = systemClock.now();
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.ok(systemClock.now() - start >= 29);
  const [before, wall, behind] = [Date.now(), systemClock.wall(), Date.now()];
  assert.ok(before <= wall && wall <= behind);
});

test('an alarm never rings early, and only the last one set rings', async () => {
  const alarm = new Alarm();
  const rung: string[] = [];
  const start = systemClock.now();
  alarm.set(after(start, 5), () => rung.push('replaced'));
  const at = await new Promise<Instant>((resolve) => {
    alarm.set(after(start, 40), () => {
      rung.push('last');
      resolve(systemClock.now());
    });
  });
  assert.ok(at >= after(start, 40));
  assert.deepEqual(rung, ['last']);
  alarm.set(after(systemClock.now(), 1), () => rung.push('cancelled'));
  alarm.set(undefined, () => undefined);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(rung, ['last']);
});

test('a moment that is past rings soon, but not within the call', async () => {
  const alarm = new Alarm();
  let rung = false;
  const ringing = new Promise<void>((resolve) => {
    alarm.set(instant(0), () => {
      rung = true;
      resolve();
    });
  });
  assert.equal(rung, false);
  await ringing;
});

test('a timer that woke before its time, as after sleep, is set again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  const clock: Clock = { now: () => instant(now), wall: () => 0 };
  const alarm = new Alarm(clock);
  let rung = 0;
  alarm.set(instant(60_000), () => rung++);
  // The machine sleeps for a minute: the clock counts it, the timer does not.
  now = 70_000;
  t.mock.timers.tick(10_000);
  assert.equal(rung, 1, 'noticed ten seconds after waking, not fifty');
  alarm.set(instant(100_000), () => rung++);
  now = 80_000;
  t.mock.timers.tick(10_000);
  assert.equal(rung, 1);
  now = 100_000;
  t.mock.timers.tick(10_000);
  t.mock.timers.tick(10_000);
  assert.equal(rung, 2);
});
