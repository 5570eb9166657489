import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InnerPacket, readInnerPacket } from '../../../core/esp/inner-packet.ts';
import { encodeIpv6, ipv6Packet } from '../../../core/wire/ip/ipv6.ts';
import { here, octetsOf, tcpPacket, there, udpPacket } from '../dataplane/support.ts';

function read(octets: Uint8Array, at = 0): InnerPacket | undefined {
  const packet = new InnerPacket();
  const memory = new Uint8Array(octets.length + at);
  memory.set(octets, at);
  return readInnerPacket(memory, at, octets.length, packet) ? packet : undefined;
}

/** An IPv6 packet whose payload begins with extension headers. */
function withExtensions(first: number, payload: readonly number[]): Uint8Array {
  return encodeIpv6(ipv6Packet(here[6], there[6], first, Uint8Array.from(payload)));
}

const ports = [0x9c, 0x40, 0, 53];

test('both families: places, length, protocol and ports', () => {
  const v4 = read(udpPacket(4, octetsOf(9)), 7);
  assert.deepEqual(
    { ...v4 },
    {
      version: 4,
      at: 7,
      length: 37,
      headerLength: 20,
      sourceAt: 19,
      destinationAt: 23,
      protocol: 17,
      transportAt: 27,
      fragment: false,
      sourcePort: 40000,
      destinationPort: 53,
    },
  );
  const v6 = read(tcpPacket(6, {}), 3);
  assert.deepEqual(
    [
      v6?.version,
      v6?.protocol,
      v6?.sourceAt,
      v6?.destinationAt,
      v6?.transportAt,
      v6?.sourcePort,
      v6?.destinationPort,
    ],
    [6, 6, 11, 27, 43, 40000, 5201],
  );
});

test('octets behind the packet are not its own', () => {
  assert.equal(read(new Uint8Array([...udpPacket(4, octetsOf(9)), ...octetsOf(100)]))?.length, 37);
  assert.equal(read(new Uint8Array([...udpPacket(6, octetsOf(9)), ...octetsOf(100)]))?.length, 57);
});

test('IPv6 extension headers are stepped over', () => {
  const hopByHop = [60, 0, 1, 4, 0, 0, 0, 0];
  const destination = [17, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  const packet = read(withExtensions(0, [...hopByHop, ...destination, ...ports, 0, 8, 0, 0]));
  assert.deepEqual([packet?.protocol, packet?.transportAt, packet?.destinationPort], [17, 64, 53]);
});

test('of fragments, only the first shows ports', () => {
  const fragment = (offset: number) => [17, 0, offset >> 8, (offset & 0xf8) | 1, 0, 0, 0, 1];
  const first = read(withExtensions(44, [...fragment(0), ...ports, 0, 8, 0, 0]));
  assert.deepEqual([first?.fragment, first?.sourcePort, first?.protocol], [true, 40000, 17]);
  const later = read(withExtensions(44, [...fragment(8), ...ports, 0, 8, 0, 0]));
  assert.deepEqual([later?.fragment, later?.sourcePort, later?.protocol], [true, -1, 17]);
  const v4 = udpPacket(4, octetsOf(9));
  assert.deepEqual(read(v4.with(6, 0x20))?.destinationPort, 53);
  assert.deepEqual(read(v4.with(7, 1))?.destinationPort, -1);
  assert.deepEqual(read(v4.with(7, 1))?.fragment, true);
});

test('type and code of ICMP stand for ports', () => {
  const echo = read(withExtensions(58, [128, 3, 0, 0, 0, 0, 0, 0]));
  assert.deepEqual([echo?.sourcePort, echo?.destinationPort], [0x8003, 0x8003]);
});

test('lies are refused', () => {
  const v4 = udpPacket(4, octetsOf(9));
  const v6 = udpPacket(6, octetsOf(9));
  const lies: readonly [string, Uint8Array][] = [
    ['nothing', new Uint8Array(0)],
    ['version 5', v4.with(0, 0x55)],
    ['a header below 20 octets', v4.with(0, 0x44)],
    ['a header longer than the packet', v4.with(0, 0x4f)],
    ['longer than it is (IPv4)', v4.with(3, 38)],
    ['longer than it is (IPv6)', v6.with(5, 18)],
    ['cut (IPv4)', v4.subarray(0, 19)],
    ['cut (IPv6)', v6.subarray(0, 39)],
    ['an extension header over the end', withExtensions(0, [17, 3, 0, 0, 0, 0, 0, 0])],
    ['half an extension header', withExtensions(0, [17, 0, 0, 0])],
    [
      'extension headers without end',
      withExtensions(
        60,
        new Array<number>(80).fill(0).map((_, i) => (i % 8 ? 0 : 60)),
      ),
    ],
  ];
  for (const [name, octets] of lies) assert.equal(read(octets), undefined, name);
});

test('whatever comes, nothing is thrown and no place lies outside', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(0x45, 0x46, 0x60), (octets, first) => {
      if (octets.length > 0) octets[0] = first;
      const packet = read(octets);
      if (packet === undefined) return;
      assert.ok(packet.length <= octets.length);
      assert.ok(packet.transportAt <= packet.length);
      assert.ok(packet.sourceAt > 0 && packet.destinationAt < packet.headerLength);
    }),
    { numRuns: 2000 },
  );
});
