import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paddingOctets, readTrailer, writeTrailer } from '../../../core/esp/padding.ts';

test('the trailer ends on the cipher block, and on four octets at least', () => {
  for (let length = 0; length < 70; length++) {
    assert.equal((length + 2 + paddingOctets(length, 1)) % 4, 0);
    assert.ok(paddingOctets(length, 1) < 4);
    assert.equal((length + 2 + paddingOctets(length, 16)) % 16, 0);
    assert.ok(paddingOctets(length, 16) < 16);
  }
});

test('what is written is read', () => {
  const octets = new Uint8Array(32);
  assert.equal(writeTrailer(octets, 5, 3, 41), 5);
  assert.deepEqual([...octets.subarray(5, 10)], [1, 2, 3, 3, 41]);
  assert.equal(readTrailer(octets, 0, 10), 5);
  assert.equal(readTrailer(octets, 5, 10), 0, 'nothing but a trailer');
});

test('padding that is wrong or longer than the packet is refused', () => {
  assert.equal(readTrailer(Uint8Array.of(9, 1, 2, 4, 3, 4), 0, 6), -1, 'not 1, 2, 3');
  assert.equal(readTrailer(Uint8Array.of(1, 2, 3, 4), 0, 4), -1, 'reaches before the start');
  assert.equal(readTrailer(Uint8Array.of(4), 0, 1), -1, 'no trailer');
});
