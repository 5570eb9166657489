import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compareAddresses,
  formatIpAddress,
  formatIpPrefix,
  ipAddress,
  networkOf,
  parseIpAddress,
  parseIpPrefix,
  prefixContains,
} from '../../../core/base/address.ts';

test('what is formatted is parsed back, and Node takes it for an address too', () => {
  const octets = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    // Long runs of zeroes are where the short form of IPv6 goes wrong.
    fc
      .array(fc.constantFrom(0, 0, 0, 1), { minLength: 16, maxLength: 16 })
      .map((list) => Uint8Array.from(list)),
  );
  fc.assert(
    fc.property(octets, (raw) => {
      const address = ipAddress(raw);
      const text = formatIpAddress(address);
      assert.equal(isIP(text), address.family);
      const parsed = parseIpAddress(text);
      assert.ok(parsed.ok, text);
      assert.equal(compareAddresses(parsed.value, address), 0, text);
    }),
  );
});

test('IPv6 text is that of RFC 5952', () => {
  const cases = [
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:DB8::A', '2001:db8::a'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ] as const;
  for (const [typed, shown] of cases) {
    const parsed = parseIpAddress(typed);
    assert.ok(parsed.ok, typed);
    assert.equal(formatIpAddress(parsed.value), shown);
  }
});

test('what Node does not take for an address is refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789abcf:.%/ ') }), (text) => {
      if (parseIpAddress(text).ok) assert.notEqual(isIP(text), 0, text);
    }),
    { numRuns: 2_000 },
  );
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '256.1.1.1',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    'fe80::1%eth0',
  ])
    assert.ok(!parseIpAddress(text).ok, text);
});

test('a prefix holds its own addresses and no other', () => {
  const network = parseIpPrefix('10.1.2.3/22');
  assert.ok(network.ok);
  assert.equal(formatIpPrefix(networkOf(network.value)), '10.1.0.0/22');
  for (const [text, inside] of [
    ['10.1.0.0', true],
    ['10.1.3.255', true],
    ['10.1.4.0', false],
    ['::1', false],
  ] as const) {
    const address = parseIpAddress(text);
    assert.ok(address.ok);
    assert.equal(prefixContains(network.value, address.value), inside, text);
  }
  assert.ok(!parseIpPrefix('10.0.0.0/33').ok);
  assert.ok(!parseIpPrefix('10.0.0.0/-1').ok);
});
