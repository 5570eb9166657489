import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { wholeSequence, writeExtendedHeader } from '../../../core/esp/extended-sequence.ts';

const half = 2 ** 32;

test('the window reaches back into the half before, and what is left of it is in the next one', () => {
  const cases: readonly (readonly [low: number, highest: number, whole: number])[] = [
    [1, 0, 1],
    [half - 1, 0, half - 1],
    [100, 100, 100],
    [37, 100, 37],
    [36, 100, half + 36],
    [0, half - 1, half],
    [half - 1, half + 10, half - 1],
    [half - 53, half + 10, half - 53],
    [half - 54, half + 10, 2 * half - 54],
    [11, half + 10, half + 11],
    [5, 7 * half + half - 3, 8 * half + 5],
  ];
  for (const [low, highest, whole] of cases)
    assert.equal(wholeSequence(low, highest, 64), whole, `${low} after ${highest}`);
});

test('every number in the window or ahead of it by less than a round is guessed right', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(32, 64, 2048),
      fc.bigInt({ min: 0n, max: 2n ** 50n }),
      fc.integer({ min: 0, max: half - 1 }),
      (size, highest, forward) => {
        const top = Number(highest);
        const sequence = Math.max(0, top - size + 1) + Math.min(forward, half - size);
        assert.equal(wholeSequence(sequence % half, top, size), sequence);
      },
    ),
  );
});

test('the associated data is SPI, high half, low half', () => {
  const octets = new Uint8Array(14);
  writeExtendedHeader(octets, 1, 0xc0de0001, 5 * half + 0xfffe_fdfc);
  assert.deepEqual([...octets], [0, 0xc0, 0xde, 0, 1, 0, 0, 0, 5, 0xff, 0xfe, 0xfd, 0xfc, 0]);
});
