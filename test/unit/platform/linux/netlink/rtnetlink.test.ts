import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatIpPrefix, type IpPrefix, parseIpPrefix } from '../../../../../core/base/address.ts';
import { fromHex } from '../../../../../core/base/octets.ts';
import { littleEndian } from '../../../../../core/platform/linux/netlink/host-order.ts';
import {
  decodeAddress,
  decodeLink,
  decodeNeighbour,
  decodeRoute,
  decodeRule,
  encodeAddress,
  encodeRoute,
  encodeRule,
  routeTypes,
} from '../../../../../core/platform/linux/netlink/rtnetlink.ts';

const skip = littleEndian ? false : 'the octets here are those of a little-endian machine';

function message(payload: Uint8Array) {
  return { type: 0, flags: 0, sequence: 0, port: 0, payload };
}

function prefix(text: string): IpPrefix {
  const parsed = parseIpPrefix(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

test('a rule is what `ip rule add not fwmark 0x6764 table 26468 pref 5` sends', { skip }, () => {
  const octets = encodeRule({ family: 4, priority: 5, table: 26_468, mark: 0x6764, invert: true });
  assert.deepEqual(
    octets,
    fromHex(`02 00 00 00 00 00 00 01 02000000
      0800 0600 05000000
      0800 0f00 64670000
      0500 1500 04 000000
      0800 0a00 64670000
      0800 1000 ffffffff`),
  );
});

test('an IPv6 address is usable at once and brings no route', { skip }, () => {
  assert.deepEqual(
    encodeAddress({ index: 3, prefix: prefix('fd00::7/64') }),
    fromHex(`0a 40 02 00 03000000
      1400 0200 fd000000000000000000000000000007
      1400 0100 fd000000000000000000000000000007
      0800 0800 02020000`),
  );
});

test('routes, rules and addresses come back as they were', () => {
  for (const text of ['0.0.0.0/0', '10.0.0.0/8', '::/0', 'fd00::/7', '2001:db8::1/128']) {
    const destination = prefix(text);
    for (const oif of [undefined, 9]) {
      const type = oif === undefined ? routeTypes.unreachable : routeTypes.unicast;
      const route = { table: 26_468, destination, type, ...(oif === undefined ? {} : { oif }) };
      const read = decodeRoute(message(encodeRoute(route)));
      assert.ok(read.ok && read.value !== undefined);
      assert.equal(formatIpPrefix(read.value.destination), text);
      assert.equal(read.value.table, 26_468);
      assert.equal(read.value.type, type);
      assert.equal(read.value.oif, oif);
    }
  }
  const rule = { family: 6, priority: 9, table: 254, invert: false, suppressPrefixLength: 0 } as const;
  assert.deepEqual(decodeRule(message(encodeRule(rule))), { ok: true, value: rule });
  const address = { index: 4, prefix: prefix('10.1.2.3/32') };
  assert.deepEqual(decodeAddress(message(encodeAddress(address))), {
    ok: true,
    value: { ...address, tentative: false },
  });
});

test('a prefix longer than its family is malformed', { skip }, () => {
  assert.equal(
    decodeRoute(message(fromHex('02 21 00 00 fe 04 00 01 00000000 0800 0100 0a000000'))).ok,
    false,
  );
  assert.equal(decodeAddress(message(fromHex('02 08 00 00 01000000 0500 0200 0a000000'))).ok, false);
});

test('what a bridge says of its ports is not a link', { skip }, () => {
  const bridgePort = fromHex('07 00 0100 05000000 43100000 00000000 0700 0300 706f00 00');
  assert.deepEqual(decodeLink(message(bridgePort)), { ok: true, value: undefined });
});

test('a link name with control characters is made harmless', { skip }, () => {
  const link = decodeLink(message(fromHex('00 00 0100 05000000 41000000 00000000 0800 0300 611b6200')));
  assert.ok(link.ok);
  assert.equal(link.value?.name, 'a?b');
  assert.equal(link.value?.running, true);
});

test('a neighbour has a link-layer address, or none that would name it', { skip }, () => {
  const router = message(
    fromHex('02 00 0000 02000000 0200 00 01 0800 0100 c0a80101 0a00 0200 020000abcdef 0000'),
  );
  assert.deepEqual(decodeNeighbour(router), { ok: true, value: fromHex('020000abcdef') });
  const unknown = message(fromHex('02 00 0000 02000000 0100 00 01 0800 0100 c0a80101'));
  assert.deepEqual(decodeNeighbour(unknown), { ok: true, value: undefined });
  const loopback = message(fromHex('02 00 0000 01000000 4000 00 02 0a00 0200 000000000000 0000'));
  assert.deepEqual(decodeNeighbour(loopback), { ok: true, value: undefined });
});

test('any octets are either read or malformed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (octets) => {
      for (const decode of [decodeLink, decodeAddress, decodeRoute, decodeRule, decodeNeighbour])
        decode(message(octets));
    }),
  );
});
