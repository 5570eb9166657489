import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ipAddress } from '../../../core/base/address.ts';
import type { Failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import type { Result } from '../../../core/base/result.ts';
import { decodeEapPacket, encodeEapPacket, notateEapPacket } from '../../../core/wire/eap/eap-packet.ts';
import {
  decodeMschapv2Request,
  decodeMschapv2Response,
  encodeMschapv2Request,
  encodeMschapv2Response,
} from '../../../core/wire/eap/mschapv2-packet.ts';
import { parseMschapv2Failure, parseMschapv2Success } from '../../../core/wire/eap/mschapv2-text.ts';
import { escapeText } from '../../../core/wire/escape-text.ts';
import {
  decodeEspPacket,
  decodeEspPlaintext,
  encodeEspPlaintext,
} from '../../../core/wire/esp/esp-packet.ts';
import { decodeEcho } from '../../../core/wire/ip/icmp.ts';
import { decodeIpPacket, notateIpPacket, packetSelector } from '../../../core/wire/ip/ip-packet.ts';
import { encodeIpv4, ipv4Packet } from '../../../core/wire/ip/ipv4.ts';
import { encodeIpv6, ipv6Packet } from '../../../core/wire/ip/ipv6.ts';
import { decodeTcp, encodeTcp } from '../../../core/wire/ip/tcp.ts';
import { decodeUdp } from '../../../core/wire/ip/udp.ts';
import { octets, record } from './arbitraries.ts';

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);

test('every decoder takes any octets, and tells an offset inside them', () => {
  const decoders: readonly ((input: Uint8Array) => Result<unknown, Failure>)[] = [
    decodeEapPacket,
    decodeMschapv2Request,
    decodeMschapv2Response,
    parseMschapv2Success,
    decodeEspPacket,
    decodeEspPlaintext,
    decodeIpPacket,
    decodeTcp,
    decodeUdp,
    (input) => decodeEcho(input, 4),
    (input) => decodeEcho(input, 6),
  ];
  fc.assert(
    fc.property(fc.constantFrom(...decoders), octets(0, 120), (decode, input) => {
      const result = decode(input);
      if (result.ok) return;
      const offset = Number(result.error.detail['offset']);
      assert.ok(offset >= 0 && offset <= input.length, `offset ${offset} of ${input.length}`);
    }),
    { numRuns: 5000 },
  );
});

test('what is made of any octets for a log is bounded', () => {
  fc.assert(
    fc.property(octets(0, 2000), (input) => {
      assert.ok(notateEapPacket(input).length < 100);
      assert.ok(parseMschapv2Failure(input).message.length <= limits.peerTextCharacters * 12);
      const packet = decodeIpPacket(input);
      if (packet.ok) assert.ok(notateIpPacket(packet.value).length < 200);
    }),
  );
});

test('escaped text has no control characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const escaped = escapeText(text, 200);
      assert.doesNotMatch(escaped, /[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
      assert.ok([...escaped].length <= 200 * 10 + 1);
    }),
  );
});

test('EAP and EAP-MSCHAPv2 packets decode to what was encoded', () => {
  const packet = fc.oneof(
    record({
      code: fc.constantFrom('request' as const, 'response' as const),
      identifier: u8,
      type: u8,
      data: octets(0, 100),
    }),
    record({ code: fc.constantFrom('success' as const, 'failure' as const), identifier: u8 }),
  );
  fc.assert(
    fc.property(packet, (original) => {
      assert.deepEqual(decodeEapPacket(encodeEapPacket(original)), { ok: true, value: original });
    }),
  );
  const request = fc.oneof(
    record({
      kind: fc.constant('challenge' as const),
      id: u8,
      challenge: octets(16, 16),
      name: octets(0, 40),
    }),
    record({
      kind: fc.constantFrom('success' as const, 'failure' as const),
      id: u8,
      message: octets(0, 80),
    }),
  );
  fc.assert(
    fc.property(request, (original) => {
      assert.deepEqual(decodeMschapv2Request(encodeMschapv2Request(original)), { ok: true, value: original });
    }),
  );
  const response = record({
    kind: fc.constant('response' as const),
    id: u8,
    peerChallenge: octets(16, 16),
    ntResponse: octets(24, 24),
    name: octets(0, 40),
  });
  fc.assert(
    fc.property(response, (original) => {
      assert.deepEqual(decodeMschapv2Response(encodeMschapv2Response(original)), {
        ok: true,
        value: original,
      });
    }),
  );
});

test('ESP plaintexts decode to what was encoded and fill whole blocks', () => {
  fc.assert(
    fc.property(octets(0, 100), u8, fc.constantFrom(1, 4, 16), (payload, nextHeader, block) => {
      const plaintext = encodeEspPlaintext({ payload, nextHeader }, block);
      assert.equal(plaintext.length % Math.max(4, block), 0);
      assert.deepEqual(decodeEspPlaintext(plaintext), { ok: true, value: { payload, nextHeader } });
    }),
  );
});

test('IP packets with TCP decode to what was encoded, and keep their ports', () => {
  const segment = record({
    sourcePort: u16,
    destinationPort: u16,
    sequence: u32,
    acknowledgment: u32,
    flags: u8,
    window: u16,
    urgentPointer: u16,
    options: fc.nat(10).chain((words) => octets(4 * words, 4 * words)),
    payload: octets(0, 60),
  });
  const addresses = fc
    .constantFrom(4, 16)
    .chain((length) => fc.tuple(octets(length, length), octets(length, length)));
  fc.assert(
    fc.property(segment, addresses, (original, [one, other]) => {
      const [source, destination] = [ipAddress(one), ipAddress(other)];
      const tcp = encodeTcp(original, source, destination);
      const datagram =
        source.family === 4
          ? encodeIpv4(ipv4Packet(source, destination, 6, tcp))
          : encodeIpv6(ipv6Packet(source, destination, 6, tcp));
      const packet = decodeIpPacket(datagram);
      if (!packet.ok) return assert.fail('malformed');
      assert.deepEqual(packet.value.source, source);
      assert.deepEqual(decodeTcp(packet.value.payload), { ok: true, value: original });
      const { sourcePort, destinationPort } = original;
      assert.deepEqual(packetSelector(packet.value), { protocol: 6, sourcePort, destinationPort });
    }),
  );
});
