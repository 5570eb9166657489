import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Secret } from '../../../core/base/secret.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import { connectionConfig, loginTerms } from '../../../core/daemon/connection-config.ts';
import { readTrustTerms } from '../../../core/daemon/trust-terms.ts';
import { IkeSa } from '../../../core/ike/ike-sa.ts';
import { parseProfile } from '../../../core/profile/parse-profile.ts';
import { type Client, endpoint, failsWith, Network } from '../gateway/network.ts';

const psk = 'a pre-shared key of good length';

/** The engine that the daemon makes from a profile, in front of a gateway that does as FortiGate does. */
async function login(
  authentication: object,
  beside = false,
): Promise<{ readonly client: Client; readonly endedOther: boolean }> {
  const profile = parseProfile(
    JSON.stringify({
      name: 'Branch',
      gateway: 'vpn.example',
      authentication: { method: 'eap-mschapv2', username: 'alice', ...authentication },
      gatewayAuthentication: 'psk',
    }),
    'branch.json',
  );
  assert.ok(profile.ok, JSON.stringify(profile));
  const trust = await readTrustTerms(profile.value);
  assert.ok(trust.ok, JSON.stringify(trust));
  const terms = loginTerms(profile.value, trust.value);
  assert.ok(terms.ok, JSON.stringify(terms));
  const parts = {
    crypto: nodeCryptoProvider(),
    random: seededRandom(1),
    chaChaQuicker: () => false,
    cores: 2,
  };
  const { createEngine } = connectionConfig(profile.value, terms.value, 'godwit0', parts);
  const engine = createEngine(endpoint('192.168.1.5', 50_000), endpoint('198.51.100.1', 500), {
    gateway: 'vpn.example',
    wantedAddresses: [],
    beside,
  });
  assert.ok(engine instanceof IkeSa);
  const codes = new Map([['alice', Secret.fromText('271828')]]);
  const fortiGate = { rounds: ['eap'], proof: 'psk', psk: Secret.fromText(psk), codes } as const;
  const network = new Network({ gateway: { login: fortiGate } });
  // Another login of the same user, which INITIAL_CONTACT ends.
  const before = network.login(
    network.client({ secrets: { psk }, address: '203.0.113.9', config: { logins: [usual] } }),
  );
  assert.equal(before.ike.state, 'established', JSON.stringify(before.end));
  const client = network.login(network.client({ engine, secrets: { psk }, code: '271828' }));
  network.run(() => before.end !== undefined, 5_000);
  return { client, endedOther: before.end !== undefined };
}

const usual = {
  rounds: [{ kind: 'eap' }],
  gateway: { certificate: false, psk: true, eapOnly: false, keys: [] },
} as const;

describe('a profile with `compatibility`', () => {
  it('logs in with a code after the password, is called weaker, and ends other connections of the user', async () => {
    const { client, endedOther } = await login({ compatibility: 'forticlient' });
    const { summary } = client.all('established')[0] ?? assert.fail(JSON.stringify(client.end));
    assert.equal(summary.localAuthentication, 'EAP-MSCHAPv2, then EAP-GTC');
    assert.deepEqual([...summary.weaknesses].sort(), ['psk-gateway', 'unbound-eap']);
    assert.equal(endedOther, true);
  });

  it('leaves a login of its own alone that it is to follow', async () => {
    const { client, endedOther } = await login({ compatibility: 'forticlient' }, true);
    assert.equal(client.ike.state, 'established', JSON.stringify(client.end));
    assert.equal(endedOther, false);
  });

  it('is what makes the difference: without it nobody asks for a code', async () => {
    const { client, endedOther } = await login({});
    const { summary } = client.all('established')[0] ?? assert.fail(JSON.stringify(client.end));
    assert.deepEqual(summary.weaknesses, ['psk-gateway']);
    assert.equal(endedOther, false);
    failsWith((await login({ username: 'nobody' })).client, 'auth.password');
  });
});
