import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSoak } from '../soak/run-soak.ts';
import { enterSandbox, missingPrograms } from '../support/net/sandbox.ts';
import { strongSwanObstacle } from '../support/peers/strongswan.ts';

const skip = (await enterSandbox()) ?? strongSwanObstacle() ?? missingPrograms(['nft']) ?? false;

test('a lossy path: every octet that comes through TCP in the tunnel is the one that was sent', {
  skip,
}, async () => {
  const result = await runSoak({ seconds: 6, gibibytes: 0.02, flows: 4, lossPercent: 1 });
  assert.deepEqual([result.corrupt, result.broken, result.drops['bad-tag']], [0, 0, undefined]);
  assert.ok(result.lost > 0 && result.up > 0 && result.down > 0, JSON.stringify(result));
});
