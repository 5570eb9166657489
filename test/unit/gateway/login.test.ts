import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatIpAddress, formatIpPrefix } from '../../../core/base/address.ts';
import { toHex } from '../../../core/base/octets.ts';
import type { PacketCipherKey, SignatureScheme } from '../../../core/crypto/interfaces.ts';
import { notateSelector } from '../../../core/wire/ike/payloads/ts.ts';
import type { KeyKind } from '../../support/pki.ts';
import { type Client, failsWith, Network, prefix, proposals } from './network.ts';

const keyText = (key: PacketCipherKey) => [key.encryption, key.salt, key.integrity].map(toHex).join(' ');

describe('a client logs in at the gateway', () => {
  it('with address, names and networks, and both sides have the same keys', () => {
    const network = new Network();
    const client = network.login();
    assert.equal(client.ike.state, 'established', JSON.stringify(client.end));

    const config = client.all('config-assigned')[0]?.config ?? assert.fail('no configuration');
    assert.deepEqual(config.addresses.map(formatIpPrefix), ['10.9.0.2/32', 'fd09::2/128']);
    assert.deepEqual(config.dnsServers.map(formatIpAddress), ['10.1.0.53', 'fd01::53']);
    assert.deepEqual(config.subnets.map(formatIpPrefix), ['10.1.0.0/16', 'fd01::/48']);
    assert.deepEqual(config.dnsDomains, ['corp.example']);

    const ours = client.all('child-install')[0]?.child ?? assert.fail('no child at the client');
    const installed = network.all('child-install')[0] ?? assert.fail('no child at the gateway');
    const theirs = installed.child;
    assert.equal(ours.inbound.spi, theirs.outbound.spi);
    assert.equal(ours.outbound.spi, theirs.inbound.spi);
    assert.equal(keyText(ours.inbound.key), keyText(theirs.outbound.key));
    assert.equal(keyText(ours.outbound.key), keyText(theirs.inbound.key));
    assert.notEqual(keyText(ours.inbound.key), keyText(ours.outbound.key));
    assert.deepEqual(ours.selectors.local.map(notateSelector), ['10.9.0.2/32', 'fd09::2/128']);
    assert.deepEqual(ours.selectors.remote.map(notateSelector), ['10.1.0.0/16', 'fd01::/48']);
    assert.deepEqual(theirs.selectors.local.map(notateSelector), ['10.1.0.0/16', 'fd01::/48']);
    assert.deepEqual(installed.remote, client.endpoint);

    const up = network.all('client-up')[0]?.summary ?? assert.fail('no client-up');
    assert.equal(up.user, 'alice');
    assert.equal(up.natDetected, true);
    assert.equal(up.ikeProposal, client.all('established')[0]?.summary.ikeProposal);
    assert.deepEqual(network.gateway.counters.clients, 1);
    assert.deepEqual(network.gateway.counters.halfOpen, 0);
  });

  it('and the gateway installs the CHILD SA before the message that lets the client use it', () => {
    const network = new Network();
    network.login();
    const kinds = network.outputs.map(({ kind }) => kind);
    assert.deepEqual(kinds.slice(-3), ['child-install', 'client-up', 'transmit']);
  });

  it('with a name and a password beyond ASCII, and a domain', () => {
    const network = new Network();
    const client = network.login(network.client({ user: 'EXAMPLE\\bob', password: 'Пароль🐦' }));
    assert.equal(client.ike.state, 'established', JSON.stringify(client.end));
    assert.equal(network.all('client-up')[0]?.summary.user, 'EXAMPLE\\bob');
  });

  it('where the gateway asks for no EAP-Identity', () => {
    const client = new Network({ gateway: { habits: { skipEapIdentity: true } } }).login();
    assert.equal(client.ike.state, 'established');
  });

  it('with IPv4 alone, with IPv6 alone, and to a part of the networks', () => {
    const selectorsOf = (network: Network) => {
      const client = network.login(network.client({ config: { remoteNetworks: wanted } }));
      const { selectors } = client.all('child-install')[0]?.child ?? assert.fail(JSON.stringify(client.end));
      return [...selectors.local, '->', ...selectors.remote].map((selector) =>
        typeof selector === 'string' ? selector : notateSelector(selector),
      );
    };
    let wanted = [prefix('0.0.0.0/0'), prefix('::/0')];
    const everything = { networks: [prefix('0.0.0.0/0'), prefix('::/0')] };
    const v4 = new Network({ gateway: { ...everything, pools: [prefix('10.9.0.0/24')] } });
    assert.deepEqual(selectorsOf(v4), ['10.9.0.2/32', '->', '0.0.0.0/0']);
    const v6 = new Network({ gateway: { ...everything, pools: [prefix('fd09::/64')] } });
    assert.deepEqual(selectorsOf(v6), ['fd09::2/128', '->', '::/0']);
    wanted = [prefix('10.1.2.0/24'), prefix('172.16.0.0/12')];
    assert.deepEqual(selectorsOf(new Network()), ['10.9.0.2/32', '->', '10.1.2.0/24']);
  });
});

describe('gateway and client agree on algorithms', () => {
  const ikeSuites = [
    'aes256gcm16-prfsha384-ecp384',
    'aes128gcm16-prfsha256-x25519',
    'chacha20poly1305-prfsha512-modp2048',
    'aes256-sha256-modp3072',
    'aes192-sha384-ecp521',
    'aes128-sha512-ecp256',
  ];
  const espSuites = [
    'aes256gcm16',
    'aes128gcm16',
    'chacha20poly1305',
    'aes256-sha256',
    'aes192-sha384',
    'aes128-sha512',
  ];
  for (const [i, ike] of ikeSuites.entries()) {
    const esp = espSuites[i] ?? '';
    it(`${ike} and ${esp}, which the gateway alone insists on`, () => {
      const gateway = { ikeProposals: proposals('ike', ike), espProposals: proposals('esp', esp) };
      const client = new Network({ gateway }).login();
      const summary = client.all('established')[0]?.summary ?? assert.fail(JSON.stringify(client.end));
      assert.equal(summary.ikeProposal, ike);
      assert.equal(summary.espProposal, esp);
    });
  }

  it('by the gateway’s order of preference', () => {
    const gateway = { espProposals: proposals('esp', 'aes128-sha256', 'chacha20poly1305-aes256gcm16') };
    const config = { espProposals: proposals('esp', 'aes256gcm16-chacha20poly1305') };
    const network = new Network({ gateway });
    const client = network.login(network.client({ config }));
    assert.equal(client.all('established')[0]?.summary.espProposal, 'chacha20poly1305');
  });
});

describe('the gateway proves itself', () => {
  const pss: SignatureScheme = { kind: 'rsa-pss', hash: 'sha384', saltOctets: 48 };
  const ecdsa: SignatureScheme = { kind: 'ecdsa', hash: 'sha256', encoding: 'der' };
  const cases: readonly (readonly [string, KeyKind, SignatureScheme?, true?])[] = [
    ['RSA PKCS#1', 'rsa'],
    ['RSA-PSS', 'rsa', pss],
    ['ECDSA P-256', 'ec-p256'],
    ['ECDSA P-384', 'ec-p384'],
    ['ECDSA P-521', 'ec-p521'],
    ['Ed25519', 'ed25519'],
    ['classic RSA', 'rsa', { kind: 'rsa-pkcs1', hash: 'sha256' }, true],
    ['classic ECDSA P-256', 'ec-p256', ecdsa, true],
    ['classic ECDSA P-384', 'ec-p384', ecdsa, true],
    ['classic ECDSA P-521', 'ec-p521', ecdsa, true],
  ];
  for (const [name, key, scheme, classic] of cases) {
    it(`with ${name}`, () => {
      const signature = scheme && { signature: { scheme, ...(classic ? { classic } : {}) } };
      const client = new Network({ key, ...(signature ? { gateway: signature } : {}) }).login();
      assert.equal(client.ike.state, 'established', JSON.stringify(client.end));
    });
  }
});

describe('a login fails', () => {
  it('with the wrong password', () => {
    const network = new Network();
    failsWith(network.login(network.client({ password: 'wrong' })), 'auth.password');
    const failed = network.all('login-failed')[0];
    assert.equal(failed?.error.code, 'auth.password');
    assert.equal(failed?.user, 'alice');
    assert.deepEqual(network.all('child-install'), []);
  });

  it('for an unknown user exactly as with a wrong password', () => {
    const network = new Network();
    const sizes = (client: Client) => client.all('transmit').map(({ octets }) => octets.length);
    const unknown = network.login(network.client({ user: 'carol', address: '203.0.113.1' }));
    const known = network.login(network.client({ password: 'wrong', address: '203.0.113.2' }));
    failsWith(unknown, 'auth.password');
    failsWith(known, 'auth.password');
    assert.deepEqual(sizes(unknown), sizes(known));
  });

  it('for an account that may not', () => {
    const client = new Network({ gateway: { habits: { accountError: 648 } } }).login();
    failsWith(client, 'auth.account');
    assert.match(JSON.stringify(client.end), /the password has expired/);
  });

  it('when the addresses are used up, until one is free again', () => {
    const network = new Network({ gateway: { pools: [prefix('10.9.0.0/30')] } });
    const first = network.login(network.client({ address: '203.0.113.1' }));
    assert.equal(first.ike.state, 'established');
    const bob = { user: 'bob', password: 'Пароль🐦' };
    failsWith(network.login(network.client({ ...bob, address: '203.0.113.2' })), 'peer.no-address');
    first.ike.handle({ kind: 'command', command: { kind: 'disconnect' } }, network.now);
    network.drain();
    network.run(() => first.end !== undefined);
    const third = network.login(network.client({ ...bob, address: '203.0.113.3' }));
    assert.equal(third.ike.state, 'established');
  });
});
