import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { instant } from '../../../core/base/time.ts';
import { BusyMeter } from '../../../core/dataplane/busy-meter.ts';

test('much in a short time is told when it begins, and again only after a quiet time', () => {
  let now = 1_000;
  let octets = 0;
  const meter = new BusyMeter(() => instant(now));
  const carry = (ms: number): boolean => {
    now += ms;
    octets += limits.busyOctets;
    return meter.look(octets);
  };
  assert.equal(carry(0), false, 'nothing to compare with yet');
  assert.equal(carry(limits.busyMs), false, 'as much in a longer time');
  assert.equal(carry(limits.busyMs - 1), true);
  assert.equal(carry(10), false);
  assert.equal(carry(limits.busyMs * 10), false);
  assert.equal(carry(10), true);
});

test('the clock is asked once for many packets', () => {
  let asked = 0;
  const meter = new BusyMeter(() => instant(++asked));
  for (let octets = 0; octets < 10 * limits.busyOctets; octets += 1_400) meter.look(octets);
  assert.equal(asked, 10);
});
