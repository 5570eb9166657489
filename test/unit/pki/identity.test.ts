import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../../core/base/octets.ts';
import { formatIdentity, parseIdentity } from '../../../core/pki/identity.ts';

for (const [text, type, shown] of [
  ['alice', 2, 'alice'],
  ['alice@example.org', 3, 'alice@example.org'],
  ['192.0.2.1', 1, '192.0.2.1'],
  ['2001:db8::1', 5, '2001:db8::1'],
  ['C=CH, O=Example, CN=Alice', 9, 'C=CH, O=Example, CN=Alice'],
  ['@#0a1b', 11, '@#0a1b'],
  ['fqdn:192.0.2.1', 2, '192.0.2.1'],
  ['fqdn:alice@example.org', 2, 'alice@example.org'],
  ['email:alice', 3, 'alice'],
  ['keyid:alice@example.org', 11, 'alice@example.org'],
  ['keyid:#0a1b', 11, '@#0a1b'],
  ['ipv4:192.0.2.1', 1, '192.0.2.1'],
  ['ipv6:2001:db8::1', 5, '2001:db8::1'],
  ['asn1dn:CN=Alice', 9, 'CN=Alice'],
] as const) {
  test(`${text} is ${shown} of type ${type}`, () => {
    const identity = parseIdentity(text);
    assert.ok(identity.ok);
    assert.equal(identity.value.type, type);
    assert.equal(formatIdentity(identity.value), shown);
  });
}

test('a name in hex stays as it is', () => {
  const identity = parseIdentity('asn1dn:#3000');
  assert.ok(identity.ok);
  assert.equal(toHex(identity.value.data), '3000');
});

for (const text of ['ipv4:2001:db8::1', 'ipv6:192.0.2.1', 'ipv4:alice', 'fqdn:', 'email: ', 'asn1dn:alice']) {
  test(`${JSON.stringify(text)} is no identity`, () => {
    assert.equal(parseIdentity(text).ok, false);
  });
}
