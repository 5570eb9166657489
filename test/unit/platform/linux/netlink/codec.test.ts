import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex } from '../../../../../core/base/octets.ts';
import {
  type AttributeList,
  decodeAck,
  decodeAttributes,
  decodeMessages,
  encodeAttributes,
  encodeMessage,
} from '../../../../../core/platform/linux/netlink/codec.ts';
import { littleEndian } from '../../../../../core/platform/linux/netlink/host-order.ts';

const skip = littleEndian ? false : 'the octets here are those of a little-endian machine';

test('a request is laid out as netlink(7) says', { skip }, () => {
  const octets = encodeMessage({ type: 18, flags: 0x301, sequence: 7 }, fromHex('aabbccdd'));
  assert.deepEqual(octets, fromHex('14000000 1200 0103 07000000 00000000 aabbccdd'));
});

test('attributes are padded to four octets, and a nested list is marked', { skip }, () => {
  const list: AttributeList = [
    [3, Uint8Array.of(1, 2, 3, 4, 5)],
    [26, [[10, Uint8Array.of(9)]]],
  ];
  assert.deepEqual(
    encodeAttributes(list),
    fromHex('0900 0300 0102030405 000000  0c00 1a80  0500 0a00 09 000000'),
  );
});

test('what is written is read back', () => {
  const attribute = fc.tuple(fc.integer({ min: 1, max: 0x3fff }), fc.uint8Array({ maxLength: 40 }));
  fc.assert(
    fc.property(fc.uniqueArray(attribute, { selector: ([type]) => type, maxLength: 8 }), (list) => {
      const read = decodeAttributes(encodeAttributes(list));
      assert.ok(read.ok);
      assert.deepEqual(
        [...read.value].map(([type, data]) => [type, [...data]]),
        list.map(([type, data]) => [type, [...data]]),
      );
    }),
  );
});

test('several messages in one datagram', () => {
  const one = encodeMessage({ type: 16, flags: 2, sequence: 1 }, Uint8Array.of(1, 0, 0, 0));
  const two = encodeMessage({ type: 3, flags: 2, sequence: 1 }, Uint8Array.of(0, 0, 0, 0));
  const read = decodeMessages(Uint8Array.of(...one, ...two));
  assert.ok(read.ok);
  assert.deepEqual(
    read.value.map((message) => message.type),
    [16, 3],
  );
});

test('a message that says it is longer than the datagram is malformed', () => {
  const octets = encodeMessage({ type: 16, flags: 0, sequence: 1 }, new Uint8Array(8));
  for (const cut of [1, 8, 17]) {
    const read = decodeMessages(octets.subarray(0, octets.length - cut));
    assert.equal(!read.ok && read.error.code, 'malformed', `cut by ${cut}`);
  }
});

test('lengths below the header neither crash nor loop', { skip }, () => {
  assert.equal(decodeMessages(fromHex('00000000 1200 0103 07000000 00000000')).ok, false);
  assert.equal(decodeAttributes(fromHex('0000 0300')).ok, false);
  assert.equal(decodeAttributes(fromHex('0900 0300 01')).ok, false);
});

test('any octets are either read or malformed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      decodeAttributes(octets);
      const read = decodeMessages(octets);
      if (read.ok) for (const message of read.value) decodeAck(message);
    }),
  );
});

test('an acknowledgement, a refusal, and the kernel its reason', { skip }, () => {
  const ack = (flags: number, payload: string) =>
    decodeAck({ type: 2, flags, sequence: 1, port: 0, payload: fromHex(payload) });
  const request = '10000000 1800 0506 01000000 00000000';
  assert.deepEqual(ack(0, `00000000 ${request}`), { ok: true, value: { errno: 0 } });
  assert.deepEqual(ack(0, `efffffff ${request}`), { ok: true, value: { errno: 17 } });
  const text = '0900 0100 4e6f706500 000000';
  assert.deepEqual(ack(0x300, `eaffffff ${request} ${text}`), {
    ok: true,
    value: { errno: 22, text: 'Nope' },
  });
  // Not capped: the whole request comes first, here with four octets of payload.
  const long = '14000000 1800 0506 01000000 00000000 deadbeef';
  assert.deepEqual(ack(0x200, `eaffffff ${long} ${text}`), { ok: true, value: { errno: 22, text: 'Nope' } });
  assert.equal(ack(0, 'eaffffff').ok, false);
});
