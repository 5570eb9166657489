import type { Namespace } from '../../support/net/lab.ts';
import type { IkeSaView } from '../../support/peers/strongswan.ts';
import { addresses, type Topology } from '../../support/topology.ts';
import type { InteropCase } from '../case.ts';
import { secondClient } from '../second-client.ts';
import { pause, type Stage, wholeSas } from '../stage.ts';
import { natMemory } from './nat-memory.ts';

const { plainGateway, router } = addresses;
const theme = 'networks' as const;

/** Another machine behind the router, in a network of its own. */
async function anotherMachine({ lab, router }: Topology): Promise<Namespace> {
  const machine = await lab.namespace('second', { nameServers: ['10.11.0.1'] });
  await lab.link(
    { namespace: machine, device: 'eth0', addresses: ['10.11.0.2/24'] },
    { namespace: router, device: 'home2', addresses: ['10.11.0.1/24'] },
  );
  await machine.ip(['route add default via 10.11.0.1']);
  return machine;
}

/** The inner IPv4 address of a user. */
function innerOf(sas: readonly IkeSaView[], user: string): string | undefined {
  return sas
    .find(({ remoteEapId, remoteId }) => (remoteEapId ?? remoteId) === user)
    ?.remoteVips.find((each) => !each.includes(':'));
}

/** The router forgets what was silent for two seconds; then the far side speaks first. */
async function silenceOfTwo(stage: Stage): Promise<string[]> {
  const { topology, gateway } = stage;
  const machine = await anotherMachine(topology);
  await topology.router.sysctl(natMemory(2, 2));
  // What it remembers already gets the shorter time with the next packet.
  await topology.client.run(['ping', '-c', '1', '-W', '2', addresses.lan.v4]);
  try {
    return await secondClient(stage, machine, {}, async (inner) => {
      const problems: string[] = [];
      const sas = await wholeSas(gateway);
      if (sas.length !== 2 || sas.some(({ remoteHost }) => remoteHost !== router.wan4))
        problems.push(`charon sees ${sas.map(({ remoteHost }) => remoteHost).join(' and ')}`);
      if (new Set(sas.map(({ remotePort }) => remotePort)).size !== 2)
        problems.push('both clients have the same port');
      const before = await topology.wire();
      await pause(6_000);
      const { keepalives, espInUdp } = await topology.wire();
      if (espInUdp !== before.espInUdp) problems.push('ESP went through the silence');
      if (keepalives - before.keepalives < 4) problems.push('no keepalives were seen');
      for (const address of [innerOf(sas, 'alice'), inner.find((each) => !each.includes(':'))]) {
        const ping = await topology.lan.run(['ping', '-c', '1', '-W', '5', address ?? 'nobody']);
        if (ping.status !== 0) problems.push(`the far side does not reach ${address}`);
      }
      return problems;
    });
  } finally {
    await topology.router.sysctl(natMemory(30, 120));
  }
}

/** A neighbour in the network that the client is in answers beside the full tunnel. */
async function neighbour({ topology }: Stage): Promise<string[]> {
  const before = await topology.wire();
  const problems: string[] = [];
  for (const address of [router.v4, router.v6]) {
    const ping = await topology.client.run(['ping', '-c', '1', '-W', '5', address]);
    if (ping.status !== 0) problems.push(`no answer from ${address}`);
  }
  const { espInUdp } = await topology.wire();
  if (espInUdp !== before.espInUdp) problems.push('what was for a neighbour went into the tunnel');
  return problems;
}

/** The way that packets go outside, whatever is inside. */
export const pathCases: readonly InteropCase[] = [
  {
    name: 'two clients behind one NAT that forgets in two seconds: after a silence the far side reaches both',
    theme,
    gateway: {},
    client: { profile: () => ({ keepaliveSeconds: 1 }) },
    expect: { up: true, natDetected: true },
    seconds: 12,
    during: silenceOfTwo,
  },
  {
    name: 'no NAT, and ESP is filtered: only UDP is seen',
    theme,
    gateway: { at: 'plainGateway', lose: ['meta l4proto esp'], connection: { encap: 'no' } },
    client: {},
    expect: { up: true, natDetected: false, ping: ['lan4', 'lan6'] },
    during: async ({ gateway }) => {
      const [sa] = await wholeSas(gateway);
      return sa?.natRemote === true ? [] : ['charon does not take the client for one behind a NAT'];
    },
  },
  {
    name: 'full, behind a NAT: a neighbour of the client is reached beside the tunnel',
    theme,
    gateway: { localSelectors: ['0.0.0.0/0', '::/0'] },
    client: {},
    expect: { up: true, ping: ['lan4', 'internet4', 'internet6'], selectors: ['0.0.0.0/0', '::/0'] },
    during: neighbour,
  },
  {
    name: "the tunnel leads to the gateway's outer address, and to nothing else",
    theme,
    gateway: { pools: [4], localSelectors: [`${plainGateway.v4}/32`], at: 'plainGateway' },
    client: { remoteNetworks: [`${plainGateway.v4}/32`] },
    expect: { up: true, ping: ['plainGateway4'], selectors: [`${plainGateway.v4}/32`] },
  },
  {
    name: "full, behind a NAT: the gateway's outer addresses are reached through the tunnel too",
    theme,
    gateway: { localSelectors: ['0.0.0.0/0', '::/0'] },
    client: {},
    expect: { up: true, ping: ['natGateway4', 'natGateway6', 'lan4'], selectors: ['0.0.0.0/0', '::/0'] },
  },
];
