import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { createKnownIkeSas, KnownIkeSas } from '../../../core/dataplane/known-ike-sas.ts';

/** An IKE message of this IKE SA. */
function message(spi: number): Uint8Array {
  const octets = new Uint8Array(28);
  new DataView(octets.buffer).setBigUint64(0, 0xf000_0000_0000_0000n + BigInt(spi));
  return octets;
}

test('the latest IKE SAs that we spoke on are known to both threads, and older ones are forgotten', () => {
  const memory = createKnownIkeSas();
  const [ours, worker] = [new KnownIkeSas(memory), new KnownIkeSas(memory)];
  assert.equal(worker.has(message(1), 0), false);
  for (let spi = 1; spi <= limits.knownIkeSas; spi++) ours.note(message(spi));
  ours.note(message(3));
  assert.ok(worker.has(message(1), 0), 'noted twice takes no room');
  ours.note(message(99));
  assert.ok(worker.has(message(99), 0) && worker.has(message(2), 0));
  assert.equal(worker.has(message(1), 0), false);
  const behindMarker = new Uint8Array(32);
  behindMarker.set(message(99), 4);
  assert.ok(worker.has(behindMarker, 4));
  ours.note(new Uint8Array(3));
  assert.ok(worker.has(message(2), 0));
});
