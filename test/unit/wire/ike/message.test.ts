import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../../core/base/limits.ts';
import { concat, fromHex, toHex } from '../../../../core/base/octets.ts';
import { decodeHeader } from '../../../../core/wire/ike/header.ts';
import { decodeMessage, encodeMessage } from '../../../../core/wire/ike/message.ts';
import type { IkeMessage } from '../../../../core/wire/ike/payload.ts';
import { header, malformedDetail, must } from '../support.ts';

/** IKE_SA_INIT request, octet by octet after the pictures of RFC 7296 section 3. */
const initRequest = [
  '0102030405060708 0000000000000000', // SPIs
  '21 20 22 08 00000000 00000090', // next SA, 2.0, IKE_SA_INIT, I, message 0, 144 octets
  '22 00 0030', // SA; next KE
  '00 00 002c 01 01 00 04', // last proposal, number 1, IKE, no SPI, four transforms
  '03 00 000c 01 00 0014 800e0100', // ENCR_AES_GCM_16, 256 bits
  '03 00 0008 02 00 0005', // PRF_HMAC_SHA2_256
  '03 00 0008 04 00 0013', // ECP-256
  '00 00 0008 04 00 001f', // Curve25519
  '28 00 0010', // KE; next Nonce
  '001f 0000 1111111111111111', // group 31, 8 octets for brevity
  '29 00 0014', // Nonce; next N
  '22222222222222222222222222222222',
  '2b 00 0008 00 00 402e', // N(IKEV2_FRAGMENTATION_SUPPORTED); next V
  '00 00 0018', // V, the last
  '3333333333333333333333333333333333333333',
].join('');

/** Offsets of the payloads in the fixture. */
const at = { sa: 28, ke: 76, nonce: 92, notify: 112, vendorId: 120 };

const initMessage: IkeMessage = {
  header: header({ exchange: 34, initiatorSpi: 0x0102030405060708n, responderSpi: 0n, messageId: 0 }),
  payloads: [
    {
      kind: 'SA',
      proposals: [
        {
          number: 1,
          protocol: 1,
          spi: new Uint8Array(0),
          transforms: [
            { type: 1, id: 20, keyBits: 256 },
            { type: 2, id: 5 },
            { type: 4, id: 19 },
            { type: 4, id: 31 },
          ],
        },
      ],
    },
    { kind: 'KE', group: 31, publicValue: new Uint8Array(8).fill(0x11) },
    { kind: 'Nonce', nonce: new Uint8Array(16).fill(0x22) },
    { kind: 'N', protocol: 0, spi: new Uint8Array(0), type: 16430, data: new Uint8Array(0) },
    { kind: 'V', vendorId: new Uint8Array(20).fill(0x33) },
  ],
};

test('the octets of an IKE_SA_INIT request are the message, and the message is these octets', () => {
  const octets = fromHex(initRequest);
  assert.equal(octets.length, 144);
  assert.deepEqual(must(decodeMessage(octets)), initMessage);
  assert.equal(toHex(encodeMessage(initMessage)), toHex(octets));
});

test('a message cut at any octet is malformed', () => {
  const octets = fromHex(initRequest);
  for (let length = 0; length < octets.length; length++) {
    const detail = malformedDetail(decodeMessage(octets.subarray(0, length)));
    if (length < 28) assert.equal(detail['what'], 'IKE header');
    else assert.deepEqual([detail['offset'], detail['need'], detail['got']], [24, 144, length]);
  }
});

test('octets after the end of the message are malformed', () => {
  const longer = concat(fromHex(initRequest), Uint8Array.of(0));
  assert.equal(malformedDetail(decodeMessage(longer))['offset'], 24);
});

test('a message beyond the limit is refused before it is looked at', () => {
  const detail = malformedDetail(decodeMessage(new Uint8Array(limits.ikeMessageOctets + 1)));
  assert.equal(detail['reason'], 'message too large');
});

test('another major version is refused, but its header can be read for the answer', () => {
  const octets = fromHex(initRequest);
  octets[17] = 0x31;
  assert.equal(malformedDetail(decodeMessage(octets))['offset'], 17);
  const wire = must(decodeHeader(octets));
  assert.deepEqual([wire.header.majorVersion, wire.header.minorVersion], [3, 1]);
});

test('a higher minor version and reserved flags are ignored', () => {
  const octets = fromHex(initRequest);
  octets[17] = 0x2f;
  octets[19] = 0xd7 | 0x08;
  const decoded = must(decodeMessage(octets));
  assert.equal(decoded.header.fromInitiator, true);
  assert.equal(decoded.header.isResponse, false);
});

/** The fixture with one octet changed, and where its decoder must stop. */
const wrong: readonly (readonly [name: string, at: number, value: number, offset: number, what: string])[] = [
  ['payload length below its own header', at.sa + 3, 3, at.sa + 4, 'IKE message'],
  ['payload length past the end', at.vendorId + 3, 0x19, at.vendorId + 4, 'IKE message'],
  ['last payload that is not the last', at.notify, 0, at.vendorId, 'IKE message'],
  ['chain that runs past the end', at.vendorId, 43, 144, 'IKE message'],
  ['unknown substructure mark of a proposal', at.sa + 4, 3, at.sa + 5, 'payload SA'],
  ['"more proposals" without one', at.sa + 4, 2, at.ke, 'payload SA'],
  ['proposal length below its header', at.sa + 7, 7, at.sa + 8, 'payload SA'],
  ['SPI size of three', at.sa + 10, 3, at.sa + 12, 'proposal'],
  ['fewer transforms than counted', at.sa + 11, 5, at.ke - 6, 'proposal'],
  ['more transforms than counted', at.sa + 11, 3, at.ke - 14, 'proposal'],
  ['transform length past the proposal', at.ke - 5, 9, at.ke - 4, 'proposal'],
  ['attribute cut short', at.sa + 15, 10, at.sa + 22, 'transform'],
  ['nonce of 15 octets', at.nonce + 3, 0x13, at.nonce + 4, 'payload Nonce'],
  ['notify SPI past the payload', at.notify + 5, 9, at.notify + 8, 'payload N'],
];

for (const [name, position, value, offset, what] of wrong) {
  test(`malformed at its exact offset: ${name}`, () => {
    const octets = fromHex(initRequest);
    octets[position] = value;
    const detail = malformedDetail(decodeMessage(octets));
    assert.deepEqual([detail['what'], detail['offset']], [what, offset]);
  });
}

test('a payload of unknown type is kept with its critical bit and its octets', () => {
  const octets = fromHex(initRequest);
  octets[at.notify] = 200;
  octets[at.vendorId + 1] = 0xff;
  const decoded = must(decodeMessage(octets));
  if (decoded.encrypted !== undefined) return assert.fail('it is in the clear');
  const last = decoded.payloads[4];
  assert.deepEqual(last, { kind: 'unknown', type: 200, critical: true, body: new Uint8Array(20).fill(0x33) });
  octets[at.vendorId + 1] = 0x80;
  assert.equal(toHex(encodeMessage({ header: decoded.header, payloads: decoded.payloads })), toHex(octets));
});

test('the critical bit on a payload type that everyone knows means nothing', () => {
  const octets = fromHex(initRequest);
  octets[at.ke + 1] = 0x80;
  assert.deepEqual(must(decodeMessage(octets)), initMessage);
});

test('64 payloads are read, 65 are too many', () => {
  const notify = {
    kind: 'N',
    protocol: 0,
    spi: new Uint8Array(0),
    type: 16384,
    data: new Uint8Array(0),
  } as const;
  const many = (count: number) =>
    encodeMessage({ header: header(), payloads: new Array<typeof notify>(count).fill(notify) });
  assert.equal(decodeMessage(many(limits.payloadsPerMessage)).ok, true);
  assert.equal(malformedDetail(decodeMessage(many(65)))['reason'], 'too many payloads');
});

test('a message without payloads is one', () => {
  const octets = encodeMessage({ header: header(), payloads: [] });
  assert.equal(octets.length, 28);
  assert.deepEqual(must(decodeMessage(octets)), { header: header(), payloads: [] });
});

test('a payload that does not fit its length field is refused by the encoder', () => {
  const payloads = [{ kind: 'V', vendorId: new Uint8Array(65_532) }] as const;
  assert.throws(() => encodeMessage({ header: header(), payloads }), RangeError);
});
