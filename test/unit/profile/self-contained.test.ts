import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProfile } from '../../../core/profile/parse-profile.ts';
import { makeSelfContained, requireSelfContained } from '../../../core/profile/self-contained.ts';
import { profileText } from './examples.ts';

const ca = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

function parse(text: string) {
  const profile = parseProfile(text, 'office.json');
  assert.ok(profile.ok, JSON.stringify(profile));
  return profile.value;
}

test('a profile with files becomes one without, and is the same otherwise', () => {
  const text = profileText({
    authentication: { method: 'eap-mschapv2', username: 'alice', passwordFile: 'pw' },
    mtu: 1300,
  });
  const before = parse(text);
  for (const source of [text, `\ufeff${text}`, JSON.stringify(JSON.parse(text))]) {
    const after = parse(makeSelfContained(source, { gateway: ca }));
    assert.deepEqual(after, {
      ...before,
      trust: { kind: 'inline', ca },
      authentication: { ...before.authentication, passwordFile: undefined },
    });
    assert.ok(requireSelfContained(after, 'office.json').ok);
  }
});

test('a profile that has its CA inside keeps it', () => {
  const text = profileText({ trust: { ca } });
  assert.deepEqual(parse(makeSelfContained(text, { gateway: ca })), parse(text));
});

test('the daemon refuses a profile of a client that names a file', () => {
  const trust = requireSelfContained(parse(profileText()), 'office.json');
  assert.equal(trust.ok ? undefined : trust.error.detail['field'], 'trust.caFile');
  const authentication = { method: 'eap-mschapv2', username: 'alice', passwordFile: '/etc/shadow' };
  const password = requireSelfContained(parse(profileText({ trust: { ca }, authentication })), 'office.json');
  assert.equal(password.ok ? undefined : password.error.detail['field'], 'authentication.passwordFile');
});

test('the files of the login server and of a certificate of ones own go the same way', () => {
  const text = profileText({
    authentication: {
      method: 'eap-tls',
      username: 'alice',
      certificate: { certificateFile: 'alice.pem' },
      server: { name: 'radius.example.org', caFile: 'radius-ca.pem' },
    },
  });
  const after = parse(
    makeSelfContained(text, { gateway: ca }, [
      {
        path: ['authentication'],
        loginServer: ca,
        certificates: [{ path: ['certificate'], certificate: { pkcs12: 'MAA=', name: 'alice.p12' } }],
      },
    ]),
  );
  assert.deepEqual(after.authentication, {
    method: 'eap-tls',
    username: 'alice',
    eapIdentity: 'alice',
    certificate: { kind: 'inline', name: 'alice.p12', octets: Uint8Array.of(0x30, 0) },
    server: { name: 'radius.example.org', trust: { kind: 'inline', ca } },
  });
  assert.ok(requireSelfContained(after, 'office.json').ok);
  for (const [change, field] of [
    [{ server: { caFile: 'ca.pem' } }, 'authentication.server.caFile'],
    [{ certificate: { pkcs12File: 'alice.p12' } }, 'authentication.certificate'],
  ] as const) {
    const authentication = { method: 'eap-tls', username: 'alice', ...change };
    const refused = requireSelfContained(
      parse(profileText({ trust: { ca }, authentication })),
      'office.json',
    );
    assert.equal(refused.ok ? undefined : refused.error.detail['field'], field);
  }
});

test('a second proof and the other ways are no way around: their files go along, or are refused', () => {
  const files = {
    secondAuthentication: {
      method: 'eap-ttls',
      username: 'alice',
      innerMethods: ['pap'],
      passwordFile: 'second.password',
      server: { caFile: 'radius-ca.pem' },
    },
    otherwise: [
      { method: 'eap-mschapv2', username: 'alice', passwordFile: 'other.password' },
      {
        method: 'certificate',
        certificate: { certificateFile: 'alice.pem' },
        otherCertificates: [{ pkcs12File: 'alice.p12' }],
      },
    ],
  };
  const certificate = { pem: 'x', name: 'alice' };
  const text = profileText({ trust: { ca }, ...files });
  const whole = makeSelfContained(text, {}, [
    { path: ['secondAuthentication'], loginServer: ca },
    {
      path: ['otherwise', 1],
      certificates: [
        { path: ['certificate'], certificate },
        { path: ['otherCertificates', 0], certificate },
      ],
    },
  ]);
  assert.ok(requireSelfContained(parse(whole), 'office.json').ok, whole);
  const refused = (change: object): unknown => {
    const result = requireSelfContained(parse(profileText({ trust: { ca }, ...change })), 'office.json');
    return result.ok ? undefined : result.error.detail['field'];
  };
  const { secondAuthentication, otherwise } = files;
  assert.equal(refused({ secondAuthentication }), 'secondAuthentication.passwordFile');
  assert.equal(
    refused({ secondAuthentication: { ...secondAuthentication, passwordFile: undefined } }),
    'secondAuthentication.server.caFile',
  );
  assert.equal(refused({ otherwise: otherwise.slice(0, 1) }), 'otherwise.0.passwordFile');
  assert.equal(refused({ otherwise: otherwise.slice(1) }), 'otherwise.0.certificate');
  const others = { method: 'certificate', otherCertificates: otherwise[1]?.otherCertificates };
  assert.equal(refused({ otherwise: [others] }), 'otherwise.0.otherCertificates.0');
});

test('the key of the user and the public keys of the gateway go along, or are refused', () => {
  const publicKey = '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n';
  const text = profileText({
    authentication: { method: 'public-key', key: { keyFile: 'alice.key', passwordFile: 'alice.password' } },
    trust: { publicKeyFile: 'gateway.pub' },
  });
  const refused = requireSelfContained(parse(text), 'office.json');
  assert.equal(refused.ok ? undefined : refused.error.detail['field'], 'trust.publicKeyFile');
  const certificate = { pem: 'key', name: 'alice.key' };
  const half = makeSelfContained(text, { publicKey });
  const key = requireSelfContained(parse(half), 'office.json');
  assert.equal(key.ok ? undefined : key.error.detail['field'], 'authentication.key');
  const whole = parse(
    makeSelfContained(text, { publicKey }, [
      { path: ['authentication'], certificates: [{ path: ['key'], certificate }] },
    ]),
  );
  assert.ok(requireSelfContained(whole, 'office.json').ok);
  assert.deepEqual(whole.publicKeys, { kind: 'text', text: publicKey });
  assert.equal(whole.trust.kind, 'none');
  assert.equal(whole.authentication.method === 'public-key' && whole.authentication.key.kind, 'inline');
});
