import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespace } from '../../support/net/lab.ts';
import type { LabProcess } from '../../support/net/lab-process.ts';
import { missingPrograms } from '../../support/net/sandbox.ts';
import { createCa, type Issued, issue } from '../../support/pki.ts';
import type { BenchNetwork, BenchPair } from './pair.ts';

const ca = createCa('Godwit Bench OpenVPN Root');
const ends = {
  gateway: { certificate: issue(ca, { subject: 'gateway' }), address: '10.80.0.1', address6: 'fd80::1' },
  client: {
    certificate: issue(ca, { subject: 'client', usages: ['clientAuth'] }),
    address: '10.80.0.2',
    address6: 'fd80::2',
  },
} as const;
type End = keyof typeof ends;

/** OpenVPN to itself with AES-256-GCM, its packets moved by the program and not by a kernel module. */
export const openvpn: BenchPair = {
  name: 'openvpn',
  obstacle: () => missingPrograms(['openvpn']),
  open: async (network) => {
    const gateway = start(network.gateway, 'gateway', [
      '--tls-server',
      ...['--dh', 'none'],
      ...['--local', network.gatewayAddress],
    ]);
    const client = start(network.client, 'client', [
      '--tls-client',
      ...['--remote', network.gatewayAddress, '1194'],
      '--nobind',
    ]);
    await Promise.all([gateway, client].map((end) => end.waitFor(/Initialization Sequence Completed/)));
    await route(network);
    return {
      processes: { client: client.pid, gateway: gateway.pid },
      close: async () => {
        await client.stop();
        await gateway.stop();
      },
    };
  },
};

function start(namespace: Namespace, end: End, more: readonly string[]): LabProcess {
  const other = end === 'gateway' ? ends.client : ends.gateway;
  const { certificate, address, address6 } = ends[end];
  const file = (name: string, text: string): string => {
    const path = join(namespace.folder, `openvpn-${name}`);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return namespace.spawn([
    'openvpn',
    ...['--dev', 'ovpn0', '--dev-type', 'tun', '--proto', 'udp4', '--disable-dco'],
    ...['--ifconfig', address, other.address, '--ifconfig-ipv6', `${address6}/64`, other.address6],
    ...['--data-ciphers', 'AES-256-GCM', '--cipher', 'AES-256-GCM', '--auth-nocache'],
    ...files(certificate, file),
    ...more,
  ]);
}

function files(own: Issued, file: (name: string, text: string) => string): string[] {
  return [
    ...['--ca', file('ca.pem', ca.pem)],
    ...['--cert', file('cert.pem', own.pem)],
    ...['--key', file('key.pem', own.privateKeyPem)],
  ];
}

/** The far ends' own addresses are routed by --ifconfig. */
async function route({ client, targetNetwork, targetNetwork6 }: BenchNetwork): Promise<void> {
  await client.ip([`route add ${targetNetwork} dev ovpn0`, `-6 route add ${targetNetwork6} dev ovpn0`]);
}
