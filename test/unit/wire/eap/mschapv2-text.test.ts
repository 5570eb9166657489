import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../../core/base/limits.ts';
import { fromHex, toHex } from '../../../../core/base/octets.ts';
import {
  encodeMschapv2Failure,
  encodeMschapv2Success,
  type Mschapv2Failure,
  parseMschapv2Failure,
  parseMschapv2Success,
} from '../../../../core/wire/eap/mschapv2-text.ts';
import { malformedDetail, must } from '../support.ts';

const text = (value: string) => new TextEncoder().encode(value);
const proof = '407A5589115FD0D6209F510FE9C04566932CDA56';

test('the proof of RFC 2759 9.2, with a message, in small letters, alone', () => {
  const success = must(parseMschapv2Success(text(`S=${proof} M=Welcome S=x`)));
  assert.equal(toHex(success.authenticatorResponse).toUpperCase(), proof);
  assert.equal(success.message, 'Welcome S=x');
  assert.equal(must(parseMschapv2Success(text(`S=${proof.toLowerCase()}`))).message, '');
});

test('a success without a whole proof is malformed', () => {
  for (const bad of [
    '',
    'S=',
    `S=${proof.slice(1)}`,
    `S=${proof}0`,
    `M=hi S=${proof}`,
    `S=${'G'.repeat(40)}`,
  ]) {
    malformedDetail(parseMschapv2Success(text(bad)));
  }
});

test('what is encoded is parsed', () => {
  const octets = fromHex(proof);
  assert.deepEqual(must(parseMschapv2Success(encodeMschapv2Success(octets, 'hi'))), {
    authenticatorResponse: octets,
    message: 'hi',
  });
  const failure = {
    error: 691,
    retry: true,
    challenge: new Uint8Array(16).fill(0xc1),
    version: 3,
    message: 'no',
  };
  assert.deepEqual(parseMschapv2Failure(encodeMschapv2Failure(failure)), failure);
});

const failures: readonly (readonly [text: string, failure: Mschapv2Failure])[] = [
  [
    `E=691 R=1 C=${'c1'.repeat(16)} V=3 M=Authentication failed`,
    {
      error: 691,
      retry: true,
      challenge: new Uint8Array(16).fill(0xc1),
      version: 3,
      message: 'Authentication failed',
    },
  ],
  ['E=648 R=0 V=3', { error: 648, retry: false, version: 3, message: '' }],
  ['E=691', { error: 691, retry: false, message: '' }],
  ['', { retry: false, message: '' }],
  ['M=E=691 R=1', { retry: false, message: 'E=691 R=1' }],
  ['E=12345678901 R=2 C=00 V=x', { retry: false, message: '' }],
  ['E=647 M=line\nbreak', { error: 647, retry: false, message: 'line\\u{a}break' }],
];

for (const [octets, failure] of failures) {
  test(`failure text ${JSON.stringify(octets)}`, () => {
    assert.deepEqual(parseMschapv2Failure(text(octets)), failure);
  });
}

test('the message is bounded and any octets are text', () => {
  const long = parseMschapv2Failure(text(`E=691 M=${'x'.repeat(60_000)}`));
  assert.equal(long.message.length, limits.peerTextCharacters + 1);
  assert.equal(parseMschapv2Failure(fromHex('453d36393120ff4d3dfe')).retry, false);
});
