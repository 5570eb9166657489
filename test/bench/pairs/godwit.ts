import { EmbeddedGateway } from '../../support/peers/embedded-gateway.ts';
import { Godwit } from '../../support/peers/godwit.ts';
import { strongSwanObstacle } from '../../support/peers/strongswan.ts';
import { startStrongSwanGateway } from '../../support/peers/strongswan-gateway.ts';
import { benchGateway, benchLogin, benchMtu } from './credentials.ts';
import type { BenchNetwork, BenchPair, BenchTunnel, OnStarted } from './pair.ts';

/** Godwit to Godwit's embedded gateway: what the data plane can do. */
export const godwit: BenchPair = {
  name: 'godwit',
  obstacle: () => undefined,
  open: async (network, onStarted) => {
    const gateway = await EmbeddedGateway.start(
      network.gateway,
      network.gatewayAddress,
      benchGateway(network),
      { mtu: benchMtu },
    );
    return await connect(network, gateway, onStarted);
  },
};

/** Godwit to strongSwan: what a user of a real gateway sees. */
export const godwitToStrongSwan: BenchPair = {
  name: 'godwit-strongswan',
  obstacle: strongSwanObstacle,
  open: async (network, onStarted) =>
    await connect(network, await startStrongSwanGateway(network.gateway, benchGateway(network)), onStarted),
};

async function connect(
  network: BenchNetwork,
  gateway: { readonly process: { readonly pid: number }; stop(): Promise<void> },
  onStarted?: OnStarted,
): Promise<BenchTunnel> {
  const client = await Godwit.start(network.client);
  await onStarted?.(client.pid);
  const login = await client.connect(benchLogin(network));
  if (!login.ok) throw new Error(`Godwit does not connect: ${login.detail}\n${client.log}`);
  return {
    processes: { client: client.pid, gateway: gateway.process.pid },
    close: async () => {
      await client.disconnect();
      await client.stop();
      await gateway.stop();
    },
  };
}
