import type { ConnectedTunnel, Snapshot, TunnelSnapshot } from '../../../core/rpc/values.ts';

/** Snapshots for tests, as a daemon would make them. */

const startedAt = 1_760_000_000_000;

export const connectedTunnel: ConnectedTunnel = {
  state: 'connected',
  profile: { id: 'office', name: 'Office', gateway: 'vpn.example.org' },
  since: startedAt + 5_000,
  connectMs: 412,
  provenAgeMs: 1_500,
  gateway: '203.0.113.7:4500',
  remoteIdentity: 'vpn.example.org',
  remoteAuthentication: 'rsa-pss-sha256',
  localAuthentication: 'eap-mschapv2',
  remoteNames: ['vpn.example.org'],
  ppk: false,
  weaknesses: [],
  ike: {
    proposal: 'aes256gcm16-prfsha384-ecp384',
    initiatorSpi: '0102030405060708',
    responderSpi: '1112131415161718',
    ageMs: 95_000,
    rekeys: 0,
  },
  esp: { proposal: 'aes256gcm16', inboundSpi: 'c0ffee01', outboundSpi: 'c0ffee02', ageMs: 30_000, rekeys: 2 },
  nat: { local: true, remote: false },
  mobike: true,
  peerAddresses: ['2001:db8::7'],
  path: {
    state: 'proven',
    interface: 'wlan0',
    local: '192.0.2.10:40000',
    gateway: '203.0.113.7',
    provenAgeMs: 1_500,
    others: [
      { interface: 'wwan0', local: '198.51.100.9:40001', gateway: '203.0.113.7', provenAgeMs: 60_000 },
    ],
  },
  device: 'godwit0',
  mtu: 1400,
  addresses: ['10.1.0.5/32'],
  routes: ['0.0.0.0/0'],
  blockedFamilies: [6],
  dns: { servers: ['10.1.0.53'], searchDomains: ['corp.example.org'], routeDomains: [] },
  counters: {
    outbound: { packets: 12, octets: 1_440, drops: {} },
    inbound: { packets: 10, octets: 2_500_000, drops: { replayed: 1 } },
    ike: { drops: { integrity: 2 } },
  },
};

export function snapshotOf(tunnel: TunnelSnapshot, attempt = 1): Snapshot {
  return { daemon: { version: '0.1.0', startedAt }, attempt, tunnel };
}

export function connectedSnapshot(): Snapshot {
  return snapshotOf(connectedTunnel);
}

export function idleSnapshot(): Snapshot {
  return snapshotOf({ state: 'disconnected', since: startedAt }, 0);
}
