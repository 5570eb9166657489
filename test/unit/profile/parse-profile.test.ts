import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatIpAddress, formatIpPrefix } from '../../../core/base/address.ts';
import { explain } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { defaultEspProposals, defaultIkeProposals } from '../../../core/crypto/default-proposals.ts';
import { formatProposal } from '../../../core/crypto/proposals.ts';
import { isEap, passwordFileOf } from '../../../core/profile/authentication/authentication.ts';
import { parseProfile } from '../../../core/profile/parse-profile.ts';
import type { Profile } from '../../../core/profile/profile.ts';
import { profileText } from './examples.ts';

const file = '/etc/godwit/profiles/office.json';

function parsed(change: Readonly<Record<string, unknown>> = {}): Profile {
  const profile = parseProfile(profileText(change), file);
  assert.ok(profile.ok, JSON.stringify(profile));
  return profile.value;
}

/** `line field: reason` of every failure. */
function problems(text: string): readonly string[] {
  const profile = parseProfile(text, file);
  assert.ok(!profile.ok, 'the profile was taken');
  return profile.error.map(({ code, detail }) => {
    assert.equal(code, 'profile.invalid');
    assert.equal(detail['file'], file);
    return `${detail['line']} ${detail['field']}: ${detail['reason']}`;
  });
}

test('the smallest profile has sane defaults', () => {
  const profile = parsed();
  assert.deepEqual(profile.gateway, { host: 'vpn.example.org', ikePort: 500, natTraversalPort: 4500 });
  assert.deepEqual(profile.remoteIdentity, { expected: 'vpn.example.org', send: true, given: false });
  assert.equal(profile.localIdentity, 'alice');
  assert.deepEqual(profile.authentication, {
    method: 'eap-mschapv2',
    username: 'alice',
    eapIdentity: 'alice',
    passwordFile: undefined,
    alternatives: [],
    fortiClient: false,
  });
  assert.deepEqual(profile.remoteNetworks.map(formatIpPrefix), ['0.0.0.0/0', '::/0']);
  assert.equal(profile.fullTunnel, true);
  assert.deepEqual([profile.requireServerAuth, profile.onlyGatewaySubnets], [true, false]);
  assert.equal(profile.allowSha1Signatures, false);
  assert.deepEqual(profile.proposals, { ike: defaultIkeProposals, esp: defaultEspProposals });
  assert.deepEqual(profile.dns, { use: true, servers: undefined, domains: [] });
  assert.equal(profile.inactivity, undefined);
  assert.deepEqual([profile.mtu, profile.liveness, profile.keepalive], ['auto', 10_000, 'auto']);
});

test('every field is taken as it is given', () => {
  const profile = parsed({
    $schema: '../profile.schema.json',
    gateway: '2001:DB8::1',
    ikePort: 501,
    natTraversalPort: 4501,
    remoteIdentity: 'gw.example.org',
    localIdentity: 'alice@example.org',
    authentication: { method: 'eap-mschapv2', username: 'CORP\\alice', eapIdentity: 'a', passwordFile: 'pw' },
    trust: { ca: '-----BEGIN CERTIFICATE-----\n…', requireServerAuth: false, allowSha1Signatures: true },
    onlyGatewaySubnets: true,
    remoteNetworks: ['10.0.0.0/8', 'fd00:1::/48'],
    proposals: { ike: ['aes256gcm16-prfsha384-ecp384'], esp: ['aes256gcm16'] },
    dns: { use: false, servers: ['10.1.0.53'], domains: ['Corp.Example.org.'] },
    mtu: 1280,
    livenessSeconds: 30,
    keepaliveSeconds: 15,
    inactivity: { seconds: 900, action: 'disconnect' },
  });
  assert.deepEqual(profile.gateway, { host: '2001:db8::1', ikePort: 501, natTraversalPort: 4501 });
  assert.deepEqual(profile.remoteIdentity, { expected: 'gw.example.org', send: true, given: true });
  assert.equal(profile.localIdentity, 'alice@example.org');
  assert.ok(isEap(profile.authentication));
  assert.equal(profile.authentication.username, 'CORP\\alice');
  assert.equal(profile.authentication.eapIdentity, 'a');
  assert.equal(passwordFileOf(profile.authentication), '/etc/godwit/profiles/pw');
  assert.deepEqual(profile.trust, { kind: 'inline', ca: '-----BEGIN CERTIFICATE-----\n…' });
  assert.deepEqual(profile.remoteNetworks.map(formatIpPrefix), ['10.0.0.0/8', 'fd00:1::/48']);
  assert.equal(profile.fullTunnel, false);
  assert.deepEqual([profile.requireServerAuth, profile.onlyGatewaySubnets], [false, true]);
  assert.equal(profile.allowSha1Signatures, true);
  assert.deepEqual(profile.proposals.ike.map(formatProposal), ['aes256gcm16-prfsha384-ecp384']);
  assert.deepEqual(profile.proposals.esp.map(formatProposal), ['aes256gcm16']);
  assert.deepEqual(profile.dns.servers?.map(formatIpAddress), ['10.1.0.53']);
  assert.deepEqual(profile.dns.domains, ['corp.example.org']);
  assert.deepEqual(profile.inactivity, { after: 900_000, action: 'disconnect' });
  assert.deepEqual([profile.mtu, profile.liveness, profile.keepalive], [1280, 30_000, 15_000]);
});

test('null asks for no identity, but the certificate must still name the gateway', () => {
  assert.deepEqual(parsed({ remoteIdentity: null }).remoteIdentity, {
    expected: 'vpn.example.org',
    send: false,
    given: false,
  });
});

test('paths lie in the folder of the profile unless they are absolute', () => {
  assert.deepEqual(parsed().trust, { kind: 'file', caFile: '/etc/godwit/profiles/office-ca.pem' });
  assert.deepEqual(parsed({ trust: { caFile: '/ca.pem' } }).trust, { kind: 'file', caFile: '/ca.pem' });
  const here = parseProfile(profileText(), 'office.json');
  assert.deepEqual(here.ok && here.value.trust, { kind: 'file', caFile: 'office-ca.pem' });
});

test('host names are written in one way', () => {
  assert.equal(parsed({ gateway: 'VPN.Example.ORG.' }).gateway.host, 'vpn.example.org');
  assert.equal(parsed({ gateway: '2001:db8:0:0:0:0:0:1' }).gateway.host, '2001:db8::1');
});

const wrong: readonly [string, Readonly<Record<string, unknown>>, string][] = [
  ['a missing name', { name: undefined }, '1 name: is required'],
  ['an empty name', { name: '' }, '2 name: must not be empty'],
  [
    'a name with an escape sequence',
    { name: 'a\u001b[31m' },
    '2 name: holds a control or invisible character',
  ],
  ['a name that turns text around', { name: 'a\u202ecod' }, '2 name: holds a control or invisible character'],
  ['a long name', { name: 'x'.repeat(65) }, '2 name: must not be longer than 64 characters'],
  [
    'a gateway with a port',
    { gateway: 'vpn.example.org:500' },
    '3 gateway: must be a host name or an IP address, without a port',
  ],
  [
    'a gateway that only EAP proves, with a method that does not',
    { gatewayAuthentication: 'eap' },
    '11 gatewayAuthentication: "eap" goes with eap-tls, eap-ttls or peap in `authentication`, which prove the gateway',
  ],
  [
    'an address that went wrong',
    { gateway: '10.0.0.256' },
    '3 gateway: must be a host name or an IP address, without a port',
  ],
  ['a number where text belongs', { gateway: 7 }, '3 gateway: must be a string, not a number'],
  ['no way to log in', { authentication: undefined }, '1 authentication: is required'],
  [
    'an unknown way to log in',
    { authentication: { method: 'eap-sim', username: 'a' } },
    '5 authentication.method: must be "eap-mschapv2" or "eap-tls" or "eap-ttls" or "peap" or "eap-gtc" or "eap-md5" or "certificate" or "public-key" or "psk"',
  ],
  ['no method', { authentication: { username: 'a' } }, '4 authentication.method: is required'],
  ['a login that is no object', { authentication: 'x' }, '4 authentication: must be an object, not a string'],
  ['no user name', { authentication: { method: 'eap-mschapv2' } }, '4 authentication.username: is required'],
  [
    'TTLS with a choice that its server does not have',
    { authentication: { method: 'eap-ttls', username: 'a', innerMethods: ['pap', 'eap-gtc'] } },
    '7 authentication.innerMethods: `pap` and `mschapv2` stand alone: with them the server cannot choose',
  ],
  [
    'two kinds of certificate file',
    {
      authentication: {
        method: 'eap-tls',
        username: 'a',
        certificate: { certificateFile: 'x', pkcs12File: 'y' },
      },
    },
    '7 authentication.certificate: must have one of `certificateFile`, `pkcs12File` and `pkcs11`',
  ],
  [
    'no trust',
    { trust: {} },
    '8 trust: must have one of `caFile`, `ca` and `system`, or `pins`, or `publicKeyFile`',
  ],
  [
    'two trusts',
    { trust: { ca: '-----BEGIN CERTIFICATE-----', caFile: 'x' } },
    '8 trust: must have one of `caFile`, `ca` and `system`, or `pins`, or `publicKeyFile`',
  ],
  [
    'a pin that is none',
    { trust: { pins: ['sha256:00'] } },
    '10 trust.pins[0]: must begin with "certificate-sha256:" or "key-sha256:"',
  ],
  [
    'a CRL twice',
    { trust: { system: true, revocation: { crlFile: 'a', crl: '-----BEGIN X509 CRL-----' } } },
    '10 trust.revocation: must have only one of `crlFile` and `crl`',
  ],
  [
    'an OCSP address with https',
    { trust: { system: true, revocation: { ocspUrl: 'https://a' } } },
    '11 trust.revocation.ocspUrl: must be an address that begins with "http://"',
  ],
  [
    'a key in place of a certificate',
    { trust: { ca: '-----BEGIN PRIVATE KEY-----' } },
    '9 trust.ca: must be PEM text with "-----BEGIN CERTIFICATE-----" in it',
  ],
  ['a port over the end', { ikePort: 65_536 }, '11 ikePort: must be 1 to 65535'],
  ['half a port', { ikePort: 1.5 }, '11 ikePort: must be a whole number'],
  ['a small MTU', { mtu: 1279 }, '11 mtu: must be 1280 to 1500'],
  ['an MTU in quotes', { mtu: '1400' }, '11 mtu: must be "auto", or 1280 to 1500'],
  ['a sleep without a time', { inactivity: {} }, '11 inactivity.seconds: is required'],
  ['no liveness', { livenessSeconds: 0 }, '11 livenessSeconds: must be 1 to 3600'],
  [
    'host bits',
    { remoteNetworks: ['10.1.2.3/8'] },
    '12 remoteNetworks[0]: "10.1.2.3/8" has bits set after its prefix length; did you mean "10.0.0.0/8"?',
  ],
  [
    'no network',
    { remoteNetworks: ['::/0', 'lan'] },
    '13 remoteNetworks[1]: "lan": not an address or prefix such as 10.0.0.0/8',
  ],
  [
    'an unknown algorithm',
    { proposals: { esp: ['aes256gcm16', 'aes256gcm61'] } },
    '14 proposals.esp[1]: "aes256gcm61": aes256gcm61 is not an algorithm that Godwit knows',
  ],
  ['a bad DNS server', { dns: { servers: ['dns'] } }, '13 dns.servers[0]: is not an IP address'],
];
for (const [what, change, expected] of wrong) {
  test(`${what} is named with its line and field`, () => {
    assert.deepEqual(problems(profileText(change)), [expected]);
  });
}

test('a misspelt field is an error that says what was meant', () => {
  assert.deepEqual(problems(profileText({ remoteNetwork: ['10.0.0.0/8'] })), [
    '11 remoteNetwork: there is no such field; did you mean `remoteNetworks`?',
  ]);
  assert.deepEqual(problems(profileText({ server: 'x' })), [
    '11 server: there is no such field; did you mean `gateway`?',
  ]);
  assert.deepEqual(problems(profileText({ dns: { sevrers: [] } })), [
    '12 dns.sevrers: there is no such field; did you mean `servers`?',
  ]);
  assert.match(problems(profileText({ colour: 'x' }))[0] ?? '', /the fields here are name, gateway, /);
});

test('every method is read with its own settings', () => {
  const read = (authentication: object) => parsed({ authentication }).authentication;
  const server = { name: undefined, trust: undefined };
  const account = { username: 'alice', eapIdentity: 'alice', passwordFile: undefined };
  assert.deepEqual(
    read({ method: 'eap-mschapv2', username: 'alice', alternatives: ['eap-gtc', 'eap-mschapv2', 'eap-gtc'] }),
    { method: 'eap-mschapv2', ...account, alternatives: ['eap-gtc'], fortiClient: false },
  );
  assert.deepEqual(read({ method: 'eap-mschapv2', username: 'alice', compatibility: 'forticlient' }), {
    method: 'eap-mschapv2',
    ...account,
    alternatives: [],
    fortiClient: true,
  });
  assert.deepEqual(
    read({ method: 'eap-ttls', username: 'alice', eapIdentity: 'anonymous', innerMethods: ['pap'] }),
    { method: 'eap-ttls', ...account, eapIdentity: 'anonymous', innerMethods: ['pap'], server },
  );
  assert.deepEqual(
    read({ method: 'peap', username: 'alice', server: { name: 'aaa.example.org', caFile: 'aaa.pem' } }),
    {
      method: 'peap',
      ...account,
      innerMethods: ['eap-mschapv2'],
      certificate: { kind: 'none' },
      server: {
        name: 'aaa.example.org',
        trust: { kind: 'file', caFile: '/etc/godwit/profiles/aaa.pem' },
      },
    },
  );
  assert.deepEqual(
    read({ method: 'eap-tls', username: 'alice', certificate: { certificateFile: 'a.pem', keyFile: '/k' } }),
    {
      method: 'eap-tls',
      username: 'alice',
      eapIdentity: 'alice',
      certificate: { kind: 'file', files: ['/etc/godwit/profiles/a.pem', '/k'], passwordFile: undefined },
      server,
    },
  );
});

test('a field of another method is named with the fields of this one', () => {
  const authentication = { method: 'eap-tls', username: 'a', innerMethods: ['pap'] };
  assert.deepEqual(problems(profileText({ authentication })), [
    '7 authentication.innerMethods: there is no such field; the fields here are method, username, eapIdentity, certificate, server',
  ]);
});

test('a password in a profile is refused and not repeated', () => {
  const text = profileText({
    password: 'hunter2',
    authentication: { method: 'eap-mschapv2', username: 'a', password: 'hunter2' },
  });
  const found = problems(text);
  assert.equal(found.length, 2);
  for (const problem of found) assert.match(problem, /a password must not stand in a profile/);
  assert.doesNotMatch(JSON.stringify(parseProfile(text, file)), /hunter2/);
});

test('a number or a truth in the place of a password file does not show its value', () => {
  const found = problems(
    profileText({ authentication: { method: 'eap-mschapv2', username: 7, passwordFile: 1234 } }),
  );
  assert.doesNotMatch(found.join(), /1234/);
});

test('all errors of a file are told at once, in the order of its lines', () => {
  const found = problems(
    `{\n"mtu": 1,\n"gateway": "",\n"name": 3,\n${profileText().slice(1)}`.replace(
      /"(name|gateway)": "[^"]+",/g,
      '',
    ),
  );
  assert.deepEqual(
    found.map((problem) => problem.split(':')[0]),
    ['2 mtu', '3 gateway', '4 name'],
  );
});

test('the explanation reads as a sentence', () => {
  const profile = parseProfile(profileText({ mtu: 9 }), file);
  assert.ok(!profile.ok && profile.error[0] !== undefined);
  assert.equal(
    explain(profile.error[0]).what,
    `The profile ${file} has an error in line 11, field mtu: must be 1280 to 1500.`,
  );
});

const syntax: readonly [string, string, RegExp][] = [
  ['nothing', '', /^1 .*not valid JSON at column 1/],
  ['a cut file', '{\n  "name": "x"', /^2 .*close brace expected/],
  ['a comment', '{} // x', /^1 .*column 4 \(invalid comment token\)/],
  ['a trailing comma', '{\n"a": 1,\n}', /^3 .*property name expected/],
  ['a list', '[]', /must be an object, not an array/],
  ['two values', '{} {}', /end of file expected/],
  ['a control character', '{"name": "a\u0001"}', /invalid character/],
  ['a field twice', '{\n"name": "a",\n"name": "b"}', /^3 .*"name" is there twice/],
  ['a field twice, deeper', '{"dns": {"use": true,\n"use": false}}', /^2 dns: "use" is there twice/],
  ['a prototype', '{"__proto__": {"name": "x"}}', /"__proto__" is not a field/],
  ['much nesting', '['.repeat(100_000), /^1 .*more than 16 levels/],
  ['much nesting of objects', '{"a":'.repeat(5_000), /^1 .*more than 16 levels/],
  ['a huge file', ' '.repeat(limits.profileOctets + 1), /larger than/],
  ['a huge file of long characters', '"'.padEnd(limits.profileOctets / 2, '€'), /larger than/],
];
for (const [what, text, expected] of syntax) {
  test(`${what} is refused`, () => {
    assert.match(problems(text)[0] ?? '', expected);
  });
}

test('children: each with its networks, protocol and ports; all of them are the remote networks', () => {
  const children = [
    { networks: ['10.1.0.0/16'], protocol: 'icmp' },
    { networks: ['10.2.0.0/16'], protocol: 'tcp', ports: '20-22' },
    { networks: ['10.3.0.0/16'], protocol: 50 },
  ];
  const profile = parseProfile(profileText({ children }), file);
  assert.ok(profile.ok);
  const rules = profile.value.children?.map(({ protocol, ports }) => [protocol, ports.first, ports.last]);
  assert.deepEqual(rules, [
    [1, 0, 65_535],
    [6, 20, 22],
    [50, 0, 65_535],
  ]);
  assert.deepEqual(profile.value.remoteNetworks.map(formatIpPrefix), [
    '10.1.0.0/16',
    '10.2.0.0/16',
    '10.3.0.0/16',
  ]);
  const wrong = [
    { children, remoteNetworks: ['10.0.0.0/8'] },
    { children: [{ networks: ['10.2.0.0/16'], ports: '22' }] },
    { children: [{ networks: ['10.2.0.0/16'], protocol: 'icmp', ports: '8' }] },
    { children: [{ networks: ['10.2.0.0/16'], protocol: 'tcp', ports: '22-20' }] },
    { children: [{ networks: ['10.2.0.0/16'], protocol: 'tcp', ports: '70000' }] },
    { children: [] },
    { children: Array.from({ length: limits.childWishes + 1 }, () => ({ networks: ['10.2.0.0/16'] })) },
    { requestedAddresses: ['10.3.0.7', '10.3.0.8'] },
  ];
  for (const fields of wrong) assert.equal(parseProfile(profileText(fields), file).ok, false);
});

test('brackets inside of text are not nesting, and a byte order mark is skipped', () => {
  assert.ok(parseProfile(profileText({ name: '['.repeat(60) }), file).ok);
  assert.ok(parseProfile(profileText({ name: '\\"[[[[[[[[[[[[[[[[[[[[[' }), file).ok);
  assert.ok(parseProfile(`\ufeff${profileText()}`, file).ok);
});

test('a thousand errors are cut to what a reader can use', () => {
  const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`x${index}`, 1]));
  assert.equal(problems(profileText(many)).length, limits.profileFailures);
  const twice = `{${Array.from({ length: 1_000 }, () => '"a":1').join()}}`;
  assert.ok(problems(twice).length <= limits.profileFailures);
});

test('no text makes it throw, and what it takes is whole', () => {
  const valid = profileText();
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc
          .tuple(fc.nat(valid.length), fc.nat(8), fc.string({ maxLength: 4 }))
          .map(([at, cut, text]) => valid.slice(0, at) + text + valid.slice(at + cut)),
      ),
      (text) => {
        const profile = parseProfile(text, file);
        if (profile.ok) assert.ok(profile.value.name.length > 0 && profile.value.remoteNetworks.length > 0);
        else assert.ok(profile.error.length > 0);
      },
    ),
    { numRuns: 300 },
  );
});
