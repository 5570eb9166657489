import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProcessorTime, readProcessorTime } from '../../../../core/platform/linux/processor-time.ts';

test('the time that processors had nothing to do, as /proc/uptime has it', () => {
  assert.deepEqual(parseProcessorTime('35994.07 21669.81\n'), { up: 35_994.07, idle: 21_669.81 });
  for (const text of ['', '1', '1.0', 'a b', '1.0 -2.0', '1.00 2.00 3.00'])
    assert.equal(parseProcessorTime(text), undefined, text);
});

test('this machine tells it, and it never goes back', () => {
  const [first, second] = [readProcessorTime(), readProcessorTime()];
  assert.ok(first && second && second.up >= first.up && second.idle >= first.idle && first.idle > 0);
});
