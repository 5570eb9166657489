import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePkcs11Uri } from '../../../core/profile/pkcs11-uri.ts';

test('a URI is read part by part, percent signs undone', () => {
  const uri = parsePkcs11Uri(
    'pkcs11:token=Alice%20Card;serial=DECC0401;object=VPN;id=%01%ff;slot-id=3;type=cert?module-path=/usr/lib/m.so',
  );
  assert.ok(uri.ok);
  const { text, ...parts } = uri.value;
  assert.match(text, /^pkcs11:/);
  assert.deepEqual(parts, {
    token: 'Alice Card',
    serial: 'DECC0401',
    manufacturer: undefined,
    model: undefined,
    slotId: 3,
    object: 'VPN',
    id: Uint8Array.of(1, 255),
    modulePath: '/usr/lib/m.so',
  });
  assert.ok(parsePkcs11Uri('pkcs11:').ok, 'any certificate on any token');
});

for (const [text, reason] of [
  ['token=x', /begin with/],
  ['pkcs11:token=x;token=y', /twice/],
  ['pkcs11:colour=red', /not known here: "colour"/],
  ['pkcs11:token', /not known here: "token"/],
  ['pkcs11:token=%zz', /percent/],
  ['pkcs11:token=%ff', /UTF-8/],
  ['pkcs11:slot-id=x', /number/],
  ['pkcs11:type=public', /`cert`/],
  ['pkcs11:?module-path=m.so', /absolute/],
  ['pkcs11:?pin-value=1234', /the PIN is asked for/],
  ['pkcs11:?pin-source=file:/etc/pin', /the PIN is asked for/],
  ['pkcs11:a?b?c', /one "\?"/],
] as const) {
  test(`${text} is refused in words`, () => {
    const uri = parsePkcs11Uri(text);
    assert.ok(!uri.ok);
    assert.match(uri.error, reason);
    assert.doesNotMatch(uri.error, /1234/);
  });
}
