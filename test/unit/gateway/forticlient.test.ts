import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Secret } from '../../../core/base/secret.ts';
import { gtcCodeMethod, gtcMethod } from '../../../core/eap/methods/gtc.ts';
import type { GatewayLogin } from '../../../core/gateway/login-terms.ts';
import type { LoginWay } from '../../../core/ike/login-way.ts';
import { payloadsOf } from '../../../core/wire/ike/lookup.ts';
import { decodeMessage } from '../../../core/wire/ike/message.ts';
import { type Client, type ClientOptions, failsWith, Network } from './network.ts';

/*
 * The other side does here what people saw of a FortiGate; it is no FortiGate.
 */

const psk = 'a pre-shared key of good length';
const fortiGate: GatewayLogin = {
  rounds: ['eap'],
  proof: 'psk',
  psk: Secret.fromText(psk),
  codes: new Map([['alice', Secret.fromText('271828')]]),
};
const gatewayByPsk = { certificate: false, psk: true, eapOnly: false, keys: [] };
const compatible: LoginWay = { rounds: [{ kind: 'eap', fortiClient: true }], gateway: gatewayByPsk };
const usual: LoginWay = { rounds: [{ kind: 'eap' }], gateway: gatewayByPsk };

function login(way: LoginWay, options: ClientOptions = {}, terms = fortiGate): Client {
  const network = new Network({ gateway: { login: terms } });
  const client = network.client({
    secrets: { psk },
    code: '271828',
    following: [gtcCodeMethod],
    ...options,
    config: { logins: [way], ...options.config },
  });
  return network.login(client);
}

function questionsOf(client: Client): string[] {
  return client
    .all('ask')
    .flatMap(({ ask }) =>
      ask.kind === 'credential' ? [`${ask.question.kind}: ${ask.question.message ?? ''}`] : [],
    );
}

describe('a login as FortiClient has it', () => {
  it('asks for the password, then for the code with the words of the gateway, and its status shows the weakness', () => {
    const client = login(compatible);
    const { summary } = client.all('established')[0] ?? assert.fail(JSON.stringify(client.end));
    assert.equal(summary.localAuthentication, 'EAP-MSCHAPv2, then EAP-GTC');
    assert.deepEqual([...summary.weaknesses].sort(), ['psk-gateway', 'unbound-eap']);
    assert.deepEqual(questionsOf(client), ['password: ', 'passcode: Please enter the code of your token.']);
  });

  it('says so in IKE_SA_INIT, where a usual login says nothing', () => {
    const vendorsOf = (client: Client) => {
      const first = decodeMessage(client.all('transmit')[0]?.octets ?? new Uint8Array(0));
      assert.ok(first.ok && first.value.encrypted === undefined);
      return payloadsOf(first.value, 'V').map(({ vendorId }) => Buffer.from(vendorId).toString('hex'));
    };
    assert.deepEqual(vendorsOf(login(usual)), []);
    assert.deepEqual(vendorsOf(login(compatible)), [
      '4c53427b6d465d1b337bb755a37a7fef',
      'b4f01ca951e9da8d0bafbbd34ad3044e',
      'c1dc4350476b98a429b91781914ca43e',
    ]);
  });

  it('with the key of the password where the gateway asks for no code', () => {
    const { codes: _, ...withoutCodes } = fortiGate;
    const client = login(compatible, {}, withoutCodes);
    const { summary } = client.all('established')[0] ?? assert.fail(JSON.stringify(client.end));
    assert.deepEqual(summary.weaknesses, ['psk-gateway']);
    assert.equal(summary.localAuthentication, 'EAP-MSCHAPv2');
  });

  it('fails with its own words for a wrong code, a wrong password, and a user without a code', () => {
    failsWith(login(compatible, { code: '314159' }), 'auth.passcode');
    failsWith(login(compatible, { password: 'wrong' }), 'auth.password');
    failsWith(login(compatible, { code: undefined }), 'secret.missing');
  });

  it('is never done unasked: a second method that the profile does not allow ends the login', () => {
    failsWith(login(compatible, { following: [] }), 'auth.second-factor');
    const other = { ...gtcMethod, type: 4, name: 'EAP-MD5' };
    failsWith(login(compatible, { following: [other] }), 'auth.second-factor');
    const client = login(usual);
    assert.equal(client.ike.state, 'established', 'without the vendor IDs the gateway asks for no code');
  });

  it('after a refusal of the second method nothing else is tried: the password was shown', () => {
    const client = login(compatible, { following: [], config: { logins: [compatible, usual] } });
    failsWith(client, 'auth.second-factor');
    assert.deepEqual(questionsOf(client), ['password: ']);
  });
});
