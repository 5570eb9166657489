import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatIpPrefix,
  type IpAddress,
  ipAddress,
  parseIpAddress,
  prefixContains,
} from '../../../core/base/address.ts';
import { prefixesOfRange } from '../../../core/tunnel/address-range.ts';

function address(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

function cover(start: string, end: string): string[] {
  return prefixesOfRange(address(start), address(end)).map(formatIpPrefix);
}

test('a range that is one prefix stays one prefix', () => {
  assert.deepEqual(cover('0.0.0.0', '255.255.255.255'), ['0.0.0.0/0']);
  assert.deepEqual(cover('10.1.0.0', '10.1.255.255'), ['10.1.0.0/16']);
  assert.deepEqual(cover('192.0.2.7', '192.0.2.7'), ['192.0.2.7/32']);
  assert.deepEqual(cover('::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'), ['::/0']);
  assert.deepEqual(cover('2001:db8::', '2001:db8::ffff'), ['2001:db8::/112']);
});

test('a ragged range becomes the fewest prefixes', () => {
  assert.deepEqual(cover('10.0.0.1', '10.0.0.6'), [
    '10.0.0.1/32',
    '10.0.0.2/31',
    '10.0.0.4/31',
    '10.0.0.6/32',
  ]);
});

test('an empty or mixed range gives nothing', () => {
  assert.deepEqual(cover('10.0.0.2', '10.0.0.1'), []);
  assert.deepEqual(prefixesOfRange(address('10.0.0.1'), address('::1')), []);
});

test('the prefixes hold exactly the addresses of the range', () => {
  const octets = fc.uint8Array({ minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(octets, octets, octets, (a, b, c) => {
      const [start, end] = [ipAddress(a), ipAddress(b)];
      const probe = ipAddress(c);
      const value = (one: IpAddress) => new DataView(one.octets.buffer).getUint32(0);
      const inside = value(start) <= value(probe) && value(probe) <= value(end);
      const holders = prefixesOfRange(start, end).filter((prefix) => prefixContains(prefix, probe));
      assert.equal(holders.length, inside ? 1 : 0);
    }),
  );
});
