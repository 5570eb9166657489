import type { ClientConfig, GatewayConfig, InteropCase } from '../case.ts';
import { patienceMs, pause, type Stage, wholeSas, within } from '../stage.ts';
import { traffic } from '../traffic.ts';

type Wishes = Pick<InteropCase, 'gateway' | 'client'>;

/** Godwit replaces an SA in the third quarter of its lifetime: after 5 to 7.5 s here. */
const ours = 10;
const theirs = 5;
const never = 86_400;
const quiet = { earlySeconds: 0, childSeconds: never, ikeSeconds: never };

const fast = {
  ourChild: { client: { rekey: { ...quiet, childSeconds: ours, earlySeconds: 2 } }, gateway: {} },
  theirChild: { client: { rekey: quiet }, gateway: { rekey: { childSeconds: theirs } } },
  bothChild: {
    client: { rekey: { ...quiet, childSeconds: ours, earlySeconds: 2 } },
    gateway: { rekey: { childSeconds: theirs } },
  },
  ourIke: { client: { rekey: { ...quiet, ikeSeconds: ours } }, gateway: {} },
  theirIke: { client: { rekey: quiet }, gateway: { rekey: { ikeSeconds: theirs } } },
  everything: {
    client: { rekey: { childSeconds: ours, ikeSeconds: ours, earlySeconds: 2 } },
    gateway: { rekey: { childSeconds: theirs, ikeSeconds: theirs } },
  },
} as const satisfies Record<string, Wishes>;

/** The keys are replaced at least so often, and nothing is lost. */
interface Counts {
  readonly children?: number;
  readonly ikes?: number;
}

function underTraffic(
  name: string,
  wishes: Wishes,
  counts: Counts,
  more: { readonly gateway?: GatewayConfig; readonly client?: ClientConfig; readonly seconds?: number } = {},
): InteropCase {
  const { seconds = 15 } = more;
  return {
    name,
    theme: 'rekeying',
    gateway: { ...wishes.gateway, ...more.gateway },
    client: { ...wishes.client, ...more.client },
    expect: { up: true },
    seconds: seconds + 5,
    during: async (stage) => {
      const problems = await traffic(stage.topology, seconds);
      return [...problems, ...(await stage.agree()), ...(await rekeyed(stage, counts))];
    },
  };
}

/** At least so many successors, by Godwit's count and by charon's, and no failure since. The last of them may yet be under way. */
export async function rekeyed(stage: Stage, counts: Counts): Promise<string[]> {
  let problems: string[] = [];
  // Less than from one rekey to the next but one.
  await within(6_000, async () => {
    problems = await missing(stage, counts);
    return problems.length === 0;
  });
  return problems;
}

async function missing(stage: Stage, { children = 0, ikes = 0 }: Counts): Promise<string[]> {
  const problems: string[] = [];
  const tunnel = await stage.tunnel();
  const count = await stage.gateway.counters();
  const atLeast = (what: string, found: number, wanted: number): void => {
    if (found < wanted) problems.push(`${what}: ${found} rekeys, expected ${wanted} or more`);
  };
  atLeast('CHILD SA at charon', count('child-rekey'), children);
  atLeast('IKE SA at charon', count('ike-rekey-init') + count('ike-rekey-resp'), ikes);
  if (tunnel === undefined) return problems;
  atLeast('CHILD SA at Godwit', tunnel.esp.rekeys, children);
  atLeast('IKE SA at Godwit', tunnel.ike.rekeys, ikes);
  if (tunnel.rekeyFailure !== undefined)
    problems.push(`Godwit shows a rekey failure: ${tunnel.rekeyFailure.error.code}`);
  return problems;
}

/** CREATE_CHILD_SA from the client, and its responses alone. @rfc 7296 3.1 */
const fromClient = 'udp dport 4500 @th,64,32 0 @th,240,8 36';
const responses = `${fromClient} @th,248,8 & 0x20 != 0`;

/** The two requests cross: each side has the other's before it has an answer to its own. */
function collision(name: string, client: ClientConfig, charonRekeys: 'child' | 'ike'): InteropCase {
  return {
    name,
    theme: 'rekeying',
    gateway: {},
    client,
    expect: { up: true },
    seconds: client.rekey?.ikeSeconds === 4 * ours ? 40 : 18,
    during: async (stage) => {
      const { topology, gateway } = stage;
      await topology.resetRouter([fromClient]);
      if (!(await within(60_000, async () => (await topology.wire()).rekeysToGateway > 0)))
        return ['Godwit did not begin to rekey'];
      const target = charonRekeys === 'child' ? { child: 'net' } : { ike: 'gateway' };
      await gateway.vici.must('rekey', target);
      if (!(await within(patienceMs, async () => (await topology.wire()).rekeysToClient > 0)))
        return ['charon did not begin to rekey'];
      // Both send again what they got no answer to.
      await topology.resetRouter([responses]);
      if (!(await within(patienceMs, async () => (await gateway.counters())('create-child-in-req') > 0)))
        return ['the request of Godwit did not arrive'];
      await topology.resetRouter();
      await pause(6_000);
      // When charon wins, it ends the old IKE SA before our request can be repeated. Its answer to that one is lost, so we never
      // learn the SPI of what charon made for it, and charon waits for a DELETE that nobody can send.
      const nobodysSa = charonRekeys === 'ike';
      const problems = await (nobodysSa ? stage.agree() : stage.settled());
      return [...problems, ...(await rekeyed(stage, {}))];
    },
  };
}

/** The gateway demands for a rekey what the client does not offer; at the login no group is spoken of. */
const refusal: InteropCase = {
  name: 'refused for a group that only the rekey shows: told early, and a new login in time',
  theme: 'rekeying',
  endsTunnel: true,
  gateway: { esp: ['aes256gcm16-modp4096'] },
  client: {
    esp: ['aes256gcm16-ecp256'],
    rekey: { childSeconds: 20, ikeSeconds: never, earlySeconds: 3 },
  },
  expect: { up: true },
  seconds: 28,
  during: async (stage) => {
    const { gateway } = stage;
    const old = (await wholeSas(gateway))[0]?.children[0]?.spiIn;
    if (!(await within(6_000, async () => (await stage.tunnel())?.rekeyFailure !== undefined)))
      return ['the early rekey was refused and Godwit does not say so within 6 s'];
    const problems = await stage.agree();
    const failure = (await stage.tunnel())?.rekeyFailure;
    if (failure?.what !== 'esp' || failure.error.code !== 'peer.no-proposal-chosen')
      problems.push(`the failure shown is ${failure?.what} ${failure?.error.code}`);
    const gone = async (): Promise<boolean> =>
      !(await gateway.sas()).some((sa) => sa.children.some(({ spiIn }) => spiIn === old));
    if (!(await within(22_000, gone))) problems.push('the CHILD SA outlives its lifetime');
    return [...problems, ...(await stage.agree())];
  },
};

const pfs = { esp: ['aes256gcm16-ecp256'] };
const soakSeconds = 120;

function soak(name: string, wishes: Wishes, counts: Counts): InteropCase {
  return { ...underTraffic(`soak: ${name}`, wishes, counts, { seconds: soakSeconds }), soak: true };
}

/** Keys are replaced while packets flow. @rfc 7296 2.8 */
export const rekeyingCases: readonly InteropCase[] = [
  underTraffic('CHILD SA by the client', fast.ourChild, { children: 2 }),
  underTraffic('CHILD SA by the gateway', fast.theirChild, { children: 2 }),
  underTraffic('CHILD SA by both', fast.bothChild, { children: 3 }),
  underTraffic(
    'CHILD SA by the client, with a fresh key exchange',
    fast.ourChild,
    { children: 2 },
    { gateway: pfs, client: pfs },
  ),
  underTraffic(
    'CHILD SA by the client, the gateway demands a group of its own',
    fast.ourChild,
    { children: 2 },
    { gateway: { esp: ['aes256gcm16-ecp384'] } },
  ),
  underTraffic(
    'CHILD SA by the gateway, with a fresh key exchange',
    fast.theirChild,
    { children: 2 },
    { gateway: { ...fast.theirChild.gateway, esp: ['aes256gcm16-x25519'] } },
  ),
  underTraffic('IKE SA by the client', fast.ourIke, { ikes: 2 }),
  underTraffic('IKE SA by the gateway', fast.theirIke, { ikes: 2 }),
  underTraffic('IKE SA and CHILD SA by both', fast.everything, { children: 3, ikes: 2 }),
  collision('both begin with the CHILD SA', { rekey: { ...quiet, earlySeconds: 2 } }, 'child'),
  collision('both begin with the IKE SA', { rekey: { ...quiet, ikeSeconds: ours } }, 'ike'),
  collision(
    'the client the CHILD SA, the gateway the IKE SA',
    { rekey: { ...quiet, earlySeconds: 2 } },
    'ike',
  ),
  // A second try after TEMPORARY_FAILURE needs its time before the IKE SA expires.
  collision(
    'the client the IKE SA, the gateway the CHILD SA',
    { rekey: { ...quiet, ikeSeconds: 4 * ours } },
    'child',
  ),
  refusal,
  soak('CHILD SA by both', fast.bothChild, { children: 20 }),
  soak('IKE SA by both', { client: fast.ourIke.client, gateway: fast.theirIke.gateway }, { ikes: 20 }),
  soak('IKE SA and CHILD SA by both', fast.everything, { children: 20, ikes: 20 }),
];
