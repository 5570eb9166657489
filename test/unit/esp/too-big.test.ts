import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IpAddress } from '../../../core/base/address.ts';
import { InnerPacket, readInnerPacket } from '../../../core/esp/inner-packet.ts';
import { largestInner, mayFragment, tooBigOctets, writeTooBig } from '../../../core/esp/too-big.ts';
import { internetChecksum, transportChecksum } from '../../../core/wire/ip/checksum.ts';
import { encodeEchoPacket } from '../../../core/wire/ip/icmp.ts';
import { decodeIpPacket, type IpPacket } from '../../../core/wire/ip/ip-packet.ts';
import { encodeIpv4, ipv4Packet } from '../../../core/wire/ip/ipv4.ts';
import { encodeIpv6, ipv6Packet } from '../../../core/wire/ip/ipv6.ts';
import { address, here, octetsOf, there, udpPacket } from '../dataplane/support.ts';

const memory = new Uint8Array(70_000);
const errorAt = 65_600;

function read(octets: Uint8Array): InnerPacket {
  const packet = new InnerPacket();
  memory.set(octets, 24);
  assert.ok(readInnerPacket(memory, 24, octets.length, packet));
  return packet;
}

/** What is answered to this packet; `undefined` for nothing. */
function answerTo(octets: Uint8Array, mtu = 1_300): Uint8Array | undefined {
  const packet = read(octets);
  memory.fill(0xdd, errorAt);
  const length = writeTooBig(memory, packet, mtu, errorAt);
  assert.ok(length <= tooBigOctets);
  assert.ok(memory.subarray(errorAt + length).every((octet) => octet === 0xdd));
  return length === 0 ? undefined : memory.slice(errorAt, errorAt + length);
}

function decoded(octets: Uint8Array | undefined): IpPacket {
  assert.ok(octets);
  const packet = decodeIpPacket(octets);
  assert.ok(packet.ok);
  return packet.value;
}

test('IPv4: "fragmentation needed" with the next hop\'s MTU and the beginning of the packet', () => {
  const packet = udpPacket(4, octetsOf(1_373));
  const answer = decoded(answerTo(packet));
  assert.deepEqual([answer.source, answer.destination, answer.protocol], [there[4], here[4], 1]);
  assert.deepEqual([...answer.payload.subarray(0, 2)], [3, 4]);
  assert.deepEqual([...answer.payload.subarray(4, 8)], [0, 0, 1_300 >> 8, 1_300 & 0xff]);
  assert.equal(internetChecksum(answer.payload), 0);
  assert.deepEqual(answer.payload.subarray(8), packet.subarray(0, 576 - 28));
});

test('IPv6: "packet too big" with the MTU and as much of the packet as 1280 octets take', () => {
  for (const size of [1_373, 1_180]) {
    const packet = udpPacket(6, octetsOf(size));
    const answer = decoded(answerTo(packet));
    assert.deepEqual([answer.source, answer.destination, answer.protocol], [there[6], here[6], 58]);
    assert.deepEqual([...answer.payload.subarray(0, 2)], [2, 0]);
    assert.deepEqual([...answer.payload.subarray(4, 8)], [0, 0, 1_300 >> 8, 1_300 & 0xff]);
    assert.equal(transportChecksum(answer.source, answer.destination, 58, answer.payload), 0);
    assert.deepEqual(answer.payload.subarray(8), packet.subarray(0, 1_280 - 48));
  }
});

test('a packet shorter than what may be quoted is quoted whole', () => {
  for (const version of [4, 6] as const) {
    const packet = udpPacket(version, octetsOf(101));
    assert.deepEqual(decoded(answerTo(packet, 100)).payload.subarray(8), packet);
  }
});

const from4 = (source: IpAddress) => udpPacket(4, octetsOf(1_400), { ...here, 4: source }, there);
const to4 = (destination: IpAddress) => udpPacket(4, octetsOf(1_400), here, { ...there, 4: destination });
const icmp = (version: 4 | 6, type: number) =>
  version === 4
    ? encodeIpv4(ipv4Packet(here[4], there[4], 1, new Uint8Array(1_400).fill(type, 0, 1)))
    : encodeIpv6(ipv6Packet(here[6], there[6], 58, new Uint8Array(1_400).fill(type, 0, 1)));

const unanswered: Readonly<Record<string, Uint8Array>> = {
  'an ICMP error': icmp(4, 3),
  'an ICMP redirect': icmp(4, 5),
  'an ICMP type that nobody knows': icmp(4, 99),
  'an ICMPv6 error': icmp(6, 1),
  '"packet too big" itself': icmp(6, 2),
  'an ICMPv6 redirect': icmp(6, 137),
  'a later fragment': encodeIpv4({
    ...ipv4Packet(here[4], there[4], 17, octetsOf(1_400)),
    fragmentOffset: 1_480,
  }),
  'a packet from a group': from4(address('224.0.0.1')),
  'a packet from the broadcast address': from4(address('255.255.255.255')),
  'a packet from nobody': from4(address('0.0.0.0')),
  'a packet from a loopback address': from4(address('127.0.0.1')),
  'a packet to a group': to4(address('239.1.2.3')),
  'a packet to everybody': to4(address('255.255.255.255')),
  'a packet from an IPv6 group': udpPacket(6, octetsOf(1_400), { ...here, 6: address('ff02::1') }, there),
  'a packet from the unspecified address': udpPacket(
    6,
    octetsOf(1_400),
    { ...here, 6: address('::') },
    there,
  ),
};

for (const [name, packet] of Object.entries(unanswered)) {
  test(`nothing is answered to ${name}`, () => assert.equal(answerTo(packet), undefined));
}

test('an echo is answered, of both families, and a group of IPv6 by the router itself', () => {
  const echo = { isReply: false, identifier: 1, sequence: 1, data: octetsOf(1_400) };
  for (const version of [4, 6] as const)
    assert.ok(answerTo(encodeEchoPacket(here[version], there[version], echo)));
  const group = udpPacket(6, octetsOf(1_400), here, { ...there, 6: address('ff0e::5') });
  const answer = decoded(answerTo(group));
  assert.deepEqual(answer.source, address('fe80::1'));
  assert.equal(transportChecksum(answer.source, answer.destination, 58, answer.payload), 0);
});

test("only IPv4 without Don't Fragment may be cut, and no IPv6 packet of 1280 octets is too big", () => {
  const packet = ipv4Packet(here[4], there[4], 17, octetsOf(100));
  const cut = (dontFragment: boolean) => mayFragment(memory, read(encodeIpv4({ ...packet, dontFragment })));
  assert.deepEqual([cut(false), cut(true)], [true, false]);
  assert.equal(mayFragment(memory, read(udpPacket(6, octetsOf(100)))), false);
  assert.deepEqual(
    [largestInner(1_200, 4), largestInner(1_200, 6), largestInner(1_300, 6)],
    [1_200, 1_280, 1_300],
  );
});
