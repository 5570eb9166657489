import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChildSaParameters } from '../../../core/ike/io.ts';
import { failsWith, Network, proposals } from './network.ts';

/** Whether both directions of all CHILD SAs so far have extended sequence numbers; one answer for all. */
function extended(installs: readonly { readonly child: ChildSaParameters }[]): boolean {
  const answers = installs.flatMap(({ child }) => [child.inbound.esn, child.outbound.esn]);
  assert.equal(new Set(answers).size, 1, JSON.stringify(answers));
  return answers[0] ?? false;
}

describe('extended sequence numbers', () => {
  const cases = [
    ['esn', 'esn', true],
    ['esn-noesn', 'noesn', false],
    ['esn-noesn', 'noesn-esn', false],
    ['noesn-esn', 'esn-noesn', true],
  ] as const;
  for (const [client, gateway, expected] of cases) {
    it(`client ${client}, gateway ${gateway}: both have ${expected ? 'them' : 'none'}`, () => {
      const network = new Network({ gateway: { espProposals: proposals('esp', `aes256gcm16-${gateway}`) } });
      const config = { espProposals: proposals('esp', `aes256gcm16-${client}`) };
      const login = network.login(network.client({ config }));
      assert.equal(extended(login.all('child-install')), expected);
      assert.equal(extended(network.all('child-install')), expected);
      const { espProposal } = login.all('established')[0]?.summary ?? assert.fail();
      assert.equal(espProposal, expected ? 'aes256gcm16-esn' : 'aes256gcm16');
    });
  }

  it('stay when either side replaces the CHILD SA', () => {
    const espProposals = proposals('esp', 'aes256gcm16-esn');
    for (const lifetime of [{ childLifetimeMs: 60_000 }, {}]) {
      const network = new Network({ gateway: { espProposals } });
      const login = network.login(network.client({ config: { espProposals, ...lifetime } }));
      network.run(() => login.all('rekeyed').length > 0, 120_000);
      assert.ok(login.all('child-install').length > 1, 'replaced');
      assert.ok(extended(login.all('child-install')));
      assert.ok(extended(network.all('child-install')));
    }
  });

  it('are no common ground with a gateway that has none', () => {
    const network = new Network();
    const config = { espProposals: proposals('esp', 'aes256gcm16-esn') };
    failsWith(network.login(network.client({ config })), 'peer.no-proposal-chosen');
  });
});
