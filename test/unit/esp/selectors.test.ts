import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareAddresses, ipAddress } from '../../../core/base/address.ts';
import { InnerPacket, readInnerPacket } from '../../../core/esp/inner-packet.ts';
import { ChildSelectors, SelectorSet } from '../../../core/esp/selectors.ts';
import type { TrafficSelector } from '../../../core/wire/ike/payload.ts';
import { everything, here, octetsOf, selector, tcpPacket, there, udpPacket } from '../dataplane/support.ts';

function inner(octets: Uint8Array): InnerPacket {
  const packet = new InnerPacket();
  assert.ok(readInnerPacket(octets, 0, octets.length, packet));
  return packet;
}

/** Whether a UDP packet from `here` to `there`, port 53, may leave. */
function leaves(
  local: readonly TrafficSelector[],
  remote: readonly TrafficSelector[],
  octets = udpPacket(4, octetsOf(9)),
) {
  return new ChildSelectors({ local, remote }).takesOutbound(octets, inner(octets));
}

const local = [selector('10.9.0.1-10.9.0.1'), selector('fd00::1-fd00::1')];

test('addresses: inside, at the edges, outside, the other family', () => {
  assert.ok(leaves(local, everything));
  assert.ok(leaves(local, [selector('10.9.0.2-10.9.0.2')]));
  assert.ok(leaves(local, [selector('10.9.0.0-10.9.0.2')]));
  assert.ok(!leaves(local, [selector('10.9.0.3-10.9.0.9')]));
  assert.ok(!leaves(local, [selector('10.8.0.0-10.9.0.1')]));
  assert.ok(!leaves(local, [selector('::-ffff::')]));
  assert.ok(!leaves([selector('10.9.0.7-10.9.0.7')], everything));
  assert.ok(!leaves(local, []));
  assert.ok(leaves(local, [selector('9.0.0.0-9.0.0.1'), selector('10.9.0.2-10.9.0.2')]), 'any of a list');
  assert.ok(leaves(local, [selector('fd00::-fd00::ffff')], udpPacket(6, octetsOf(9))));
  assert.ok(!leaves(local, [selector('fd00::3-fd00::ffff')], udpPacket(6, octetsOf(9))));
  assert.ok(leaves(local, [selector('128.0.0.0-255.255.255.255'), ...everything]), 'addresses are unsigned');
});

test('protocol and ports', () => {
  const dns = { protocol: 17, startPort: 53, endPort: 53 };
  const anywhere = '0.0.0.0-255.255.255.255';
  assert.ok(leaves(local, [selector(anywhere, dns)]));
  assert.ok(!leaves(local, [selector(anywhere, { ...dns, protocol: 6 })]));
  assert.ok(!leaves(local, [selector(anywhere, { ...dns, startPort: 54, endPort: 99 })]));
  assert.ok(!leaves(local, [selector(anywhere, dns)], tcpPacket(4, {})));
  const later = udpPacket(4, octetsOf(9)).with(7, 1);
  assert.ok(!leaves(local, [selector(anywhere, dns)], later), 'a later fragment has no ports to see');
  assert.ok(leaves(local, [selector(anywhere, { protocol: 17 })], later), 'ANY');
  assert.ok(
    leaves(local, [selector(anywhere, { protocol: 17, startPort: 0xffff, endPort: 0 })], later),
    'OPAQUE',
  );
  assert.ok(!leaves(local, [selector(anywhere, { protocol: 17, startPort: 0xffff, endPort: 0 })]), 'OPAQUE');
});

test('inbound, source and destination change places', () => {
  const selectors = new ChildSelectors({ local, remote: [selector('10.9.0.2-10.9.0.2')] });
  const coming = udpPacket(4, octetsOf(9), there, here);
  const going = udpPacket(4, octetsOf(9), here, there);
  assert.ok(selectors.takesInbound(coming, inner(coming)));
  assert.ok(!selectors.takesInbound(going, inner(going)));
  assert.ok(!selectors.takesOutbound(coming, inner(coming)));
});

const address = fc
  .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map((octets) => ipAddress(octets));

test('the compiled form is the plain comparison of addresses', () => {
  fc.assert(
    fc.property(address, address, address, (start, end, sought) => {
      const set = new SelectorSet([{ protocol: 0, startPort: 0, endPort: 0xffff, start, end }]);
      const packet = Object.assign(new InnerPacket(), { version: sought.family });
      const expected =
        start.family === end.family &&
        start.family === sought.family &&
        compareAddresses(start, sought) <= 0 &&
        compareAddresses(sought, end) <= 0;
      assert.equal(set.matches(sought.octets, packet, 0, 9), expected);
    }),
    { numRuns: 2000 },
  );
});

test('breadth: fewer addresses, fewer ports or one protocol are narrower, each family on its own', () => {
  const breadth = (...remote: TrafficSelector[]) => new ChildSelectors({ local, remote }).breadth;
  const net = selector('10.1.0.0-10.1.255.255');
  const everything4 = breadth(selector('0.0.0.0-255.255.255.255'))[4];
  assert.ok(breadth(net)[4] < everything4);
  assert.ok(breadth({ ...net, protocol: 6 })[4] < breadth(net)[4]);
  assert.ok(breadth({ ...net, startPort: 22, endPort: 22 })[4] < breadth(net)[4]);
  assert.ok(breadth(net, selector('0.0.0.0-255.255.255.255'))[4] === everything4, 'the widest counts');
  const [wide, host] = [selector('fd00::-fd00::ffff:ffff'), selector('fd00::1-fd00::1')];
  assert.ok(breadth(host)[6] < breadth(wide)[6]);
  assert.ok(breadth(host)[6] < breadth(selector('::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'))[6]);
  assert.equal(breadth(net)[6], breadth()[6]);
});
