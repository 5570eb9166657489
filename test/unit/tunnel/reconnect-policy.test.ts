import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FailureCode, failure, failureCatalogue } from '../../../core/base/errors.ts';
import { instant } from '../../../core/base/time.ts';
import { Loss, mayReconnect, waitBefore } from '../../../core/tunnel/reconnect-policy.ts';

/** Draws the same octet every time. */
const always = (octet: number) => ({ octets: (count: number) => new Uint8Array(count).fill(octet) });
const dead = failure('peer.dead');

test('the waits double up to a minute, and chance only shortens them, by less than a half', () => {
  const waits = (octet: number) =>
    [1, 2, 3, 4, 8, 9, 40, 4_000].map((attempt) => waitBefore(attempt, always(octet)));
  assert.deepEqual(waits(0), [0, 1_000, 2_000, 4_000, 60_000, 60_000, 60_000, 60_000]);
  for (const [index, wait] of waits(255).entries()) {
    const most = waits(0)[index] ?? 0;
    assert.ok(wait >= most / 2 && wait <= most, `${wait} of ${most}`);
  }
});

test('nothing that concerns identity, a rule or a bug is tried again', () => {
  const codes = Object.keys(failureCatalogue) as FailureCode[];
  for (const code of codes) {
    const { family } = failureCatalogue[code];
    const hopeless = ['authentication-failed', 'misuse', 'malformed', 'peer-misbehaved', 'peer-incompatible'];
    if (hopeless.includes(family)) assert.ok(!mayReconnect(failure(code)), code);
    if (family === 'timeout') assert.ok(mayReconnect(failure(code)), code);
  }
  assert.ok(!mayReconnect(failure('profile.invalid')));
  assert.ok(!mayReconnect(failure('tunnel.cancelled')));
  assert.ok(!mayReconnect(failure('system.permission')));
});

test('the first try goes at once, later ones wait, and the network’s return cuts a wait short', () => {
  const loss = new Loss(dead, instant(5_000), always(0), undefined);
  assert.equal(loss.nextTryAt, 5_000);
  loss.begin(instant(5_000));
  assert.equal(loss.nextTryAt, undefined);
  for (let tries = 0; tries < 6; tries++) loss.failed(failure('system.network'), instant(10_000), always(0));
  assert.equal(loss.nextTryAt, 42_000);
  loss.hurry(instant(12_000));
  assert.equal(loss.nextTryAt, 12_000);
  loss.begin(instant(12_000));
  loss.failed(failure('system.network'), instant(12_010), always(0));
  assert.equal(loss.nextTryAt, 13_010, 'the waits begin again');
  assert.deepEqual(loss.details, {
    cause: dead,
    since: 5_000,
    tries: 2,
    lastFailure: failure('system.network'),
    nextTryAt: 13_010,
  });
});

test('a network that flaps starts one try a second at most', () => {
  const loss = new Loss(dead, instant(0), always(0), undefined);
  loss.begin(instant(100));
  loss.failed(failure('system.network'), instant(101), always(0));
  loss.hurry(instant(102));
  assert.equal(loss.nextTryAt, 1_100);
});

test('a connection that does not last goes on waiting where it stopped', () => {
  const first = new Loss(dead, instant(0), always(0), undefined);
  const second = new Loss(dead, instant(1_000), always(0), first);
  assert.equal(second.nextTryAt, 2_000);
  const third = new Loss(dead, instant(3_000), always(0), second);
  assert.equal(third.nextTryAt, 5_000);
});
