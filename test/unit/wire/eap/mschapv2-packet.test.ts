import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../../../core/base/octets.ts';
import {
  decodeMschapv2Request,
  decodeMschapv2Response,
  encodeMschapv2Request,
  encodeMschapv2Response,
  type Mschapv2Request,
  type Mschapv2Response,
} from '../../../../core/wire/eap/mschapv2-packet.ts';
import { malformedDetail, must } from '../support.ts';

const text = (value: string) => new TextEncoder().encode(value);
const fill = (octets: number, octet: number) => new Uint8Array(octets).fill(octet);

const requests: readonly (readonly [octets: string, request: Mschapv2Request])[] = [
  [
    `01 2a 0017 10 ${'c1'.repeat(16)} 6777`,
    { kind: 'challenge', id: 42, challenge: fill(16, 0xc1), name: text('gw') },
  ],
  ['03 2a 0007 533d41', { kind: 'success', id: 42, message: text('S=A') }],
  ['04 2a 0009 453d363931', { kind: 'failure', id: 42, message: text('E=691') }],
];

for (const [octets, request] of requests) {
  test(`request ${request.kind}: octets to value and back`, () => {
    assert.deepEqual(must(decodeMschapv2Request(fromHex(octets))), request);
    assert.equal(toHex(encodeMschapv2Request(request)), octets.replaceAll(' ', ''));
  });
}

const responses: readonly (readonly [octets: string, response: Mschapv2Response])[] = [
  [
    `02 2a 003b 31 ${'aa'.repeat(16)} ${'00'.repeat(8)} ${'bb'.repeat(24)} 00 616c696365`,
    {
      kind: 'response',
      id: 42,
      peerChallenge: fill(16, 0xaa),
      ntResponse: fill(24, 0xbb),
      name: text('alice'),
    },
  ],
  ['03', { kind: 'success-acknowledged' }],
  ['04', { kind: 'failure-acknowledged' }],
  [
    `07 2b 024a ${'11'.repeat(516)} ${'22'.repeat(16)} ${'33'.repeat(16)} ${'00'.repeat(8)} ${'44'.repeat(24)} 0000`,
    {
      kind: 'change-password',
      id: 43,
      encryptedPassword: fill(516, 0x11),
      encryptedHash: fill(16, 0x22),
      peerChallenge: fill(16, 0x33),
      ntResponse: fill(24, 0x44),
    },
  ],
];

for (const [octets, response] of responses) {
  test(`response ${response.kind}: octets to value and back`, () => {
    assert.deepEqual(must(decodeMschapv2Response(fromHex(octets))), response);
    assert.equal(toHex(encodeMschapv2Response(response)), octets.replaceAll(' ', ''));
  });
}

test('octets behind MS-Length are not part of the name or the message', () => {
  const request = must(decodeMschapv2Request(fromHex('03 2a 0007 533d41 ffff')));
  assert.deepEqual(request, { kind: 'success', id: 42, message: text('S=A') });
});

const wrongRequests = [
  ['', 0],
  ['01', 1],
  ['03 2a 0003', 4],
  ['03 2a 0008 533d41', 4],
  [`01 2a 0015 0f ${'c1'.repeat(16)}`, 5],
  [`01 2a 0015 11 ${'c1'.repeat(16)}`, 5],
  [`01 2a 0014 10 ${'c1'.repeat(15)}`, 5],
  ['02 2a 0004', 4],
  ['07 2a 0004', 4],
] as const;

for (const [octets, offset] of wrongRequests) {
  test(`malformed request: ${octets || 'nothing'}`, () => {
    assert.equal(malformedDetail(decodeMschapv2Request(fromHex(octets)))['offset'], offset);
  });
}

test('a response cut at any octet is malformed', () => {
  for (const [octets] of responses) {
    const whole = fromHex(octets);
    // A response with a shorter MS-Length than its fields need.
    for (let length = 4; length < Math.min(whole.length, 54); length++) {
      const cut = whole.slice(0, length);
      new DataView(cut.buffer).setUint16(2, length);
      malformedDetail(decodeMschapv2Response(cut));
    }
    for (let length = 0; length < whole.length; length++) {
      const result = decodeMschapv2Response(whole.subarray(0, length));
      assert.equal(result.ok, false);
    }
  }
});

test('a field of the wrong size is a bug of the caller', () => {
  const response = {
    kind: 'response',
    id: 1,
    peerChallenge: fill(15, 0),
    ntResponse: fill(24, 0),
    name: text(''),
  } as const;
  assert.throws(() => encodeMschapv2Response(response), RangeError);
});
