import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mutations } from './mutations.ts';
import { runMutations } from './run-mutations.ts';
import { runSeed } from './run-seed.ts';
import { Trace } from './trace.ts';

describe('the simulator', () => {
  it('finds nothing wrong in its first runs', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const outcome = runSeed(seed);
      assert.ok(outcome.ok, `seed ${seed}: ${outcome.ok ? '' : `${outcome.invariant}: ${outcome.what}`}`);
    }
  });

  it('plays the same run from the same seed, message by message', () => {
    const [one, other] = [new Trace(true), new Trace(true)];
    runSeed(7, one);
    runSeed(7, other);
    assert.ok(one.lines.length > 20);
    assert.deepEqual(one.lines, other.lines);
  });

  it('logs in and carries packets in every run', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const outcome = runSeed(seed);
      assert.ok(outcome.ok && outcome.totals.logins > 0 && outcome.totals.packets > 50);
    }
  });

  it('sees every rule that is broken on purpose', { timeout: 290_000 }, async () => {
    const verdicts = await runMutations(() => {});
    assert.equal(verdicts.length, mutations.length);
    assert.ok(mutations.length >= 10);
    assert.deepEqual(
      verdicts.filter(({ seen }) => !seen),
      [],
    );
  });
});
