import type { Lab } from '../support/net/lab.ts';
import type { BenchNetwork } from './pairs/pair.ts';

/** Two namespaces and one cable; behind the gateway an address of each family that only the tunnel leads to. */
export async function layCable(lab: Lab): Promise<BenchNetwork> {
  const [client, gateway] = await Promise.all([lab.namespace('client'), lab.namespace('gateway')]);
  await lab.link(
    { namespace: client, device: 'eth0', addresses: ['192.0.2.10/24'] },
    { namespace: gateway, device: 'eth0', addresses: ['192.0.2.1/24'] },
  );
  await gateway.ip(['addr add 10.77.0.1/32 dev lo', 'addr add fd77::1/128 dev lo']);
  return {
    client,
    gateway,
    clientAddress: '192.0.2.10',
    gatewayAddress: '192.0.2.1',
    target: '10.77.0.1',
    targetNetwork: '10.77.0.0/24',
    target6: 'fd77::1',
    targetNetwork6: 'fd77::/64',
  };
}
