import type { LabProcess } from '../../support/net/lab-process.ts';
import type { ClientProfile } from '../../support/peers/client.ts';
import { startDhcpServer } from '../../support/peers/udhcpd.ts';
import { addresses } from '../../support/topology.ts';
import type { InteropCase } from '../case.ts';
import { secondClient } from '../second-client.ts';
import type { Stage } from '../stage.ts';

const { lan } = addresses;
const dns = [lan.v4];

let dhcp: LabProcess | undefined;

/** A second client beside the first: it logs in from the router, to the address that nothing translates. */
function beside(
  stage: Stage,
  wishes: Partial<ClientProfile>,
  play: (inner: readonly string[]) => Promise<string[]>,
): Promise<string[]> {
  return secondClient(stage, stage.topology.router, { ...wishes, gateway: addresses.plainGateway.v4 }, play);
}

/** What the gateway gives a client beside the CHILD SA. @rfc 7296 3.15 */
export const addressCases: readonly InteropCase[] = [
  {
    name: 'the client asks for an address and gets it; to another that asks for the same the gateway gives the next',
    theme: 'addresses',
    gateway: { pools: [4] },
    client: { requestedAddresses: ['10.79.0.1'], remoteNetworks: [lan.net4] },
    expect: { up: true, addresses: ['10.79.0.1'] },
    seconds: 8,
    during: (stage) =>
      beside(stage, { requestedAddresses: ['10.79.0.1'] }, async ([inner]) =>
        inner === undefined || inner === '10.79.0.1' || !inner.startsWith('10.79.0.')
          ? [`the second user has ${inner}`]
          : [],
      ),
  },
  {
    name: 'the client names an address of its own and the gateway agrees; one outside of the pool it replaces',
    theme: 'addresses',
    gateway: { pool4: { addrs: '10.79.0.77/32', dns } },
    client: { requestedAddresses: ['10.79.0.77', 'fd79::1:2:3'] },
    expect: { up: true },
    during: async (stage) => {
      const inner = (await stage.tunnel())?.addresses ?? [];
      const route = await stage.topology.client.must(['ip', 'route', 'get', lan.v4]);
      const problems = route.includes('src 10.79.0.77') ? [] : [`the route says ${route}`];
      const [own, other] = inner.map((address) => address.replace(/\/.*/, ''));
      if (own !== '10.79.0.77' || other === undefined || !/^fd79::[^:]*$/.test(other))
        problems.push(`the inner addresses are ${inner.join(', ')}`);
      const back = await stage.topology.lan.run(['ping', '-c', '1', '-W', '5', '10.79.0.77']);
      return back.status === 0 ? problems : [...problems, 'the lan does not reach the client'];
    },
  },
  {
    name: 'a pool with two DNS servers, a WINS server and attributes that nobody knows',
    theme: 'addresses',
    gateway: {
      pools: [4],
      pool4: { addrs: addresses.pool.v4, dns: [lan.v4, '10.77.0.53'], nbns: ['10.77.0.54'], '28675': ['x'] },
    },
    client: {},
    expect: { up: true, dnsServers: [lan.v4, '10.77.0.53'] },
  },
  {
    name: 'the address comes from a DHCP server in the protected network, whose hosts reach the client as a neighbour',
    theme: 'addresses',
    gateway: { pools: ['dhcp'], localSelectors: [lan.net4] },
    client: {},
    expect: { up: true },
    before: async ({ topology }) => {
      dhcp = await startDhcpServer(topology.lan, {
        device: 'eth0',
        range: ['10.77.0.100', '10.77.0.109'],
        dns: lan.v4,
      });
    },
    during: async ({ topology, gateway }) => {
      const [inner = ''] = (await gateway.sas()).flatMap(({ remoteVips }) => remoteVips);
      const problems = /^10\.77\.0\.10\d$/.test(inner) ? [] : [`the inner address is ${inner}`];
      const { status } = await topology.lan.run(['ping', '-c', '1', '-W', '5', inner]);
      await dhcp?.stop();
      return status === 0 ? problems : [...problems, `no answer from the client at ${inner}`];
    },
  },
  {
    name: 'two networks in one CHILD SA, and clients reach each other through the gateway',
    theme: 'addresses',
    gateway: { pools: [4], localSelectors: [lan.net4, addresses.pool.v4] },
    client: { remoteNetworks: [lan.net4, addresses.pool.v4] },
    expect: { up: true, selectors: [lan.net4, addresses.pool.v4] },
    // charon's userspace ESP routes a network only where the gateway has an address of it.
    before: ({ topology }) => topology.gateway.ip(['addr replace 10.79.0.254/32 dev lo']),
    seconds: 8,
    during: (stage) =>
      beside(stage, {}, async ([inner = '']) => {
        const ping = await stage.topology.client.run(['ping', '-c', '2', '-i', '0.2', '-W', '5', inner]);
        return ping.status === 0 ? [] : [`no answer from the other client at ${inner}`];
      }),
  },
];
