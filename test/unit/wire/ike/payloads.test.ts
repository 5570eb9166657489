import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ipAddress } from '../../../../core/base/address.ts';
import { limits } from '../../../../core/base/limits.ts';
import { concat, fromHex, toHex } from '../../../../core/base/octets.ts';
import { decodeMessage, encodeMessage } from '../../../../core/wire/ike/message.ts';
import { notatePayload } from '../../../../core/wire/ike/notation.ts';
import type { Payload } from '../../../../core/wire/ike/payload.ts';
import { idBody } from '../../../../core/wire/ike/payloads/id.ts';
import { payloadType } from '../../../../core/wire/registry/payload-types.ts';
import { header, malformedDetail, must } from '../support.ts';

const none = new Uint8Array(0);
const v4 = (...octets: number[]) => ipAddress(Uint8Array.from(octets));
const v6 = (hex: string) => ipAddress(fromHex(hex));
const text = (value: string) => new TextEncoder().encode(value);

/** A message of one payload whose body is `body`, which starts at octet 32. */
function messageWith(type: number, body: string | Uint8Array): Uint8Array {
  const octets = typeof body === 'string' ? fromHex(body) : body;
  const payload = { kind: 'unknown', type, critical: false, body: octets } as const;
  return encodeMessage({ header: header(), payloads: [payload] });
}

function decodeBody(type: number, body: string | Uint8Array): Payload {
  const decoded = must(decodeMessage(messageWith(type, body)));
  if (decoded.encrypted !== undefined) return assert.fail('it is in the clear');
  const [payload] = decoded.payloads;
  return payload ?? assert.fail('no payload');
}

/** Body in hexadecimal, the value that it is, and what a log shows of it. */
const bodies: readonly (readonly [name: string, body: string, payload: Payload, notation: string])[] = [
  [
    'ESP proposals with SPI, key length and ESN',
    '02000028 0103 0403 c0ffee01 0300000c 0100000c 800e0100 03000008 0300000c 00000008 05000000' +
      '00000020 0203 0402 c0ffee02 0300000c 01000014 800e0080 00000008 05000001',
    {
      kind: 'SA',
      proposals: [
        {
          number: 1,
          protocol: 3,
          spi: fromHex('c0ffee01'),
          transforms: [
            { type: 1, id: 12, keyBits: 256 },
            { type: 3, id: 12 },
            { type: 5, id: 0 },
          ],
        },
        {
          number: 2,
          protocol: 3,
          spi: fromHex('c0ffee02'),
          transforms: [
            { type: 1, id: 20, keyBits: 128 },
            { type: 5, id: 1 },
          ],
        },
      ],
    },
    'SAi2(1:ESP spi c0ffee01 {ENCR AES_CBC/256, INTEG HMAC_SHA2_256_128, ESN NO_ESN} | ' +
      '2:ESP spi c0ffee02 {ENCR AES_GCM_16/128, ESN ESN})',
  ],
  ['KE', '0013 0000 aabbcc', { kind: 'KE', group: 19, publicValue: fromHex('aabbcc') }, 'KEi(ECP_256 3)'],
  ['IDi by name', '02 000000 616c696365', { kind: 'IDi', type: 2, data: text('alice') }, 'IDi(alice)'],
  [
    'IDr by address',
    '01 000000 c0000201',
    { kind: 'IDr', type: 1, data: fromHex('c0000201') },
    'IDr(192.0.2.1)',
  ],
  ['IDr by DN', '09 000000 3000', { kind: 'IDr', type: 9, data: fromHex('3000') }, 'IDr(ID_DER_ASN1_DN 2)'],
  ['CERT', '04 308201', { kind: 'CERT', encoding: 4, data: fromHex('308201') }, 'CERT(X509_SIGNATURE 3)'],
  [
    'CERTREQ',
    `04${'ab'.repeat(40)}`,
    { kind: 'CERTREQ', encoding: 4, authorities: new Uint8Array(40).fill(0xab) },
    'CERTREQ(X509_SIGNATURE 2 CAs)',
  ],
  [
    'AUTH',
    '0e 000000 0102',
    { kind: 'AUTH', method: 14, data: fromHex('0102') },
    'AUTH(DIGITAL_SIGNATURE 2)',
  ],
  ['Nonce', '11'.repeat(32), { kind: 'Nonce', nonce: new Uint8Array(32).fill(0x11) }, 'Ni(32)'],
  [
    'N(REKEY_SA) with an SPI',
    '03 04 4009 c0ffee01',
    { kind: 'N', protocol: 3, spi: fromHex('c0ffee01'), type: 16393, data: none },
    'N(REKEY_SA ESP c0ffee01)',
  ],
  [
    'N(INVALID_KE_PAYLOAD)',
    '00 00 0011 0014',
    { kind: 'N', protocol: 0, spi: none, type: 17, data: fromHex('0014') },
    'N(INVALID_KE_PAYLOAD ECP_384)',
  ],
  [
    'N(MS_STATUS)',
    '00 00 3039 000035f8',
    { kind: 'N', protocol: 0, spi: none, type: 12345, data: fromHex('000035f8') },
    'N(MS_STATUS 13816)',
  ],
  [
    'N(COOKIE), as a length',
    '00 00 4006 0102030405',
    { kind: 'N', protocol: 0, spi: none, type: 16390, data: fromHex('0102030405') },
    'N(COOKIE +5)',
  ],
  [
    'a private notify',
    '00 00 a000',
    { kind: 'N', protocol: 0, spi: none, type: 40960, data: none },
    'N(40960/0xa000)',
  ],
  ['Delete of the IKE SA', '01 00 0000', { kind: 'D', protocol: 1, spis: [] }, 'D(IKE)'],
  [
    'Delete of two CHILD SAs',
    '03 04 0002 c0ffee01 00000100',
    { kind: 'D', protocol: 3, spis: [0xc0ffee01, 0x100] },
    'D(ESP c0ffee01 00000100)',
  ],
  ['Vendor ID', '4f5045', { kind: 'V', vendorId: fromHex('4f5045') }, 'V(4f5045)'],
  [
    'TSi of both families',
    '02000000 07000010 0000ffff 0a010007 0a010007' +
      '08060028 01bb01bb 20010db8000000000000000000000000 20010db8ffffffffffffffffffffffff',
    {
      kind: 'TSi',
      selectors: [
        { protocol: 0, startPort: 0, endPort: 65535, start: v4(10, 1, 0, 7), end: v4(10, 1, 0, 7) },
        {
          protocol: 6,
          startPort: 443,
          endPort: 443,
          start: v6('20010db8000000000000000000000000'),
          end: v6('20010db8ffffffffffffffffffffffff'),
        },
      ],
    },
    'TSi(10.1.0.7/32, 2001:db8::/32[TCP/443])',
  ],
  [
    'TSr with a range and opaque ports',
    '01000000 07110010 ffff0000 0a000001 0a000009',
    {
      kind: 'TSr',
      selectors: [
        { protocol: 17, startPort: 65535, endPort: 0, start: v4(10, 0, 0, 1), end: v4(10, 0, 0, 9) },
      ],
    },
    'TSr(10.0.0.1-10.0.0.9[UDP/opaque])',
  ],
  [
    'configuration request',
    '01000000 00010000 00030000 00080000',
    {
      kind: 'CP',
      type: 1,
      attributes: [
        { type: 1, value: none },
        { type: 3, value: none },
        { type: 8, value: none },
      ],
    },
    'CPRQ(ADDR DNS ADDR6)',
  ],
  [
    'configuration reply',
    '02000000 00010004 0a010007 000d0008 0a000000ff000000 00190003 6c616e 5ba00001 01',
    {
      kind: 'CP',
      type: 2,
      attributes: [
        { type: 1, value: fromHex('0a010007') },
        { type: 13, value: fromHex('0a000000ff000000') },
        { type: 25, value: text('lan') },
        { type: 23456, value: fromHex('01') },
      ],
    },
    'CPRP(ADDR=10.1.0.7 SUBNET=10.0.0.0/255.0.0.0 DOMAIN=lan INTERNAL_IP4_SERVER+1)',
  ],
  [
    'EAP identity request',
    '01 07 0005 01',
    { kind: 'EAP', packet: fromHex('0107000501') },
    'EAP(request 7 Identity 5)',
  ],
];

for (const [name, body, payload, notation] of bodies) {
  const type = payload.kind === 'unknown' ? payload.type : payloadType[payload.kind];
  test(`${name}: octets to value and back`, () => {
    assert.deepEqual(decodeBody(type, body), payload);
    const encoded = encodeMessage({ header: header(), payloads: [payload] });
    assert.equal(toHex(encoded.subarray(32)), body.replaceAll(' ', ''));
  });
  test(`${name}: ${notation}`, () => {
    assert.equal(notatePayload(payload, header()), notation);
  });
}

const wrong: readonly (readonly [name: string, type: number, body: string, offset: number])[] = [
  ['SA without a proposal', 33, '', 32],
  ['KE cut in its header', 34, '0013 00', 34],
  ['IPv4 identity of five octets', 35, '01 000000 c000020100', 41],
  ['IPv6 identity of four octets', 36, '05 000000 c0000201', 40],
  ['CERT without encoding', 37, '', 32],
  ['nonce of 257 octets', 40, 'aa'.repeat(257), 32],
  ['notify of three octets', 41, '000040', 34],
  ['Delete of ESP with SPIs of eight octets', 42, '03 08 0001 0000000000000001', 36],
  ['Delete of the IKE SA with an SPI', 42, '01 04 0001 00000001', 36],
  ['Delete with fewer SPIs than counted', 42, '03 04 0002 00000001', 40],
  ['Delete with more SPIs than counted', 42, '03 04 0001 00000001 00000002', 40],
  ['Delete of more SPIs than anyone has', 42, `03 04 0101 ${'00000100'.repeat(257)}`, 36],
  ['Delete of the IKE SA with an SPI of no octets', 42, '01 00 0001 00000001', 36],
  ['selector that counts two and has one', 44, '02000000 07000010 0000ffff 0a000001 0a000001', 52],
  ['selector length below its header', 44, '01000000 07000003 0000ffff 0a000001 0a000001', 40],
  ['IPv4 selector with the length of IPv6', 45, `01000000 07000028 0000ffff ${'00'.repeat(32)}`, 44],
  ['IPv6 selector with the length of IPv4', 45, '01000000 08000010 0000ffff 0a000001 0a000001', 44],
  ['selector that ends before it starts', 45, '01000000 07000010 0000ffff 0a000002 0a000001', 52],
  ['octets behind the last selector', 44, '00000000 00', 36],
  ['configuration attribute past the end', 47, '01000000 00010005 0a000001', 40],
  ['configuration attribute cut in its header', 47, '01000000 000100', 38],
];

for (const [name, type, body, offset] of wrong) {
  test(`malformed at its exact offset: ${name}`, () => {
    assert.equal(malformedDetail(decodeMessage(messageWith(type, body)))['offset'], offset);
  });
}

test('transform attributes: an unknown one, a second or a long Key Length mark the transform', () => {
  const transform = (attributes: string) => {
    const octets = attributes.replaceAll(' ', '').length / 2;
    const length = (n: number) => n.toString(16).padStart(4, '0');
    const body = `0000${length(16 + octets)} 01010001 0000${length(8 + octets)} 01000014 ${attributes}`;
    const payload = decodeBody(33, body);
    return payload.kind === 'SA' ? payload.proposals[0]?.transforms[0] : undefined;
  };
  assert.deepEqual(transform('800e0100'), { type: 1, id: 20, keyBits: 256 });
  assert.deepEqual(transform('800f0100'), { type: 1, id: 20, unknownAttribute: true });
  assert.deepEqual(transform('000e0002 0100'), { type: 1, id: 20, unknownAttribute: true });
  assert.deepEqual(transform('800e0100 800e0080'), { type: 1, id: 20, keyBits: 256, unknownAttribute: true });
});

test('the encoder does not repeat a transform that was not understood', () => {
  const transforms = [{ type: 1, id: 20, unknownAttribute: true }];
  const payloads = [{ kind: 'SA', proposals: [{ number: 1, protocol: 1, spi: none, transforms }] }] as const;
  assert.throws(() => encodeMessage({ header: header(), payloads }), RangeError);
});

test('the bounds on lists hold', () => {
  const attribute = fromHex('00010000');
  const attributes = (count: number) =>
    concat(fromHex('01000000'), ...new Array<Uint8Array>(count).fill(attribute));
  assert.equal(decodeBody(47, attributes(limits.configAttributes)).kind, 'CP');
  assert.equal(
    malformedDetail(decodeMessage(messageWith(47, attributes(limits.configAttributes + 1))))['reason'],
    'too many attributes',
  );
  const proposal = fromHex('02000008 01010000');
  const last = fromHex('00000008 01010000');
  const proposals = (count: number) => concat(...new Array<Uint8Array>(count - 1).fill(proposal), last);
  assert.equal(decodeBody(33, proposals(limits.proposalsPerSa)).kind, 'SA');
  assert.equal(
    malformedDetail(decodeMessage(messageWith(33, proposals(limits.proposalsPerSa + 1))))['reason'],
    'too many proposals',
  );
  const certificate = (octets: number) => messageWith(37, new Uint8Array(octets + 1));
  assert.equal(decodeMessage(certificate(limits.certificateOctets)).ok, true);
  assert.equal(
    malformedDetail(decodeMessage(certificate(limits.certificateOctets + 1)))['reason'],
    'certificate too large',
  );
  const manyTransforms = fromHex(`00000410 010100 81 ${'03000008 02000005'.repeat(129)}`);
  assert.equal(
    malformedDetail(decodeMessage(messageWith(33, manyTransforms)))['reason'],
    'too many transforms',
  );
  const manyAttributes = fromHex(`00000034 01010001 0000002c 01000014 ${'800f0000'.repeat(9)}`);
  assert.equal(
    malformedDetail(decodeMessage(messageWith(33, manyAttributes)))['reason'],
    'too many attributes',
  );
});

test('a selector of a type that we do not know is left out, the others stay', () => {
  const payload = decodeBody(44, '02000000 0a000008 00000001 07000010 0000ffff 00000000 ffffffff');
  if (payload.kind !== 'TSi') return assert.fail(payload.kind);
  assert.equal(notatePayload(payload, header()), 'TSi(0.0.0.0/0)');
});

test('the signed body of an identity is type, three zero octets and data', () => {
  assert.equal(toHex(idBody({ kind: 'IDr', type: 2, data: text('gw') })), '020000006777');
});
