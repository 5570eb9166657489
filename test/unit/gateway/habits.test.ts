import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FailureCode } from '../../../core/base/errors.ts';
import type { GatewayHabits } from '../../../core/gateway/config.ts';
import { failsWith, Network, prefix } from './network.ts';

describe('a gateway with bad habits is told apart', () => {
  const cases: readonly (readonly [GatewayHabits, FailureCode])[] = [
    [{ silent: true }, 'peer.unreachable'],
    [{ silentAfterInit: true }, 'peer.silent'],
    [{ silentInEap: true }, 'peer.silent'],
    [{ noCommonProposal: true }, 'peer.no-proposal-chosen'],
    [{ noCommonEspProposal: true }, 'peer.no-proposal-chosen'],
    [{ unofferedChoice: true }, 'peer.unacceptable-choice'],
    [{ refuseSelectors: true }, 'peer.ts-unacceptable'],
    [{ noAddress: true }, 'peer.no-address'],
    [{ noCertificate: true }, 'auth.no-certificate'],
    [{ wrongAuthSignature: true }, 'auth.signature'],
    [{ wrongEapAuth: true }, 'auth.eap-binding'],
    [{ wrongEapProof: true }, 'auth.eap-server'],
    [{ earlyEapSuccess: true }, 'peer.misbehaved'],
    [{ insistOnEapType: 13 }, 'auth.eap-method'],
  ];
  for (const [habits, code] of cases) {
    it(`${Object.keys(habits).join()}: ${code}`, () => {
      const network = new Network({ gateway: { habits } });
      const client = network.login();
      failsWith(client, code);
      assert.deepEqual(client.all('child-install'), []);
    });
  }

  it('widenSelectors: peer.misbehaved', () => {
    const network = new Network({ gateway: { habits: { widenSelectors: true } } });
    const config = { remoteNetworks: [prefix('10.1.0.0/16')] };
    failsWith(network.login(network.client({ config })), 'peer.misbehaved');
  });

  it('spoofed NO_PROPOSAL_CHOSEN in front of the answer changes nothing', () => {
    const client = new Network({ gateway: { habits: { spoofedErrorNotify: 14 } } }).login();
    assert.equal(client.ike.state, 'established', JSON.stringify(client.end));
  });

  it('silentWhenEstablished: the client finds out by itself', () => {
    const network = new Network({ gateway: { habits: { silentWhenEstablished: true } } });
    const client = network.login();
    assert.equal(client.ike.state, 'established');
    network.run(() => client.end !== undefined);
    failsWith(client, 'peer.dead');
  });
});
