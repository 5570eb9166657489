import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkOccurrence } from '../../../../core/wire/ike/message-rules.ts';
import type { IkeHeader, Payload } from '../../../../core/wire/ike/payload.ts';
import { header } from '../support.ts';

const octets = new Uint8Array(0);

/** One payload of each kind; the values do not matter here. */
const sample: Readonly<Record<string, Payload>> = {
  SA: { kind: 'SA', proposals: [] },
  KE: { kind: 'KE', group: 31, publicValue: octets },
  Nonce: { kind: 'Nonce', nonce: new Uint8Array(16) },
  IDi: { kind: 'IDi', type: 2, data: octets },
  IDr: { kind: 'IDr', type: 2, data: octets },
  CERT: { kind: 'CERT', encoding: 4, data: octets },
  CERTREQ: { kind: 'CERTREQ', encoding: 4, authorities: octets },
  AUTH: { kind: 'AUTH', method: 14, data: octets },
  N: { kind: 'N', protocol: 0, spi: octets, type: 14, data: octets },
  D: { kind: 'D', protocol: 1, spis: [] },
  V: { kind: 'V', vendorId: octets },
  TSi: { kind: 'TSi', selectors: [] },
  TSr: { kind: 'TSr', selectors: [] },
  CP: { kind: 'CP', type: 1, attributes: [] },
  EAP: { kind: 'EAP', packet: octets },
  unknown: { kind: 'unknown', type: 200, critical: false, body: octets },
  critical: { kind: 'unknown', type: 201, critical: true, body: octets },
};

type Exchange = 'init' | 'auth' | 'child' | 'info';
const exchanges: Readonly<Record<Exchange, number>> = { init: 34, auth: 35, child: 36, info: 37 };

function check(exchange: Exchange, direction: 'request' | 'response', kinds: string, encrypted?: boolean) {
  const names = kinds.split(' ').filter((name) => name !== '');
  const payloads = names.map((name) => sample[name] ?? assert.fail(`no sample of ${name}`));
  const changes: Partial<IkeHeader> = { exchange: exchanges[exchange], isResponse: direction === 'response' };
  return checkOccurrence({ header: header(changes), payloads }, encrypted ?? exchange !== 'init');
}

const good: readonly (readonly [Exchange, 'request' | 'response', string])[] = [
  ['init', 'request', 'SA KE Nonce N N N V'],
  ['init', 'request', 'N Nonce KE SA unknown'],
  ['init', 'response', 'SA KE Nonce N N CERTREQ V'],
  ['init', 'response', 'N'],
  ['auth', 'request', 'IDi CERTREQ IDr CP SA TSi TSr N N'],
  ['auth', 'request', 'IDi CERT CERT AUTH CERTREQ IDr CP SA TSi TSr'],
  ['auth', 'request', 'EAP'],
  ['auth', 'request', 'AUTH'],
  ['auth', 'response', 'IDr CERT CERT AUTH EAP'],
  ['auth', 'response', 'IDr AUTH SA TSi TSr CP N'],
  ['auth', 'response', 'IDr AUTH N'],
  ['auth', 'response', 'AUTH CP N N N'],
  ['auth', 'response', 'EAP'],
  ['auth', 'response', 'EAP N'],
  ['auth', 'response', 'AUTH CP SA TSi TSr N'],
  ['auth', 'response', 'N'],
  ['child', 'request', 'N SA Nonce KE TSi TSr'],
  ['child', 'request', 'SA Nonce KE'],
  ['child', 'response', 'SA Nonce TSi TSr'],
  ['child', 'response', 'N'],
  ['info', 'request', ''],
  ['info', 'request', 'D D N'],
  ['info', 'response', 'CP'],
];

for (const [exchange, direction, kinds] of good) {
  test(`allowed: ${exchange} ${direction} with ${kinds || 'nothing'}`, () => {
    const result = check(exchange, direction, kinds);
    assert.equal(result.ok, true, result.ok ? '' : JSON.stringify(result.error.detail));
  });
}

const bad: readonly (readonly [Exchange, 'request' | 'response', string, RegExp])[] = [
  ['init', 'request', 'SA KE', /has none of: SA with KE with Nonce/],
  ['init', 'request', 'N', /has none of/],
  ['init', 'request', 'SA SA KE Nonce', /2 SA payloads/],
  ['init', 'request', 'SA KE Nonce CERTREQ', /1 CERTREQ payloads/],
  ['init', 'response', 'SA KE Nonce AUTH', /1 AUTH payloads/],
  ['auth', 'request', 'IDi SA TSi', /lacks TSr/],
  ['auth', 'request', 'IDi TSi TSr', /lacks SA/],
  ['auth', 'request', 'CERTREQ', /has none of: IDi; EAP; AUTH/],
  ['auth', 'response', 'IDr EAP EAP', /2 EAP payloads/],
  ['auth', 'response', 'IDr AUTH AUTH', /2 AUTH payloads/],
  ['auth', 'response', 'IDr D', /1 D payloads/],
  ['auth', 'response', '', /has none of/],
  ['child', 'request', 'SA TSi TSr', /has none of: SA with Nonce/],
  ['child', 'response', 'SA Nonce TSi', /lacks TSr/],
  ['info', 'request', 'AUTH', /1 AUTH payloads/],
];

for (const [exchange, direction, kinds, rule] of bad) {
  test(`refused: ${exchange} ${direction} with ${kinds || 'nothing'}`, () => {
    const result = check(exchange, direction, kinds);
    if (result.ok) return assert.fail('allowed');
    assert.equal(result.error.code, 'peer.misbehaved');
    assert.match(String(result.error.detail['rule']), rule);
  });
}

test('a critical payload that we do not know is told by its type, whatever else is wrong', () => {
  const result = check('info', 'request', 'critical AUTH');
  if (result.ok) return assert.fail('allowed');
  assert.equal(result.error.code, 'peer.critical-payload');
  assert.equal(result.error.detail['type'], 201);
});

test('only IKE_SA_INIT is in the clear', () => {
  assert.equal(check('init', 'request', 'SA KE Nonce', true).ok, false);
  assert.equal(check('auth', 'response', 'N', false).ok, false);
  assert.equal(check('info', 'response', '', false).ok, false);
});

test('an exchange that we do not know is refused', () => {
  const result = checkOccurrence({ header: header({ exchange: 99 }), payloads: [] }, true);
  assert.equal(result.ok, false);
});
