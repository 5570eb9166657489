import { startCharonClient } from '../../support/peers/charon-client.ts';
import { strongSwanObstacle } from '../../support/peers/strongswan.ts';
import { startStrongSwanGateway } from '../../support/peers/strongswan-gateway.ts';
import { benchGateway, benchLogin } from './credentials.ts';
import type { BenchPair } from './pair.ts';

/** strongSwan to strongSwan, both with its userspace ESP. */
export const libipsec: BenchPair = {
  name: 'libipsec',
  obstacle: strongSwanObstacle,
  open: async (network, onStarted) => {
    const gateway = await startStrongSwanGateway(network.gateway, benchGateway(network));
    const client = await startCharonClient(network.client);
    await onStarted?.(client.pid);
    const login = await client.connect(benchLogin(network));
    if (!login.ok) throw new Error(`charon does not connect to charon: ${login.detail}\n${client.log}`);
    return {
      processes: { client: client.pid, gateway: gateway.process.pid },
      close: async () => {
        await client.stop();
        await gateway.stop();
      },
    };
  },
};
