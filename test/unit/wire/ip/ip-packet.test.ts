import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type IpAddress, parseIpAddress } from '../../../../core/base/address.ts';
import { limits } from '../../../../core/base/limits.ts';
import { concat, fromHex, toHex } from '../../../../core/base/octets.ts';
import { internetChecksum, transportChecksum } from '../../../../core/wire/ip/checksum.ts';
import { decodeEcho, encodeEchoPacket } from '../../../../core/wire/ip/icmp.ts';
import { decodeIpPacket, notateIpPacket, packetSelector } from '../../../../core/wire/ip/ip-packet.ts';
import { decodeIpv4, encodeIpv4, ipv4Packet } from '../../../../core/wire/ip/ipv4.ts';
import { decodeIpv6, encodeIpv6, ipv6Packet } from '../../../../core/wire/ip/ipv6.ts';
import { decodeTcp, encodeTcp, tcpFlag } from '../../../../core/wire/ip/tcp.ts';
import { decodeUdp, encodeUdp } from '../../../../core/wire/ip/udp.ts';
import { malformedDetail, must } from '../support.ts';

function address(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  return parsed.ok ? parsed.value : assert.fail(text);
}

const a4 = address('10.0.0.1');
const b4 = address('10.0.0.2');
const a6 = address('2001:db8::1');
const b6 = address('2001:db8::2');

test('the checksum example of RFC 1071 section 3', () => {
  assert.equal(internetChecksum(fromHex('0001f203f4f5f6f7')), 0x220d);
  assert.equal(internetChecksum(fromHex('0001f203f4f5f6f700')), 0x220d);
  assert.equal(internetChecksum(fromHex('ff')), 0x00ff);
});

/** The header that many a textbook works through (Wikipedia, "IPv4 header checksum"): 0xb861. */
const textbook = '4500 0073 0000 4000 4011 b861 c0a80001 c0a800c7';

test('an IPv4 header with its checksum: octets to value and back', () => {
  const octets = concat(fromHex(textbook), new Uint8Array(0x73 - 20));
  const packet = must(decodeIpv4(octets));
  assert.equal(packet.protocol, 17);
  assert.equal(packet.dontFragment, true);
  assert.equal(packet.payload.length, 0x73 - 20);
  assert.equal(toHex(encodeIpv4(packet)), toHex(octets));
  octets[11] = 0x62;
  assert.equal(malformedDetail(decodeIpv4(octets))['reason'], 'header checksum');
});

test('octets behind the total length are not of the packet', () => {
  const octets = concat(encodeIpv4(ipv4Packet(a4, b4, 17, fromHex('0102'))), new Uint8Array(9));
  assert.equal(toHex(must(decodeIpv4(octets)).payload), '0102');
});

test('IPv4 headers that lie are malformed', () => {
  const good = encodeIpv4(ipv4Packet(a4, b4, 17, new Uint8Array(8)));
  const changed = (at: number, value: number) => {
    const octets = good.slice();
    octets[at] = value;
    return decodeIpv4(octets);
  };
  malformedDetail(changed(0, 0x65));
  malformedDetail(changed(0, 0x44));
  malformedDetail(changed(0, 0x4f));
  assert.equal(malformedDetail(changed(3, 19))['reason'], "total length 19 below the header's");
  malformedDetail(changed(3, 29));
});

test('IPv6 with extension headers is walked to the upper layer', () => {
  const hop = { type: 0, octets: fromHex('2c00 0502 0000 0100') };
  const fragment = { type: 44, octets: fromHex('3c00 0001 0000abcd') };
  const options = { type: 60, octets: fromHex('1101 010c 000000000000 000000000000') };
  const udp = encodeUdp({ sourcePort: 1, destinationPort: 2, payload: fromHex('aa') }, a6, b6);
  const octets = encodeIpv6({
    ...ipv6Packet(a6, b6, 17, udp),
    trafficClass: 0xb8,
    flowLabel: 0xabcde,
    extensionHeaders: [hop, fragment, options],
  });
  assert.equal(toHex(octets.subarray(0, 8)), '6b8abcde00290040');
  const packet = must(decodeIpv6(octets));
  assert.deepEqual(packet.extensionHeaders, [hop, fragment, options]);
  assert.deepEqual(packet.fragment, { offset: 0, more: true, identification: 0xabcd });
  assert.equal(packet.protocol, 17);
  assert.equal(toHex(encodeIpv6(packet)), toHex(octets));
});

test('behind a later fragment nothing is walked and there are no ports', () => {
  const extensionHeaders = [{ type: 44, octets: fromHex('3c00 0008 0000abcd') }];
  const octets = encodeIpv6({ ...ipv6Packet(a6, b6, 60, fromHex('ffffffff')), extensionHeaders });
  const packet = must(decodeIpPacket(octets));
  assert.equal(packet.protocol, 60);
  assert.deepEqual(packetSelector({ ...packet, protocol: 17 }), { protocol: 17 });
});

test('a chain of extension headers is bounded, and cut ones are malformed', () => {
  const header = (next: number) => ({ type: 60, octets: Uint8Array.of(next, 0, 1, 4, 0, 0, 0, 0) });
  const chain = (count: number) => Array.from({ length: count }, (_, i) => header(i + 1 < count ? 60 : 59));
  const packet = (count: number) =>
    encodeIpv6({ ...ipv6Packet(a6, b6, 59, new Uint8Array(0)), extensionHeaders: chain(count) });
  assert.equal(must(decodeIpv6(packet(limits.ipv6ExtensionHeaders))).protocol, 59);
  const detail = malformedDetail(decodeIpv6(packet(limits.ipv6ExtensionHeaders + 1)));
  assert.equal(detail['reason'], 'too many extension headers');
  const cut = packet(1);
  cut[41] = 1;
  assert.equal(malformedDetail(decodeIpv6(cut))['offset'], 42);
});

test('UDP: octets to value and back, and a checksum that verifies in both families', () => {
  for (const [source, destination] of [
    [a4, b4],
    [a6, b6],
  ] as const) {
    const datagram = { sourcePort: 4500, destinationPort: 4500, payload: fromHex('ff0102') };
    const octets = encodeUdp(datagram, source, destination);
    assert.deepEqual(must(decodeUdp(octets)), datagram);
    assert.equal(transportChecksum(source, destination, 17, octets), 0);
  }
  malformedDetail(decodeUdp(fromHex('0001000200070000')));
  malformedDetail(decodeUdp(fromHex('0001000200090000')));
});

test('TCP: octets to value and back, and a checksum that verifies', () => {
  const segment = {
    sourcePort: 443,
    destinationPort: 50_000,
    sequence: 0xffffffff,
    acknowledgment: 1,
    flags: tcpFlag.SYN | tcpFlag.ACK,
    window: 65_535,
    urgentPointer: 0,
    options: fromHex('02040550'),
    payload: fromHex('aabb01'),
  };
  const octets = encodeTcp(segment, a4, b4);
  assert.deepEqual(must(decodeTcp(octets)), segment);
  assert.equal(transportChecksum(a4, b4, 6, octets), 0);
  octets[12] = 0x40;
  malformedDetail(decodeTcp(octets));
  octets[12] = 0xf0;
  malformedDetail(decodeTcp(octets));
});

test('echo packets of both families have checksums that verify', () => {
  const echo = { isReply: false, identifier: 7, sequence: 1, data: fromHex('010203') };
  const four = must(decodeIpv4(encodeEchoPacket(a4, b4, echo)));
  assert.equal(internetChecksum(four.payload), 0);
  assert.deepEqual(must(decodeEcho(four.payload, 4)), echo);
  const six = must(decodeIpv6(encodeEchoPacket(a6, b6, { ...echo, isReply: true })));
  assert.equal(transportChecksum(a6, b6, 58, six.payload), 0);
  assert.deepEqual(must(decodeEcho(six.payload, 6)), { ...echo, isReply: true });
  malformedDetail(decodeEcho(four.payload, 6));
});

test('what a selector sees: ports, or type and code of ICMP', () => {
  const udp = encodeUdp({ sourcePort: 53, destinationPort: 4000, payload: new Uint8Array(0) }, a4, b4);
  const packet = must(decodeIpPacket(encodeIpv4(ipv4Packet(a4, b4, 17, udp))));
  assert.deepEqual(packetSelector(packet), { protocol: 17, sourcePort: 53, destinationPort: 4000 });
  assert.equal(notateIpPacket(packet), '10.0.0.1:53 > 10.0.0.2:4000 UDP 8');
  const echo = must(
    decodeIpPacket(
      encodeEchoPacket(a6, b6, { isReply: false, identifier: 1, sequence: 1, data: fromHex('') }),
    ),
  );
  assert.deepEqual(packetSelector(echo), { protocol: 58, sourcePort: 0x8000, destinationPort: 0x8000 });
  assert.equal(notateIpPacket(echo), '2001:db8::1 > 2001:db8::2 IPV6_ICMP 8');
  malformedDetail(decodeIpPacket(new Uint8Array(0)));
  malformedDetail(decodeIpPacket(fromHex('f0')));
});
