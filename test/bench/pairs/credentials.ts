import type { ClientProfile } from '../../support/peers/client.ts';
import type { PlainGateway } from '../../support/peers/strongswan-gateway.ts';
import { createCa, issue } from '../../support/pki.ts';

const identity = 'vpn.example.org';
const ca = createCa('Godwit Bench Root');
const certificate = issue(ca, { subject: identity });
const users = { alice: 'correct horse battery staple' };

/**
 * What is left of 1,500 octets by ESP with AES-256-GCM in UDP over IPv4. A client measures it; the far end of a path without surprises
 * has it too.
 */
export const benchMtu = 1_438;

/** The same gateway for every pair: AES-256-GCM, one user, one network. */
export function benchGateway(network: Networks): PlainGateway {
  return {
    identity,
    certificate,
    users,
    pools: network.targetNetwork6 === undefined ? ['10.79.0.0/24'] : ['10.79.0.0/24', 'fd79::/112'],
    networks: networks(network),
    dnsServers: [],
    ike: ['aes256gcm16-prfsha384-ecp256'],
    esp: ['aes256gcm16'],
  };
}

export function benchLogin(network: Networks & { readonly gatewayAddress: string }): ClientProfile {
  return {
    gateway: network.gatewayAddress,
    remoteIdentity: identity,
    username: 'alice',
    password: users.alice,
    ca,
    remoteNetworks: networks(network),
    ike: ['aes256gcm16-prfsha384-ecp256'],
    esp: ['aes256gcm16'],
  };
}

interface Networks {
  readonly targetNetwork: string;
  readonly targetNetwork6?: string;
}

function networks({ targetNetwork, targetNetwork6 }: Networks): string[] {
  return targetNetwork6 === undefined ? [targetNetwork] : [targetNetwork, targetNetwork6];
}
