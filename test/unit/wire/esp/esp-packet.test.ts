import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../../../core/base/octets.ts';
import {
  decodeEspPacket,
  decodeEspPlaintext,
  encodeEspPacket,
  encodeEspPlaintext,
  nextHeaderOf,
  notateEspPacket,
  notateEspPlaintext,
} from '../../../../core/wire/esp/esp-packet.ts';
import { malformedDetail, must } from '../support.ts';

test('header: octets to value and back', () => {
  const octets = fromHex('c0ffee01 80000002 aabbcc');
  const packet = must(decodeEspPacket(octets));
  assert.deepEqual(packet, { spi: 0xc0ffee01, sequence: 0x80000002, sealed: fromHex('aabbcc') });
  assert.equal(toHex(encodeEspPacket(packet)), toHex(octets));
  assert.equal(notateEspPacket(packet), 'ESP c0ffee01 2147483650 {3 octets}');
});

test('SPI 0 and a cut header are malformed', () => {
  assert.equal(malformedDetail(decodeEspPacket(fromHex('00000000 00000001')))['offset'], 4);
  for (let length = 0; length < 8; length++)
    malformedDetail(decodeEspPacket(fromHex('c0ffee0100000001').subarray(0, length)));
});

const plaintexts: readonly (readonly [payload: string, block: number, plaintext: string])[] = [
  ['', 1, '0102 0204'],
  ['45', 1, '45 01 0104'],
  ['4500', 1, '4500 0004'],
  ['450000', 1, '450000 010203 0304'],
  ['45'.repeat(14), 16, `${'45'.repeat(14)} 0004`],
  ['45'.repeat(15), 16, `${'45'.repeat(15)} 0102030405060708090a0b0c0d0e0f 0f04`],
];

for (const [payload, block, plaintext] of plaintexts) {
  test(`${payload.length / 2} octets in blocks of ${block}: padding counts 1, 2, 3`, () => {
    const value = { payload: fromHex(payload), nextHeader: 4 };
    assert.equal(toHex(encodeEspPlaintext(value, block)), plaintext.replaceAll(' ', ''));
    assert.deepEqual(must(decodeEspPlaintext(fromHex(plaintext))), value);
  });
}

test('longer padding than needed is taken; wrong padding is malformed where it is wrong', () => {
  const value = must(decodeEspPlaintext(fromHex('6001010203040506070729')));
  assert.deepEqual(value, { payload: fromHex('6001'), nextHeader: 41 });
  assert.equal(notateEspPlaintext(value), 'IPV6 2');
});

test('a trailer that lies is malformed', () => {
  assert.equal(malformedDetail(decodeEspPlaintext(fromHex('45 01 03 03 0304')))['offset'], 2);
  assert.equal(malformedDetail(decodeEspPlaintext(fromHex('45 00 0204')))['offset'], 0);
  assert.equal(malformedDetail(decodeEspPlaintext(fromHex('45 0304')))['offset'], 1);
  assert.equal(malformedDetail(decodeEspPlaintext(fromHex('04')))['need'], 2);
});

test('the next header follows the IP version', () => {
  assert.equal(nextHeaderOf(fromHex('45')), 4);
  assert.equal(nextHeaderOf(fromHex('60')), 41);
  assert.equal(nextHeaderOf(fromHex('')), 59);
});
