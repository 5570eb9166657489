import { addresses, type Topology } from '../../support/topology.ts';
import type { InteropCase } from '../case.ts';
import { patienceMs, pause, type Stage, wholeSas, within } from '../stage.ts';

/** For how many seconds of silence the router remembers what it translated: one datagram, and a flow. */
export function natMemory(one: number, flow: number): Readonly<Record<string, number>> {
  return {
    'net.netfilter.nf_conntrack_udp_timeout': one,
    'net.netfilter.nf_conntrack_udp_timeout_stream': flow,
  };
}

const memorySeconds = 4;

/** The router remembers for four seconds, and gives another port each time. */
async function forgetful({ router }: Topology): Promise<void> {
  await router.sysctl(natMemory(memorySeconds, memorySeconds));
  const what = `oifname "wan" ip daddr ${addresses.natGateway.v4} meta l4proto udp`;
  await router.nft(`flush chain inet lab nat\nadd rule inet lab nat ${what} masquerade fully-random\n`);
}

/** The far side speaks first, after a silence that is longer than the router's memory. */
async function reached({ topology, gateway }: Stage): Promise<string[]> {
  const [sa] = await wholeSas(gateway);
  const inner = sa?.remoteVips.find((each) => !each.includes(':')) ?? 'nobody';
  await topology.client.run(['ping', '-c', '1', '-W', '2', addresses.lan.v4]);
  await pause(1_000 * memorySeconds + 1_000);
  const ping = await topology.lan.run(['ping', '-c', '1', '-W', '5', inner]);
  return ping.status === 0 ? [] : [`the far side does not reach ${inner} after a silence`];
}

/** A liveness check after a silence shows that the NAT forgot; from then on it is kept awake, at the next login from the beginning. */
async function forgottenOnce(stage: Stage): Promise<string[]> {
  const problems: string[] = [];
  const interval = async () => (await stage.tunnel())?.keepalive?.everyMs ?? Number.NaN;
  try {
    if (!(await within(2 * patienceMs, async () => (await interval()) < 1_000 * memorySeconds)))
      problems.push(`keepalives after ${await interval()} ms`);
    problems.push(...(await reached(stage)));
    await stage.client.disconnect();
    const login = await stage.client.connect(stage.profile);
    if (!login.ok) return [...problems, `the second time: ${login.failure} ${login.detail}`];
    if (!(await within(4_000, async () => (await interval()) < 1_000 * memorySeconds)))
      problems.push(`at the second login keepalives after ${await interval()} ms`);
    return problems;
  } finally {
    await stage.topology.router.sysctl(natMemory(30, 120));
  }
}

/** What came in after so much silence is shown as a proof. */
async function held({ tunnel }: Stage, afterMs: number): Promise<string[]> {
  const shown = async () => (await tunnel())?.keepalive?.heldMs ?? 0;
  return (await within(patienceMs, async () => (await shown()) >= afterMs))
    ? []
    : [`a silence of ${await shown()} ms is shown as proven, and not one of ${afterMs}`];
}

/** Waits until so much time has passed without a packet outside: the path is measured for a while after a login. */
async function silence({ topology }: Stage, ms: number): Promise<void> {
  const seen = async () => {
    const { ike, espInUdp, keepalives } = await topology.wire();
    return ike + espInUdp + keepalives;
  };
  let last = await seen();
  let since = performance.now();
  await within(patienceMs, async () => {
    const now = await seen();
    if (now !== last) since = performance.now();
    last = now;
    return performance.now() - since >= ms;
  });
}

export const natMemoryCases: readonly InteropCase[] = [
  {
    name: 'a NAT that forgets in four seconds: learnt, kept awake, and remembered at the next login',
    theme: 'networks',
    endsTunnel: true,
    gateway: {},
    client: { livenessSeconds: 5 },
    expect: { up: true, natDetected: true },
    seconds: 22,
    before: ({ topology }) => forgetful(topology),
    during: forgottenOnce,
  },
  {
    name: 'what the far side sends into a silence proves how long the NAT remembers',
    theme: 'networks',
    gateway: {},
    client: { livenessSeconds: 60, profile: () => ({ keepaliveSeconds: 60 }) },
    expect: { up: true, natDetected: true },
    seconds: 8,
    during: async (stage) => {
      await silence(stage, 4_000);
      const [sa] = await wholeSas(stage.gateway);
      const inner = sa?.remoteVips.find((each) => !each.includes(':')) ?? 'nobody';
      const ping = await stage.topology.lan.run(['ping', '-c', '1', '-W', '5', inner]);
      return [...(ping.status === 0 ? [] : ['not reached']), ...(await held(stage, 3_500))];
    },
  },
  {
    name: 'what the gateway asks in a silence proves it too',
    theme: 'networks',
    gateway: { dpdSeconds: 6 },
    client: { livenessSeconds: 60, profile: () => ({ keepaliveSeconds: 60 }) },
    expect: { up: true, natDetected: true },
    seconds: 10,
    during: (stage) => held(stage, 5_500),
  },
];
