import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../../../core/base/octets.ts';
import { addNonEspMarker, classify } from '../../../../core/wire/ike/non-esp-marker.ts';

const sorted: readonly (readonly [datagram: string, kind: string, rest: string])[] = [
  ['ff', 'keepalive', ''],
  ['', 'runt', ''],
  ['00', 'runt', ''],
  ['fe', 'runt', ''],
  ['ffff', 'runt', ''],
  ['000000', 'runt', ''],
  ['00000000', 'ike', ''],
  ['00000000aabb', 'ike', 'aabb'],
  ['00000001', 'esp', '00000001'],
  ['ffffffff', 'esp', 'ffffffff'],
  ['01000000', 'esp', '01000000'],
];

for (const [datagram, kind, rest] of sorted) {
  test(`${datagram || 'nothing'} on port 4500 is ${kind}`, () => {
    const result = classify(fromHex(datagram));
    assert.equal(result.kind, kind);
    if ('octets' in result) assert.equal(toHex(result.octets), rest);
  });
}

test('a marked message is IKE again', () => {
  const result = classify(addNonEspMarker(fromHex('0102')));
  assert.equal(result.kind === 'ike' && toHex(result.octets), '0102');
});
