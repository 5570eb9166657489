import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { limits } from '../../../core/base/limits.ts';
import { concat } from '../../../core/base/octets.ts';
import { encodeFrame, FrameDecoder } from '../../../core/rpc/framing.ts';

function frameOf(value: unknown): Uint8Array {
  const frame = encodeFrame(value);
  assert.ok(frame.ok);
  return frame.value;
}

function rawFrame(length: number, octets: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length), octets);
}

test('values come out whole and in order however the stream is chopped', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 50 }),
      (values, cuts) => {
        const stream = concat(...values.map(frameOf));
        const decoder = new FrameDecoder();
        const seen: unknown[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = cuts[turn % cuts.length] ?? 1;
          const decoded = decoder.push(stream.subarray(at, at + size));
          assert.ok(decoded.ok);
          seen.push(...decoded.value);
          at += size;
        }
        assert.deepEqual(seen, JSON.parse(JSON.stringify(values)));
        assert.equal(decoder.pending, 0);
      },
    ),
  );
});

test('any octets are either values or a failure, and nothing is held beyond one frame', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 20 }), (chunks) => {
      const decoder = new FrameDecoder();
      let total = 0;
      for (const chunk of chunks) {
        total += chunk.length;
        decoder.push(chunk);
        assert.ok(decoder.pending <= total);
      }
    }),
  );
});

for (const [what, octets] of [
  ['a length of 0', rawFrame(0, new Uint8Array(0))],
  ['a length over the limit', rawFrame(limits.rpcFrameOctets + 1, new Uint8Array(0))],
  ['a length of 2^32 - 1', rawFrame(0xffff_ffff, new Uint8Array(0))],
  ['text that is not UTF-8', rawFrame(2, Uint8Array.of(0xc3, 0x28))],
  ['text that is not JSON', rawFrame(1, Uint8Array.of(0x7b))],
] as const) {
  test(`${what} fails, and the decoder stays failed`, () => {
    const decoder = new FrameDecoder();
    const first = decoder.push(octets);
    assert.equal(first.ok ? undefined : first.error.code, 'malformed');
    assert.equal(decoder.push(frameOf(1)).ok, false);
  });
}

test('a failure does not quote the text, which may hold a password', () => {
  const text = new TextEncoder().encode('{"password":"hunter2"');
  const decoded = new FrameDecoder().push(rawFrame(text.length, text));
  assert.ok(!decoded.ok);
  assert.doesNotMatch(JSON.stringify(decoded.error), /hunter2/);
});

test('a frame of just the limit goes through and one octet more does not', () => {
  const largest = 'x'.repeat(limits.rpcFrameOctets - 2);
  const decoded = new FrameDecoder().push(frameOf(largest));
  assert.deepEqual(decoded, { ok: true, value: [largest] });
  assert.equal(encodeFrame(`${largest}x`).ok, false);
});

test('deep nesting is a value or a failure, never a crash', () => {
  const text = new TextEncoder().encode('['.repeat(500_000) + ']'.repeat(500_000));
  const decoded = new FrameDecoder().push(rawFrame(text.length, text));
  assert.equal(typeof decoded.ok, 'boolean');
});
