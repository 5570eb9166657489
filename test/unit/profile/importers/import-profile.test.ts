import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { limits } from '../../../../core/base/limits.ts';
import { ok } from '../../../../core/base/result.ts';
import { utf8 } from '../../../../core/base/utf8.ts';
import { importProfile } from '../../../../core/profile/importers/import-profile.ts';
import { parseProfile } from '../../../../core/profile/parse-profile.ts';

const certificate = Buffer.from('a certificate in DER, for all this test cares').toString('base64');

/** As strongSwan's app for Android exports it. */
const sswan = {
  uuid: 'b2c9a6f1-2f9d-4f8e-9f0b-0d7f5d1c2a11',
  name: 'Headquarters',
  type: 'ikev2-eap',
  remote: { addr: 'vpn.example.org', id: 'gw.example.org', cert: certificate, revocation: { crl: false } },
  local: { eap_id: 'CORP\\alice' },
  'split-tunneling': { subnets: ['10.0.0.0/8', '192.168.7.9/24', 'nonsense'], excluded: ['10.9.0.0/16'] },
  'dns-servers': '10.1.0.53 not-an-address',
  'ike-proposal': 'aes256-sha256-modp2048,rot13',
  'esp-proposal': 'aes256gcm16',
  mtu: 1_600,
  'nat-keepalive': 25,
};

const read = (value: unknown, name = 'office.sswan') => {
  const imported = importProfile(
    name,
    utf8.encode(typeof value === 'string' ? value : JSON.stringify(value)),
  );
  if (!imported.ok) return imported;
  assert.ok(imported.value.kind === 'profile');
  return ok(imported.value);
};

test('a .sswan becomes a profile that Godwit takes, and what it cannot keep to is told', () => {
  const imported = read(sswan);
  assert.ok(imported.ok);
  const parsed = parseProfile(imported.value.text, 'x.json');
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const profile = JSON.parse(imported.value.text);
  assert.deepEqual(profile.authentication, { method: 'eap-mschapv2', username: 'CORP\\alice' });
  assert.equal(profile.remoteIdentity, 'gw.example.org');
  assert.deepEqual(profile.remoteNetworks, ['10.0.0.0/8', '192.168.7.0/24']);
  assert.deepEqual(profile.dns, { servers: ['10.1.0.53'] });
  assert.deepEqual(profile.proposals, { ike: ['aes256-sha256-modp2048'], esp: ['aes256gcm16'] });
  assert.equal(profile.mtu, 1_500);
  assert.equal(profile.keepaliveSeconds, 25);
  assert.match(profile.trust.ca, /^-----BEGIN CERTIFICATE-----\n[^\n]{1,64}\n/);
  assert.deepEqual(
    imported.value.notes.map(({ code, detail }) => `${code} ${detail.split(':')[0]}`),
    [
      'ignored split-tunneling.excluded',
      'ignored split-tunneling.subnets',
      'changed mtu',
      'ignored ike-proposal',
    ],
  );
});

test('a .sswan that lacks something becomes a draft that says so', () => {
  const imported = read({ type: 'ikev2-eap', remote: {}, local: {} });
  assert.ok(imported.ok);
  const lacking = imported.value.notes.filter(({ code }) => code === 'lacks').map(({ detail }) => detail);
  assert.deepEqual(lacking, ['remote.addr', 'local.eap_id', 'remote.cert']);
  assert.ok(!parseProfile(imported.value.text, 'x').ok);
});

test('EAP-TLS of a .sswan keeps the name of the login server', () => {
  const imported = read({
    ...sswan,
    type: 'ikev2-eap-tls',
    local: { id: 'alice', aaa_id: 'aaa.example.org', p12: 'AA==' },
  });
  assert.ok(imported.ok);
  assert.deepEqual(JSON.parse(imported.value.text).authentication, {
    method: 'eap-tls',
    username: 'alice',
    server: { name: 'aaa.example.org' },
  });
});

test("Godwit's own JSON comes in as it is, mistakes and all, for the editor", () => {
  const text = '{"name":"Office","gateway":"vpn.example.org","mtu":9}';
  const imported = read(`\ufeff${text}`, 'office.json');
  assert.ok(imported.ok);
  assert.equal(imported.value.text, text);
  const files = read({
    name: 'x',
    gateway: 'vpn.example.org',
    authentication: { method: 'eap-mschapv2', username: 'a', passwordFile: '/etc/shadow' },
    trust: { caFile: 'ca.pem' },
  });
  assert.ok(files.ok);
  assert.deepEqual(
    files.value.notes.map(({ detail }) => detail),
    ['trust.caFile', 'authentication.passwordFile'],
  );
});

const pkcs12 = [0x30, 0x82, 0x01, 0x00, 0x02, 0x01, 0x03, 0x30];

test('a PKCS#12 file is known by what it holds, and is to be opened first', () => {
  const octets = Uint8Array.from(pkcs12);
  assert.deepEqual(importProfile('no-matter', octets), ok({ kind: 'key-file', name: 'no-matter', octets }));
});

test('each file that cannot be imported is told from the others', () => {
  const codes = [
    read('hello'),
    read('{}'),
    read({ type: 'ikev2-psk', remote: {} }),
    importProfile('a.p12', Uint8Array.of(...pkcs12, ...new Uint8Array(limits.keyFileOctets))),
    importProfile('x', new Uint8Array(limits.importOctets + 1)),
    importProfile('x', Uint8Array.of(0xff, 0xfe)),
    importProfile('', new Uint8Array(0)),
  ].map((result) => !result.ok && result.error.code);
  assert.deepEqual(codes, [
    'import.unknown',
    'import.unknown',
    'import.unsupported',
    'import.too-large',
    'import.too-large',
    'import.unknown',
    'import.unknown',
  ]);
});

test('hostile files never throw, and what comes of them is JSON that names no prototype', () => {
  const hostile = [
    `{"__proto__":{"polluted":1},"type":"ikev2-eap","remote":{"addr":"x"}}`,
    '['.repeat(200_000),
    `{"type":"ikev2-eap","remote":${'{"a":'.repeat(5_000)}`,
    `{"type":"ikev2-eap","remote":{"addr":"\u202egro.elpmaxe","cert":${JSON.stringify('A'.repeat(100_000))}}}`,
  ];
  for (const text of hostile) {
    const imported = read(text);
    if (imported.ok) assert.equal(typeof JSON.parse(imported.value.text), 'object');
  }
  assert.equal(Reflect.get({}, 'polluted'), undefined);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      importProfile('x', octets);
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(
      fc.record({
        type: fc.constantFrom('ikev2-eap', 'ikev2-eap-tls'),
        remote: fc.jsonValue(),
        local: fc.jsonValue(),
        'split-tunneling': fc.jsonValue(),
        'dns-servers': fc.jsonValue(),
        'ike-proposal': fc.jsonValue(),
        mtu: fc.jsonValue(),
        name: fc.jsonValue(),
      }),
      (document) => {
        const imported = read(document);
        if (imported.ok) parseProfile(imported.value.text, 'x');
      },
    ),
    { numRuns: 300 },
  );
});
