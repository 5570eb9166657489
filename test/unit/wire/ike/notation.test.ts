import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../../core/base/limits.ts';
import { fromHex } from '../../../../core/base/octets.ts';
import { decodeMessage, encodeMessage } from '../../../../core/wire/ike/message.ts';
import { notateDecoded, notateMessage } from '../../../../core/wire/ike/notation.ts';
import type { Payload } from '../../../../core/wire/ike/payload.ts';
import { header, must } from '../support.ts';

const none = new Uint8Array(0);
const text = (value: string) => new TextEncoder().encode(value);

test('a login request reads as in the RFC', () => {
  const payloads: Payload[] = [
    { kind: 'IDi', type: 2, data: text('alice') },
    { kind: 'CERTREQ', encoding: 4, authorities: new Uint8Array(20) },
    {
      kind: 'CP',
      type: 1,
      attributes: [1, 8, 3].map((type) => ({ type, value: none })),
    },
    { kind: 'N', protocol: 0, spi: none, type: 16417, data: none },
  ];
  assert.equal(
    notateMessage({ header: header(), payloads }),
    'IKE_AUTH 1 → HDR, SK {IDi(alice), CERTREQ(X509_SIGNATURE 1 CAs), CPRQ(ADDR ADDR6 DNS), N(EAP_ONLY_AUTHENTICATION)}',
  );
});

test('a response points the other way; an empty message is empty braces', () => {
  const response = header({ exchange: 37, isResponse: true, messageId: 7 });
  assert.equal(notateMessage({ header: response, payloads: [] }), 'INFORMATIONAL 7 ← HDR, SK {}');
  assert.equal(notateMessage({ header: response, payloads: [] }, false), 'INFORMATIONAL 7 ← HDR');
});

test('of a sealed datagram the length shows, of a fragment its number', () => {
  const sealed = (type: number, body: string) => {
    const payload = { kind: 'unknown', type, critical: false, body: fromHex(body) } as const;
    return notateDecoded(must(decodeMessage(encodeMessage({ header: header(), payloads: [payload] }))));
  };
  assert.equal(sealed(46, '00'.repeat(40)), 'IKE_AUTH 1 → HDR, SK {40 octets}');
  assert.equal(sealed(53, `00020003${'00'.repeat(40)}`), 'IKE_AUTH 1 → HDR, SKF(2/3) {40 octets}');
});

test('nonces, key exchange values, EAP data and unknown bodies do not show', () => {
  const secret = new Uint8Array(16).fill(0xab);
  const payloads: Payload[] = [
    { kind: 'Nonce', nonce: secret },
    { kind: 'KE', group: 31, publicValue: secret },
    { kind: 'AUTH', method: 2, data: secret },
    { kind: 'EAP', packet: fromHex(`02010015 1a ${'ab'.repeat(16)}`) },
    { kind: 'N', protocol: 0, spi: none, type: 16390, data: secret },
    { kind: 'unknown', type: 200, critical: true, body: secret },
  ];
  const line = notateMessage({ header: header({ exchange: 36 }), payloads });
  assert.equal(
    line,
    'CREATE_CHILD_SA 1 → HDR, SK {Ni(16), KEi(CURVE25519 16), AUTH(SHARED_KEY_MIC 16), ' +
      'EAP(response 1 MSCHAPv2 21), N(COOKIE +16), 200/0xc8!(16)}',
  );
});

test('what a peer writes can not start a new line, move the cursor, or turn the writing around', () => {
  const data = text('a\n\u001b[2J\u202e\\ü\u0000');
  const line = notateMessage({ header: header(), payloads: [{ kind: 'IDr', type: 2, data }] });
  assert.equal(line, 'IKE_AUTH 1 → HDR, SK {IDr(a\\u{a}\\u{1b}[2J\\u{202e}\\u{5c}ü\\u{0})}');
});

test('the line is bounded, however much a message holds', () => {
  const id: Payload = { kind: 'IDr', type: 2, data: new Uint8Array(60_000).fill(0x61) };
  assert.ok(notateMessage({ header: header(), payloads: [id] }).length < 120);
  const line = notateMessage({ header: header(), payloads: new Array<Payload>(64).fill(id) });
  assert.equal(line.length, limits.notationCharacters);
  assert.ok(line.endsWith('…'));
});
