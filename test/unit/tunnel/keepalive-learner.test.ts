import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { type Instant, instant } from '../../../core/base/time.ts';
import { KeepaliveLearner } from '../../../core/tunnel/paths/keepalive-learner.ts';

/** A NAT that forgets after `memoryMs`, in which the gateway may have spoken before it is asked how it sees us. */
function live(learner: KeepaliveLearner, memoryMs: number, gatewaySpeaks: boolean, rounds: number): number {
  let now: Instant = instant(1_000);
  let worst = 0;
  for (let i = 0; i < rounds; i++) {
    const silence = learner.everyMs(now);
    worst = Math.max(worst, silence);
    now = instant(now + silence);
    if (gatewaySpeaks && silence <= memoryMs) learner.heard(silence);
    else if (learner.spoke(silence, now) || i % 3 === 0) learner.seen(silence <= memoryMs, now);
  }
  return worst;
}

const at = (ms: number): Instant => instant(ms);

test('where nothing is proven the field’s interval stays, however often we are seen as before', () => {
  const learner = new KeepaliveLearner();
  assert.equal(live(learner, 300_000, false, 50), limits.keepaliveStartMs);
  assert.deepEqual(learner.lore, {});
});

test('what the gateway sends of its own accord proves longer silences, up to the bound', () => {
  const learner = new KeepaliveLearner();
  live(learner, 300_000, true, 30);
  assert.equal(learner.lore.heldMs, limits.keepaliveMostMs);
  assert.ok(learner.everyMs(at(0)) > 100_000);
  assert.ok(learner.everyMs(at(0)) <= limits.keepaliveMostMs);
});

test('a mapping that is lost in a trial is not lost again: what was proven holds, and no trial follows soon', () => {
  const learner = new KeepaliveLearner();
  const worst = live(learner, 45_000, true, 30);
  const { heldMs = 0, lostMs = 0 } = learner.lore;
  assert.ok(heldMs >= 30_000 && heldMs <= 45_000, `held ${heldMs}`);
  assert.ok(lostMs > 45_000 && lostMs <= worst, `lost ${lostMs}`);
  const every = learner.everyMs(at(100_000));
  assert.ok(every <= heldMs && every >= limits.keepaliveStartMs);
  // Half an hour later another one may.
  assert.ok(learner.everyMs(at(100_000_000)) > every);
});

test('keepaliveTryAgainMs: so long no trial follows one that was lost', () => {
  const learner = new KeepaliveLearner();
  learner.heard(40_000);
  const lost = learner.everyMs(at(0));
  learner.spoke(lost, at(lost));
  learner.seen(false, at(lost));
  const again = lost + limits.keepaliveTryAgainMs;
  assert.ok(learner.everyMs(at(again - 1)) <= 40_000);
  assert.ok(learner.everyMs(at(again)) > 40_000);
});

test('a NAT that forgets before the usual interval is kept awake more often', () => {
  const learner = new KeepaliveLearner();
  assert.equal(learner.spoke(10_000, at(10_000)), false);
  learner.seen(false, at(10_020));
  assert.equal(learner.everyMs(at(10_020)), 5_000);
  learner.heard(4_000);
  learner.spoke(5_000, at(20_000));
  learner.seen(false, at(20_020));
  const every = learner.everyMs(at(20_020));
  assert.ok(every < 4_000 && every >= limits.keepaliveLeastMs, `${every}`);
  for (let i = 0; i < 9; i++) {
    learner.spoke(limits.keepaliveLeastMs, at(30_000));
    learner.seen(false, at(30_000));
  }
  assert.equal(learner.everyMs(at(30_000)), limits.keepaliveLeastMs, 'and never without end');
});

test('a NAT that was restarted in the middle of traffic has not forgotten us', () => {
  const learner = new KeepaliveLearner();
  learner.spoke(400, at(1_000));
  learner.seen(false, at(1_020));
  learner.spoke(19_000, at(30_000));
  learner.startOver();
  learner.seen(false, at(30_020));
  assert.equal(learner.everyMs(at(2_000)), limits.keepaliveStartMs);
});

test('a trial that proves nothing ends after a few, and asks the gateway each time', () => {
  const learner = new KeepaliveLearner();
  learner.heard(10_000);
  const trial = learner.everyMs(at(0));
  assert.ok(trial > limits.keepaliveStartMs && trial <= 1.5 * limits.keepaliveStartMs);
  for (let i = 0; i < limits.keepaliveTrials; i++) {
    assert.equal(learner.spoke(trial, at(i)), true);
    learner.seen(true, at(i));
  }
  assert.equal(learner.everyMs(at(10)), limits.keepaliveStartMs);
});

test('word of the gateway after short silences starts no more trials', () => {
  const learner = new KeepaliveLearner();
  learner.heard(4_000);
  const trial = learner.everyMs(at(0));
  for (let i = 1; i <= limits.keepaliveTrials; i++) {
    learner.spoke(trial, at(i));
    learner.heard(4_000 + i * 1_000);
  }
  assert.equal(learner.everyMs(at(10)), limits.keepaliveStartMs);
});

test('what is remembered is where it begins, and a proof of more takes back a loss', () => {
  assert.equal(new KeepaliveLearner({ heldMs: 60_000 }).everyMs(at(0)), 57_000);
  assert.equal(new KeepaliveLearner({ lostMs: 8_000 }).everyMs(at(0)), 4_000);
  const learner = new KeepaliveLearner({ lostMs: 8_000 });
  learner.heard(9_000);
  assert.deepEqual(learner.lore, { heldMs: 9_000 });
});

test('where a silence was lost, a proof counts more than a guess that is hardly longer', () => {
  const learner = new KeepaliveLearner();
  learner.heard(14_500);
  learner.spoke(30_000, at(30_000));
  learner.seen(false, at(30_020));
  // Half of what was lost would be 15 seconds, and nobody would be asked whether the NAT stands that.
  assert.ok(learner.everyMs(at(30_020)) <= 14_500);
});

test('a proof that is hardly longer than the one before does not make up for trials that proved nothing', () => {
  const learner = new KeepaliveLearner();
  let now = 0;
  learner.heard(60_000);
  const trial = learner.everyMs(at(now));
  for (let i = 0; i < limits.keepaliveTrials; i++) {
    learner.heard(60_000 + 300 * i);
    now += trial + 1_000;
    learner.spoke(trial, at(now));
  }
  assert.ok(learner.everyMs(at(now)) < 60_000, 'a rest');
});
