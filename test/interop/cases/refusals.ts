import type { ClientConfig, GatewayConfig, InteropCase } from '../case.ts';

function down(
  name: string,
  gateway: GatewayConfig,
  client: ClientConfig,
  failure: string,
  seconds = 0,
  says: readonly string[] = [],
): InteropCase {
  return { name, theme: 'refusals', gateway, client, expect: { up: false, failure, says }, seconds };
}

export const refusalCases: readonly InteropCase[] = [
  down('wrong password', {}, { password: 'not the password' }, 'auth.password', 0, [
    'The user name or the password is wrong.',
  ]),
  down('unknown user', {}, { username: 'mallory' }, 'auth.password'),
  down(
    'no common proposal for the IKE SA',
    { ike: ['aes256-sha512-modp4096'] },
    { ike: ['aes256gcm16-prfsha384-ecp256'] },
    'peer.no-proposal-chosen',
  ),
  down(
    'no common proposal for the CHILD SA',
    { esp: ['aes256-sha512'] },
    { esp: ['aes256gcm16'] },
    'peer.no-proposal-chosen',
  ),
  down(
    'networks that the gateway does not have',
    { localSelectors: ['10.77.0.0/24'] },
    { remoteNetworks: ['10.200.0.0/16'] },
    'peer.ts-unacceptable',
  ),
  down(
    'a NAT, where the profile allows none',
    {},
    { profile: () => ({ allowNat: false }) },
    'peer.nat-forbidden',
  ),
  down('nobody at the address', { at: 'nobody' }, {}, 'peer.unreachable', 22),
  down(
    'a firewall that swallows everything',
    { lose: ['udp dport { 500, 4500 }'] },
    {},
    'peer.unreachable',
    22,
  ),
  down('silent after IKE_SA_INIT', { lose: ['udp dport 4500'] }, {}, 'peer.silent', 22),
  down('silent in EAP', { lose: ['udp dport 4500 ct original packets > 2'] }, {}, 'peer.silent', 22),
];
