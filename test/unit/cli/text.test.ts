import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { escapeText, formatCount, formatDuration, formatOctets } from '../../../core/cli/text.ts';

test('escaped text holds nothing that a terminal acts on, whatever it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(escapeText(text), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
  );
  assert.equal(escapeText('vpn.example.org Grüße 日本'), 'vpn.example.org Grüße 日本');
  assert.equal(escapeText('a\u001b]0;title\u0007'), 'a\\u{1b}]0;title\\u{7}');
  assert.ok(escapeText('x'.repeat(10_000)).length <= 1_025);
});

for (const [milliseconds, text] of [
  [-5, '0 ms'],
  [850, '850 ms'],
  [4_200, '4.2 s'],
  [59_999, '60.0 s'],
  [303_000, '5 min 3 s'],
  [7_500_000, '2 h 5 min'],
  [273_600_000, '3 d 4 h'],
] as const) {
  test(`${milliseconds} ms reads ${text}`, () => assert.equal(formatDuration(milliseconds), text));
}

test('octets and counts read naturally', () => {
  assert.deepEqual([0, 1_023, 1_440, 2_500_000].map(formatOctets), ['0 B', '1023 B', '1.4 KiB', '2.4 MiB']);
  assert.deepEqual([formatCount(1, 'packet'), formatCount(2, 'packet')], ['1 packet', '2 packets']);
});
