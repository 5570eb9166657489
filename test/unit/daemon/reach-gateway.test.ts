import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IpAddress } from '../../../core/base/address.ts';
import type { Failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { ok, type Result } from '../../../core/base/result.ts';
import { withinTime } from '../../../core/daemon/reach-gateway.ts';

type Found = Result<readonly IpAddress[], Failure>;

test('resolveAgainMs: a resolver that keeps quiet is not waited for any longer', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const found: Found[] = [];
  const asked = withinTime(new Promise<Found>(() => undefined), 'vpn.example').then((result) =>
    found.push(result),
  );
  t.mock.timers.tick(limits.resolveAgainMs - 1);
  await new Promise(setImmediate);
  assert.equal(found.length, 0);
  t.mock.timers.tick(1);
  await asked;
  assert.deepEqual(
    found.map((one) => !one.ok && one.error.code),
    ['gateway.unresolved'],
  );
  assert.deepEqual(await withinTime(Promise.resolve(ok([])), 'vpn.example'), ok([]));
});
