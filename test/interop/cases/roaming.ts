import type { IkeSaView } from '../../support/peers/strongswan.ts';
import { addresses, type Topology } from '../../support/topology.ts';
import type { InteropCase } from '../case.ts';
import { pause, type Stage, within } from '../stage.ts';
import { pinging } from '../watch.ts';

const moved = { v4: '10.10.0.33', v6: 'fd10::33' } as const;

/** The client's cable is in another network for all it knows: its address goes, and another one comes. */
async function readdress(topology: Topology, from: string, to: string, family: 4 | 6): Promise<void> {
  const { client } = topology;
  const [length, router] = family === 4 ? [24, addresses.router.v4] : [64, addresses.router.v6];
  const of = family === 4 ? '' : '-6 ';
  await client.ip([`${of}route del default via ${router}`, `${of}addr del ${from}/${length} dev eth0`]);
  await pause(100);
  await client.ip([
    `${of}addr add ${to}/${length} dev eth0${family === 4 ? '' : ' nodad'}`,
    `${of}route add default via ${router}`,
  ]);
}

async function onlySa({ gateway }: Stage): Promise<IkeSaView | undefined> {
  const sas = await gateway.sas();
  return sas.length === 1 ? sas[0] : undefined;
}

/** A new login would have made other SPIs. The CHILD SA is charon's to replace, which it does where its ESP cannot be moved. */
function sameIke(before: IkeSaView | undefined, after: IkeSaView | undefined): string[] {
  const spis = (sa: IkeSaView | undefined) => `${sa?.initiatorSpi} ${sa?.responderSpi}`;
  return spis(before) === spis(after) ? [] : [`SPIs were ${spis(before)}, are ${spis(after)}`];
}

/** The client has another address while pings go through the tunnel; then it has the old one again. */
async function changeOfAddress(stage: Stage, family: 4 | 6): Promise<string[]> {
  const { topology } = stage;
  const [home, away] = family === 4 ? [addresses.client.v4, moved.v4] : [addresses.client.v6, moved.v6];
  const problems: string[] = [];
  const before = await onlySa(stage);
  const pings = pinging(stage);
  await pause(1_000);
  for (const [from, to] of [
    [home, away],
    [away, home],
  ] as const) {
    await readdress(topology, from, to, family);
    const followed = await within(4_000, async () => (await onlySa(stage))?.remoteHost === to);
    if (!followed) problems.push(`charon does not follow to ${to}: ${(await onlySa(stage))?.remoteHost}`);
    problems.push(...(await stage.settled()));
    await pause(1_000);
  }
  const lost = await pings.stop();
  // Two moves of 100 ms without an address, and a round trip each.
  if (!(lost <= 20)) problems.push(`${lost} pings were lost`);
  return [...problems, ...sameIke(before, await onlySa(stage))];
}

/** The router forgets what it translated, and translates to other ports from now on. */
async function rebind(topology: Topology, ports: string): Promise<void> {
  const { router } = topology;
  const forgetful = {
    'net.netfilter.nf_conntrack_udp_timeout': 1,
    'net.netfilter.nf_conntrack_udp_timeout_stream': 1,
  };
  const usual = {
    'net.netfilter.nf_conntrack_udp_timeout': 30,
    'net.netfilter.nf_conntrack_udp_timeout_stream': 120,
  };
  await router.sysctl(forgetful);
  await topology.client.run(['ping', '-c', '1', '-W', '2', addresses.lan.v4]);
  await pause(3_000);
  await router.nft(`flush chain inet lab nat
add rule inet lab nat oifname "wan" ip daddr ${addresses.natGateway.v4} meta l4proto udp masquerade to :${ports}
`);
  await router.sysctl(usual);
}

async function rebindings(stage: Stage): Promise<string[]> {
  const problems: string[] = [];
  const before = await onlySa(stage);
  for (const ports of ['50000-50009', '51000-51009']) {
    await rebind(stage.topology, ports);
    const pings = pinging(stage);
    const inRange = async () => {
      const port = (await onlySa(stage))?.remotePort ?? 0;
      return port >= Number(ports.slice(0, 5)) && port <= Number(ports.slice(6));
    };
    if (!(await within(16_000, inRange)))
      problems.push(`charon still sends to ${(await onlySa(stage))?.remotePort}`);
    problems.push(...(await stage.settled()));
    await pings.stop();
  }
  return [...problems, ...sameIke(before, await onlySa(stage))];
}

export const roamingCases: readonly InteropCase[] = [
  ...([4, 6] as const).map(
    (outside): InteropCase => ({
      name: `the client's IPv${outside} address changes and changes back under pings: the same IKE SA`,
      theme: 'roaming',
      gateway: { at: 'plainGateway', outside },
      client: {},
      expect: { up: true },
      seconds: 6,
      during: (stage) => changeOfAddress(stage, outside),
    }),
  ),
  {
    name: 'the NAT forgets the client twice: noticed by the silence, and the gateway follows',
    theme: 'roaming',
    gateway: {},
    client: {},
    expect: { up: true },
    seconds: 35,
    during: rebindings,
  },
];
