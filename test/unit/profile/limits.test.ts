import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { parseProfile } from '../../../core/profile/parse-profile.ts';
import { profileText } from './examples.ts';

/** The fields that a profile is refused for. */
function refusedFor(change: Readonly<Record<string, unknown>>): readonly string[] {
  const profile = parseProfile(profileText(change), '/etc/godwit/profiles/office.json');
  return profile.ok ? [] : profile.error.map(({ detail }) => String(detail['field']));
}

const list = <T>(count: number, item: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => item(index));
const eap = (username: string) => ({ method: 'eap-mschapv2', username });
/** PEM text of so many characters; what is in it is looked at later. */
const pem = (label: string, length: number) => `-----BEGIN ${label}-----\n`.padEnd(length, 'A');

/** Name of the bound, the field, and a profile with so many or so much of it. */
const bounds: readonly (readonly [
  keyof typeof limits,
  string,
  (count: number) => Readonly<Record<string, unknown>>,
  number?,
])[] = [
  ['loginWays', 'otherwise', (count) => ({ otherwise: list(count - 1, (at) => eap(`user${at}`)) })],
  [
    'gatewaysOfProfile',
    'gateways.others',
    (count) => ({ gateways: { others: list(count - 1, (at) => `vpn${at}.example.org`) } }),
  ],
  [
    'profileNetworks',
    'remoteNetworks',
    (count) => ({ remoteNetworks: list(count, (at) => `10.${at}.0.0/16`) }),
  ],
  [
    'profileProposals',
    'proposals.ike',
    (count) => ({ proposals: { ike: list(count, () => 'aes256gcm16-prfsha384-ecp384') } }),
  ],
  [
    'profileProposals',
    'proposals.esp',
    (count) => ({ proposals: { esp: list(count, () => 'aes256gcm16') } }),
  ],
  ['profileNameCharacters', 'name', (count) => ({ name: 'x'.repeat(count) })],
  [
    'profileTextCharacters',
    'authentication.username',
    (count) => ({ authentication: eap('x'.repeat(count)) }),
  ],
  ['profileTextCharacters', 'ppk.id', (count) => ({ ppk: { id: 'x'.repeat(count) } })],
  [
    'profileTextCharacters',
    'trust.revocation.ocspUrl',
    (count) => ({ trust: { system: true, revocation: { ocspUrl: 'http://'.padEnd(count, 'x') } } }),
  ],
  ['profilePathCharacters', 'trust.caFile', (count) => ({ trust: { caFile: `/${'x'.repeat(count - 1)}` } })],
  ['profileCaCharacters', 'trust.ca', (count) => ({ trust: { ca: pem('CERTIFICATE', count) } })],
  [
    'profileCrlCharacters',
    'trust.revocation.crl',
    (count) => ({ trust: { system: true, revocation: { crl: pem('X509 CRL', count) } } }),
  ],
  [
    'profilePins',
    'trust.pins',
    (count) => ({ trust: { pins: list(count, (at) => `key-sha256:${String(at).padStart(64, '0')}`) } }),
  ],
  [
    'dnsServersFromGateway',
    'dns.servers',
    (count) => ({ dns: { servers: list(count, (at) => `10.0.0.${at}`) } }),
  ],
  [
    'domainsFromGateway',
    'dns.domains',
    (count) => ({ dns: { domains: list(count, (at) => `d${at}.example`) } }),
  ],
  [
    'childWishes',
    'children',
    (count) => ({ children: list(count, (at) => ({ networks: [`10.${at}.0.0/16`] })) }),
  ],
];

describe('a profile keeps within its bounds', () => {
  for (const [bound, field, make] of bounds) {
    it(`${bound}: ${field} holds ${limits[bound]}, and one more is refused`, () => {
      assert.deepEqual(refusedFor(make(limits[bound])), []);
      assert.deepEqual(refusedFor(make(limits[bound] + 1)), [field]);
    });
  }

  it('profileDepth: brackets are counted before anybody reads them', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const reasonsOf = (text: string) => {
      const profile = parseProfile(text, 'x.json');
      assert.ok(!profile.ok);
      return profile.error.map(({ detail }) => String(detail['reason'])).join();
    };
    assert.doesNotMatch(reasonsOf(nested(limits.profileDepth)), /levels of nesting/);
    assert.match(reasonsOf(nested(limits.profileDepth + 1)), /more than 16 levels of nesting/);
  });
});
