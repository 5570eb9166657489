import { Godwit } from '../../support/peers/godwit.ts';
import type { IkeSaView } from '../../support/peers/strongswan.ts';
import { addresses, type Topology } from '../../support/topology.ts';
import type { InteropCase } from '../case.ts';
import { patienceMs, pause, type Stage, wholeSas, within } from '../stage.ts';
import { traffic } from '../traffic.ts';
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
  const sas = await wholeSas(gateway);
  return sas.length === 1 ? sas[0] : undefined;
}

/** A new login would have made other SPIs. The CHILD SA is charon's to replace, which it does where its ESP cannot be moved. */
function sameIke(before: IkeSaView | undefined, after: IkeSaView | undefined): string[] {
  const spis = (sa: IkeSaView | undefined) => `${sa?.initiatorSpi} ${sa?.responderSpi}`;
  return spis(before) === spis(after) ? [] : [`SPIs were ${spis(before)}, are ${spis(after)}`];
}

/** Only this family leads anywhere from the client, and both again afterwards. */
async function withOnly(
  family: 4 | 6,
  { topology }: Stage,
  play: () => Promise<string[]>,
): Promise<string[]> {
  const other = family === 4 ? defaultRoute6 : defaultRoute4;
  await topology.client.ip([`${other.of}route del ${other.route}`]);
  try {
    return await play();
  } finally {
    await topology.client.ip([`${other.of}route add ${other.route}`]);
  }
}

const defaultRoute4 = { of: '', route: `default via ${addresses.router.v4}` } as const;
const defaultRoute6 = { of: '-6 ', route: `default via ${addresses.router.v6}` } as const;

/** The client has another address while pings go through the tunnel; then it has the old one again. */
async function changeOfAddress(stage: Stage, family: 4 | 6): Promise<string[]> {
  const { topology } = stage;
  const [home, away] = family === 4 ? [addresses.client.v4, moved.v4] : [addresses.client.v6, moved.v6];
  const problems: string[] = [];
  const before = await onlySa(stage);
  const pings = pinging(stage);
  await pings.go(10);
  for (const [from, to] of [
    [home, away],
    [away, home],
  ] as const) {
    await readdress(topology, from, to, family);
    const followed = await within(patienceMs, async () => (await onlySa(stage))?.remoteHost === to);
    if (!followed) problems.push(`charon does not follow to ${to}: ${(await onlySa(stage))?.remoteHost}`);
    problems.push(...(await stage.settled()));
    await pings.go(10);
  }
  // Two moves of 100 ms without an address, and a round trip each.
  problems.push(...(await pings.stop({ pings: 20, flights: 4 })));
  return [...problems, ...sameIke(before, await onlySa(stage))];
}

/** The router forgets what it translated, and translates by this rule from now on. */
async function retranslate(topology: Topology, rule: string): Promise<void> {
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
  // What the client sends meanwhile must not remind it.
  await router.nft(`add chain inet lab quiet { type filter hook prerouting priority -300; }
add rule inet lab quiet iifname "home" udp dport 4500 drop
`);
  await pause(3_000);
  await router.nft(
    `flush chain inet lab nat\n${rule}\nflush chain inet lab quiet\ndelete chain inet lab quiet\n`,
  );
  await router.sysctl(usual);
}

const translating = (gateway: string, to: string): string =>
  `add rule inet lab nat oifname "wan" ip daddr ${gateway} meta l4proto udp masquerade${to}`;

async function rebindings(stage: Stage): Promise<string[]> {
  const problems: string[] = [];
  const before = await onlySa(stage);
  for (const ports of ['50000-50009', '51000-51009']) {
    await retranslate(stage.topology, translating(addresses.natGateway.v4, ` to :${ports}`));
    const pings = pinging(stage);
    const inRange = async () => {
      const port = (await onlySa(stage))?.remotePort ?? 0;
      return port >= Number(ports.slice(0, 5)) && port <= Number(ports.slice(6));
    };
    if (!(await within(2 * patienceMs, inRange)))
      problems.push(`charon still sends to ${(await onlySa(stage))?.remotePort}`);
    problems.push(...(await stage.settled()));
    await pings.end();
  }
  return [...problems, ...sameIke(before, await onlySa(stage))];
}

/** The path has no NAT, then it has one, then it has none again. */
async function natComesAndGoes(stage: Stage): Promise<string[]> {
  const problems: string[] = [];
  const before = await onlySa(stage);
  // As a NAT and most routers at home do: what nobody asked for does not come in.
  const { client, plainGateway } = addresses;
  await stage.topology.resetRouter([`ip saddr ${plainGateway.v4} ip daddr ${client.v4} ct state new`]);
  for (const [rule, seen] of [
    [translating(addresses.plainGateway.v4, ''), addresses.router.wan4],
    ['', addresses.client.v4],
  ] as const) {
    await retranslate(stage.topology, rule);
    const pings = pinging(stage);
    if (!(await within(2 * patienceMs, async () => (await onlySa(stage))?.remoteHost === seen)))
      problems.push(`charon sends to ${(await onlySa(stage))?.remoteHost}, not to ${seen}`);
    // It makes the CHILD SA anew there.
    await within(patienceMs, () => answersPing(stage));
    problems.push(...(await stage.settled()));
    await pings.end();
  }
  return [...problems, ...sameIke(before, await onlySa(stage))];
}

async function answersPing({ topology }: Stage): Promise<boolean> {
  const { status } = await topology.client.run(['ping', '-c', '1', '-W', '1', addresses.lan.v4]);
  return status === 0;
}

/** A family goes away under pings, and then the other one: two moves, one IKE SA. */
async function familiesInTurn(stage: Stage): Promise<string[]> {
  const problems: string[] = [];
  const before = await onlySa(stage);
  const pings = pinging(stage);
  for (const [gone, left] of [
    [defaultRoute6, 4],
    [defaultRoute4, 6],
  ] as const) {
    await stage.topology.client.ip([`${gone.of}route del ${gone.route}`]);
    const isThere = async () => ((await onlySa(stage))?.remoteHost.includes(':') === true ? 6 : 4) === left;
    if (!(await within(patienceMs, isThere))) problems.push(`charon does not follow to IPv${left}`);
    // Charon has followed before its answer is there.
    const shown = async () => (await stage.tunnel())?.path.state ?? 'proven';
    if (!(await within(patienceMs, async () => (await shown()) === 'proven')))
      problems.push(`the path is shown as ${await shown()}`);
    problems.push(...(await stage.settled()));
    await stage.topology.client.ip([`${gone.of}route add ${gone.route}`]);
    await pings.go(5);
  }
  problems.push(...(await pings.stop({ pings: 10, flights: 4 })));
  return [...problems, ...sameIke(before, await onlySa(stage))];
}

/** A second uplink beside the first, less liked, for as long as `play` lasts. */
async function withSecondUplink(stage: Stage, play: () => Promise<string[]>): Promise<string[]> {
  const { lab, client, router } = stage.topology;
  await client.ip([`-6 route del ${defaultRoute6.route}`]);
  await lab.link(
    { namespace: client, device: 'wwan0', addresses: [`${cellular}/24`] },
    { namespace: router, device: 'cell', addresses: ['10.20.0.1/24'] },
  );
  await client.ip(['route add default via 10.20.0.1 dev wwan0 metric 700']);
  await stage.topology.gateway.ip(['route add 10.20.0.0/24 via 192.0.2.1']);
  try {
    return await play();
  } finally {
    await stage.topology.gateway.ip(['route del 10.20.0.0/24']);
    // A link that goes down forgets its IPv6 addresses.
    const address6 = `-6 addr replace ${addresses.client.v6}/64 dev eth0 nodad`;
    await client.ip(['link del wwan0', address6, `-6 route add ${defaultRoute6.route}`]);
  }
}

/** Logged out and in again, while nothing that is sent by the preferred uplink arrives. */
async function loginBesideDumbUplink(stage: Stage): Promise<string[]> {
  const { topology, client, profile } = stage;
  if (!(client instanceof Godwit)) return [];
  await client.disconnect();
  await topology.resetRouter(['iifname "home"', 'oifname "home"']);
  try {
    const login = await client.connect(profile);
    if (!login.ok) return [`does not connect: ${login.failure} ${login.detail}`];
    const { path } = (await stage.tunnel()) ?? {};
    const problems = path?.interface === 'wwan0' ? [] : [`connected by ${path?.interface}`];
    // What the scout began there, charon forgets after a while.
    const ping = await topology.client.run(['ping', '-c', '1', '-W', '15', addresses.lan.v4]);
    return ping.status === 0 ? problems : [...problems, 'no answer to a ping through the tunnel'];
  } finally {
    await client.disconnect();
    await topology.resetRouter();
  }
}

const cellular = '10.20.0.2';

/**
 * Wi-Fi and cellular are up at once. What is sent by Wi-Fi begins to vanish, though the link stays up; later it works again and the
 * machine still prefers it; in the end the link goes away.
 */
async function twoUplinks(stage: Stage): Promise<string[]> {
  const { topology } = stage;
  const problems: string[] = [];
  const before = await onlySa(stage);
  // The router translates towards one of the gateway's addresses, so that charon's view is not always the client's address.
  const at = (link: string) => async () => {
    const shown = await stage.tunnel();
    return shown?.path.interface === link && shown.path.state === 'proven';
  };
  const alsoBy = async () =>
    (await stage.tunnel())?.path.others.some((way) => way.interface === 'wwan0') === true;
  if (!(await within(patienceMs, alsoBy))) problems.push('the second uplink is not shown as proven');
  const pings = pinging(stage);
  await pings.go(5);
  await topology.resetRouter(['iifname "home"', 'oifname "home"']);
  if (!(await within(patienceMs, at('wwan0'))))
    problems.push('still on the uplink where everything vanishes');
  problems.push(...(await stage.settled()));
  await topology.resetRouter();
  // Nothing tells that it works again.
  if (!(await within(2 * patienceMs, at('eth0')))) problems.push('not back on the uplink that works again');
  problems.push(...(await stage.settled()));
  await pings.end();
  await topology.client.ip(['link set eth0 down']);
  // Without traffic the silence alone would show in ten seconds and more.
  if (!(await within(8_000, at('wwan0'))))
    problems.push('the link went away, and the gateway was not told in time');
  problems.push(...(await stage.settled()));
  await topology.client.ip(['link set eth0 up', 'route replace default via 10.10.0.1']);
  await within(patienceMs, at('eth0'));
  return [...problems, ...sameIke(before, await onlySa(stage))];
}

/** The second login begins with what the first one found, and proves it at once. */
async function knownAgain(stage: Stage, octets: number, mtu: number): Promise<string[]> {
  await stage.client.disconnect();
  const login = await stage.client.connect(stage.profile);
  if (!login.ok) return [`the second time: ${login.failure} ${login.detail}`];
  const proven = async () => (await stage.tunnel())?.path.largestPacket?.octets === octets;
  const size = (await stage.tunnel())?.mtu ?? 0;
  // What is smaller than where all logins begin is in use before it is proven.
  const problems = mtu > 1_400 || size === mtu ? [] : [`the second login begins with ${size}, not ${mtu}`];
  return (await within(patienceMs, proven))
    ? problems
    : [...problems, 'nothing is proven at the second login'];
}

/**
 * A narrow link in the middle. What is too large for it and may not be cut is told of, or vanishes without a word; either way the tunnel carries whole packets of its own MTU. When the link is wide again, and the network changes, it grows.
 */
async function narrowLink(stage: Stage, octets: number): Promise<string[]> {
  const { topology } = stage;
  const problems: string[] = [];
  const measured = async () => (await stage.tunnel())?.path.largestPacket?.octets;
  const setTo = (mtu: number) => topology.router.ip([`link set wan mtu ${mtu}`]);
  if (!(await within(patienceMs, async () => (await measured()) === octets)))
    problems.push(`${await measured()} octets were found, on a path of ${octets}`);
  const mtu = (await stage.tunnel())?.mtu ?? 0;
  // Charon sends on whole what comes back, as its own device is wider than the smaller path: there only TCP is safe, by its MSS.
  const ping = `ping -M do -c 2 -i 0.2 -W 5 -s ${mtu - 28} ${addresses.lan.v4}`.split(' ');
  if (octets >= 1_400 && (await topology.client.run(ping)).status !== 0)
    problems.push(`a packet of ${mtu} octets does not get through the tunnel`);
  problems.push(...(await traffic(topology, 2)));
  problems.push(...(await knownAgain(stage, octets, mtu)));
  await setTo(1_500);
  await topology.client.ip(['addr add 10.10.0.99/24 dev eth0', 'addr del 10.10.0.99/24 dev eth0']);
  if (!(await within(patienceMs, async () => (await measured()) === 1_500)))
    problems.push(`${await measured()} octets were found once the path was wide again`);
  return problems;
}

export const roamingCases: readonly InteropCase[] = [
  {
    name: 'no NAT is allowed, and there is none',
    theme: 'roaming',
    gateway: { at: 'plainGateway' },
    client: { profile: () => ({ allowNat: false }) },
    expect: { up: true },
  },
  ...([4, 6] as const).map(
    (outside): InteropCase => ({
      name: `the client's IPv${outside} address changes and changes back under pings: the same IKE SA`,
      theme: 'roaming',
      gateway: { at: 'plainGateway', outside },
      client: {},
      expect: { up: true },
      seconds: 6,
      during: (stage) => withOnly(outside, stage, () => changeOfAddress(stage, outside)),
    }),
  ),
  {
    name: 'IPv6 goes away and comes back, then IPv4: the same IKE SA over whatever is left',
    theme: 'roaming',
    gateway: { at: 'plainGateway', outside: 6 },
    client: {},
    expect: { up: true },
    seconds: 8,
    during: familiesInTurn,
  },
  {
    name: 'a login where the preferred uplink is dumb: the other one answers and carries it',
    theme: 'roaming',
    gateway: { at: 'plainGateway' },
    client: {},
    expect: { up: true },
    endsTunnel: true,
    seconds: 8,
    during: (stage) => withSecondUplink(stage, () => loginBesideDumbUplink(stage)),
  },
  {
    name: 'two uplinks at once: one goes dumb, works again, goes away; each time the other carries on',
    theme: 'roaming',
    gateway: { at: 'plainGateway' },
    client: {},
    expect: { up: true },
    seconds: 20,
    during: (stage) => withSecondUplink(stage, () => twoUplinks(stage)),
  },
  ...[
    { octets: 1_300, icmp: false },
    { octets: 1_400, icmp: false },
    { octets: 1_400, icmp: true },
  ].map(
    ({ octets, icmp }): InteropCase => ({
      name: `a link of ${octets} octets in the middle, and ${icmp ? 'word' : 'no word'} of it by ICMP: measured, remembered, and measured again when it is wide`,
      theme: 'roaming',
      endsTunnel: true,
      gateway: { at: 'plainGateway' },
      client: {},
      // Before anything is measured.
      expect: { up: true, largestPing: 1_000 },
      seconds: 20,
      before: async ({ topology: { router } }) => {
        await router.ip([`link set wan mtu ${octets}`]);
        // The router's own word; what it forwards is not meant.
        const silent = 'add rule inet lab told icmp type destination-unreachable drop';
        const chain = 'add chain inet lab told { type filter hook output priority 0; }';
        if (!icmp) await router.nft(`${chain}\n${silent}\n`);
      },
      during: (stage) => narrowLink(stage, octets),
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
  {
    name: 'a NAT comes into the path and goes again: noticed, and the gateway follows',
    theme: 'roaming',
    gateway: { at: 'plainGateway' },
    client: {},
    expect: { up: true },
    seconds: 35,
    during: natComesAndGoes,
  },
];
