import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespace } from '../../support/net/lab.ts';
import type { LabProcess } from '../../support/net/lab-process.ts';
import { missingPrograms } from '../../support/net/sandbox.ts';
import type { BenchNetwork, BenchPair } from './pair.ts';

/** Debian's is of 2022 and has no segmentation offload: `WIREGUARD_GO` names a newer one. */
const program = process.env['WIREGUARD_GO'] ?? 'wireguard-go';
const port = 51_820;

interface Keys {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** wireguard-go to itself. The cipher is ChaCha20-Poly1305: there is no other. */
export const wireguardGo: BenchPair = {
  name: 'wireguard-go',
  obstacle: () => missingPrograms(program.includes('/') ? ['wg'] : [program, 'wg']),
  open: async (network) => {
    const [here, there] = [keys(), keys()];
    const gateway = await start(network.gateway, 'wgg', there, [
      ...['peer', here.publicKey, 'allowed-ips', '10.80.0.2/32,fd80::2/128'],
    ]);
    const client = await start(network.client, 'wgc', here, [
      ...['peer', there.publicKey, 'endpoint', `${network.gatewayAddress}:${port}`],
      ...['allowed-ips', '0.0.0.0/0,::/0'],
    ]);
    await configure(network);
    return {
      processes: { client: client.pid, gateway: gateway.pid },
      close: async () => {
        await client.stop();
        await gateway.stop();
      },
    };
  },
};

async function start(
  namespace: Namespace,
  device: string,
  { privateKey }: Keys,
  settings: readonly string[],
): Promise<LabProcess> {
  const keyFile = join(namespace.folder, 'wireguard.key');
  writeFileSync(keyFile, privateKey, { mode: 0o600 });
  const process = namespace.spawn([program, '--foreground', device], { env: { LOG_LEVEL: 'verbose' } });
  await process.waitFor(/UAPI listener started/);
  await namespace.must([
    'wg',
    'set',
    device,
    'listen-port',
    String(port),
    'private-key',
    keyFile,
    ...settings,
  ]);
  return process;
}

async function configure({ client, gateway, targetNetwork, targetNetwork6 }: BenchNetwork): Promise<void> {
  await gateway.ip([
    'addr add 10.80.0.1/24 dev wgg',
    'addr add fd80::1/64 dev wgg',
    'link set wgg mtu 1420 up',
  ]);
  await client.ip([
    'addr add 10.80.0.2/24 dev wgc',
    'addr add fd80::2/64 dev wgc',
    'link set wgc mtu 1420 up',
    `route add ${targetNetwork} dev wgc`,
    `-6 route add ${targetNetwork6} dev wgc`,
  ]);
}

/** Curve25519, as WireGuard writes it: the raw 32 octets in Base64. */
function keys(): Keys {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const raw = (der: Buffer): string => der.subarray(-32).toString('base64');
  return {
    privateKey: raw(privateKey.export({ type: 'pkcs8', format: 'der' })),
    publicKey: raw(publicKey.export({ type: 'spki', format: 'der' })),
  };
}
