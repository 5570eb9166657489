import type { ClientProfile } from '../../support/peers/client.ts';
import type { PlainGateway } from '../../support/peers/strongswan-gateway.ts';
import { createCa, issue } from '../../support/pki.ts';
import type { BenchNetwork } from './pair.ts';

const identity = 'vpn.example.org';
const ca = createCa('Godwit Bench Root');
const certificate = issue(ca, { subject: identity });
const users = { alice: 'correct horse battery staple' };

/** The same gateway for every pair: AES-256-GCM, one user, one network. */
export function benchGateway(network: Pick<BenchNetwork, 'targetNetwork'>): PlainGateway {
  return {
    identity,
    certificate,
    users,
    pools: ['10.79.0.0/24'],
    networks: [network.targetNetwork],
    dnsServers: [],
    ike: ['aes256gcm16-prfsha384-ecp256'],
    esp: ['aes256gcm16'],
  };
}

export function benchLogin(network: Pick<BenchNetwork, 'gatewayAddress' | 'targetNetwork'>): ClientProfile {
  return {
    gateway: network.gatewayAddress,
    remoteIdentity: identity,
    username: 'alice',
    password: users.alice,
    ca,
    remoteNetworks: [network.targetNetwork],
    ike: ['aes256gcm16-prfsha384-ecp256'],
    esp: ['aes256gcm16'],
  };
}
