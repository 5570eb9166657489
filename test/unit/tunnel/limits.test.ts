import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { instant } from '../../../core/base/time.ts';
import { RedirectLimit } from '../../../core/tunnel/destination.ts';
import { EspSilence } from '../../../core/tunnel/paths/esp-silence.ts';
import { PathBook } from '../../../core/tunnel/paths/path-book.ts';
import { waitBefore } from '../../../core/tunnel/reconnect-policy.ts';
import { leadOf } from '../../../core/tunnel/renewal.ts';
import { address } from './fixtures.ts';

/*
 * Bounds on how often and how long a connection tries.
 */

const unlucky = { octets: (count: number) => new Uint8Array(count) };

test('redirects, redirectPeriodMs: so many within that time, and again when the first is that old', () => {
  const limit = new RedirectLimit();
  for (let i = 0; i < limits.redirects; i++) assert.ok(limit.allows(instant(i)));
  assert.equal(limit.allows(instant(limits.redirectPeriodMs - 1)), false);
  assert.equal(limit.allows(instant(limits.redirectPeriodMs)), true);
  assert.equal(limit.allows(instant(limits.redirectPeriodMs)), false);
});

test('reconnectFirstWaitMs, reconnectLongestWaitMs: where the waits begin and end', () => {
  const waits = Array.from({ length: 40 }, (_, i) => waitBefore(i + 2, unlucky));
  assert.equal(waits[0], limits.reconnectFirstWaitMs);
  assert.equal(waits.at(-1), limits.reconnectLongestWaitMs);
  assert.equal(Math.max(...waits), limits.reconnectLongestWaitMs);
});

test('renewalLeadMs: a long login is followed so long before its end, a short one in its last third', () => {
  assert.equal(leadOf(100 * limits.renewalLeadMs, unlucky), limits.renewalLeadMs);
  assert.equal(leadOf(3 * limits.renewalLeadMs, unlucky), limits.renewalLeadMs);
  assert.equal(leadOf(3 * limits.renewalLeadMs - 30, unlucky), limits.renewalLeadMs - 10);
});

test('pathLookFirstMs, pathLookLongestMs: how often a machine is asked whether its preferred way is back', () => {
  const way = (interfaceIndex: number) => ({
    interfaceName: `if${interfaceIndex}`,
    interfaceIndex,
    local: address('192.0.2.1'),
    remote: address('198.51.100.1'),
    linkMtu: 1_500,
  });
  const book = new PathBook(way(1), { address: address('192.0.2.1'), port: 40_000 });
  const waits = Array.from({ length: 20 }, () => {
    book.prefer(way(2), instant(0));
    return book.lookAgainAt;
  });
  assert.equal(waits[0], limits.pathLookFirstMs);
  assert.equal(waits[1], 2 * limits.pathLookFirstMs);
  assert.equal(waits.at(-1), limits.pathLookLongestMs);
});

test('espSilenceMs: no sooner than that a rekey, and no sooner than that after it a login', () => {
  const silence = new EspSilence();
  const at = (ms: number) => silence.stalled(instant(ms), instant(ms));
  const { espSilenceMs } = limits;
  const times = [0, espSilenceMs - 1, espSilenceMs, 2 * espSilenceMs - 1, 2 * espSilenceMs];
  assert.deepEqual(times.map(at), ['knock', 'knock', 'rekey', 'knock', 'login']);
});
