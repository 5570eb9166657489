import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../../core/base/octets.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';

test('the same seed gives the same octets, however they are asked for', () => {
  const whole = seededRandom(7).octets(5000);
  const random = seededRandom(7);
  const parts = [1, 63, 0, 1000, 3936].map((count) => random.octets(count));
  assert.deepEqual(Buffer.concat(parts), Buffer.from(whole));
});

test('other seeds give other octets', () => {
  const seen = new Set(
    [0, 1, -1, 2 ** 40, new Uint8Array(32).fill(9)].map((seed) => toHex(seededRandom(seed).octets(32))),
  );
  assert.equal(seen.size, 5);
});

test('a zero seed is the key stream of ChaCha20 under a zero key (RFC 8439 A.1, test vectors 1 and 2)', () => {
  const stream = toHex(seededRandom(0).octets(128));
  assert.match(stream, /^76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7/);
  assert.match(stream.slice(128), /^9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed/);
});

test('a seed of the wrong shape is a bug', () => {
  assert.throws(() => seededRandom(0.5), RangeError);
  assert.throws(() => seededRandom(new Uint8Array(16)), RangeError);
});
