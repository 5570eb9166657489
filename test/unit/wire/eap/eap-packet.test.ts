import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../../../core/base/octets.ts';
import {
  decodeEapPacket,
  decodeExpandedType,
  type EapPacket,
  eapNak,
  encodeEapPacket,
  notateEapPacket,
} from '../../../../core/wire/eap/eap-packet.ts';
import { malformedDetail, must } from '../support.ts';

const text = (value: string) => new TextEncoder().encode(value);

const packets: readonly (readonly [octets: string, packet: EapPacket, notation: string])[] = [
  ['0101000501', { code: 'request', identifier: 1, type: 1, data: text('') }, 'request 1 Identity 5'],
  [
    '0201000a01616c696365',
    { code: 'response', identifier: 1, type: 1, data: text('alice') },
    'response 1 Identity 10',
  ],
  [
    '010200070248 69',
    { code: 'request', identifier: 2, type: 2, data: text('Hi') },
    'request 2 Notification 7',
  ],
  ['02030006031a', { code: 'response', identifier: 3, type: 3, data: Uint8Array.of(26) }, 'response 3 Nak 6'],
  [
    '0104000dfe 000137 0000001d aa',
    { code: 'request', identifier: 4, type: 254, data: fromHex('0001370000001daa') },
    'request 4 Expanded 13',
  ],
  ['0105000563', { code: 'request', identifier: 5, type: 99, data: text('') }, 'request 5 99/0x63 5'],
  ['03060004', { code: 'success', identifier: 6 }, 'success 6'],
  ['0307000506', { code: 'success', identifier: 7, next: 6 }, 'success 7 next GTC'],
  ['04ff0004', { code: 'failure', identifier: 255 }, 'failure 255'],
];

for (const [octets, packet, notation] of packets) {
  test(`EAP ${notation}: octets to value and back`, () => {
    assert.deepEqual(must(decodeEapPacket(fromHex(octets))), packet);
    assert.equal(toHex(encodeEapPacket(packet)), octets.replaceAll(' ', ''));
    assert.equal(notateEapPacket(fromHex(octets)), notation);
  });
}

test('octets behind the length are padding', () => {
  assert.deepEqual(must(decodeEapPacket(fromHex('03060004ffff'))), { code: 'success', identifier: 6 });
  const identity = must(decodeEapPacket(fromHex('010100060141ffff')));
  assert.deepEqual(identity, { code: 'request', identifier: 1, type: 1, data: text('A') });
});

const wrong: readonly (readonly [octets: string, offset: number])[] = [
  ['', 0],
  ['01', 1],
  ['010200', 2],
  ['01020003', 4],
  ['01020004', 4],
  ['0102000601', 4],
  ['03060003', 4],
  ['03060005', 4],
  ['030600060600', 6],
  ['0406000500', 5],
  ['00060004', 4],
  ['0506000501', 5],
];

for (const [octets, offset] of wrong) {
  test(`malformed EAP packet: ${octets || 'nothing'}`, () => {
    assert.equal(malformedDetail(decodeEapPacket(fromHex(octets)))['offset'], offset);
    assert.equal(notateEapPacket(fromHex(octets)), `malformed ${octets.length / 2}`);
  });
}

test('the vendor fields of an expanded type', () => {
  const expanded = must(decodeExpandedType(fromHex('0001370000001daa')));
  assert.deepEqual(expanded, { vendor: 311, vendorType: 29, data: Uint8Array.of(0xaa) });
  malformedDetail(decodeExpandedType(fromHex('00013700000000').subarray(0, 6)));
});

test('a Nak without a wish holds one zero', () => {
  assert.equal(toHex(encodeEapPacket(eapNak(9, []))), '020900060300');
  assert.equal(toHex(encodeEapPacket(eapNak(9, [26, 13]))), '02090007031a0d');
});

test('a packet that is too long for its length field is refused by the encoder', () => {
  const data = new Uint8Array(65_531);
  assert.throws(() => encodeEapPacket({ code: 'response', identifier: 1, type: 1, data }), RangeError);
});
