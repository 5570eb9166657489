import { addresses } from '../../support/topology.ts';
import type { ClientConfig, GatewayConfig, InteropCase, UpExpectation } from '../case.ts';
import { patienceMs, type Stage, within } from '../stage.ts';

const { lan } = addresses;
const esp = { esp_proposals: ['aes256gcm16'], rekey_time: '0s' };
/** With the gateway's own address there, which its userspace ESP needs for a route. */
const half = '10.77.0.0/25';
/** Nobody is there. */
const elsewhere = '10.88.0.0/16';

function up(
  name: string,
  gateway: GatewayConfig,
  client: ClientConfig,
  expect: Omit<UpExpectation, 'up'>,
  during?: InteropCase['during'],
): InteropCase {
  const play = during === undefined ? {} : { during };
  return { name, theme: 'children', gateway, client, expect: { up: true, ...expect }, ...play };
}

/** charon's CHILD SAs by name, once there are so many. */
async function childSas({ gateway }: Stage, count: number) {
  const standing = async () =>
    (await gateway.sas()).flatMap(({ children }) => children).filter(({ state }) => state === 'INSTALLED');
  await within(patienceMs, async () => (await standing()).length === count);
  return new Map((await standing()).map((child) => [child.name, child]));
}

/** Whether the host in the lan takes a TCP connection on this port within so many seconds, through the tunnel. */
async function connects({ topology }: Stage, port: number, seconds: number): Promise<boolean> {
  const { status } = await topology.client.run([
    ...['timeout', String(seconds), 'bash', '-c'],
    `exec 3<>/dev/tcp/${lan.v4}/${port} && head -c 2 <&3 | grep -q ok`,
  ]);
  return status === 0;
}

/** Says `ok` to whoever connects to these ports of the host in the lan. */
async function serve({ topology }: Stage, ports: readonly number[]) {
  const script = `for (const port of [${ports}]) require('net').createServer((s) => s.end('ok')).listen(port);`;
  const server = topology.lan.spawn([process.execPath, '-e', script]);
  const listening = async () => await topology.lan.must(['ss', '-Hltn']);
  await within(patienceMs, async () => {
    const text = await listening();
    return ports.every((port) => text.includes(`:${port} `));
  });
  return server;
}

async function separately(stage: Stage): Promise<string[]> {
  const problems: string[] = [];
  const before = await childSas(stage, 2);
  const [icmp, ssh] = [before.get('icmp'), before.get('ssh')];
  if (icmp === undefined || ssh === undefined) return [`charon has ${[...before.keys()].join(', ')}`];
  if (icmp.localSelectors.join() !== `${lan.net4}[icmp]`) problems.push(icmp.localSelectors.join());
  if (ssh.localSelectors.join() !== `${lan.net4}[tcp/ssh]`) problems.push(ssh.localSelectors.join());
  const server = await serve(stage, [22, 23]);
  if (!(await connects(stage, 22, 20))) problems.push('no connection to port 22');
  if (await connects(stage, 23, 2)) problems.push('a connection to port 23, which no CHILD SA may carry');
  const { status } = await stage.topology.client.run(['ping', '-c', '3', '-i', '0.2', '-W', '5', lan.v4]);
  if (status !== 0) problems.push('no answer to pings');
  await server.stop();
  const after = await childSas(stage, 2);
  if ((after.get('icmp')?.packetsIn ?? 0) < icmp.packetsIn + 3) problems.push('pings went another way');
  if ((after.get('ssh')?.packetsIn ?? 0) < 3) problems.push('TCP went another way');
  return problems;
}

async function refusedBeside(stage: Stage): Promise<string[]> {
  const told = async () => (await stage.tunnel())?.rekeyFailure?.error.code;
  const isTold = await within(patienceMs, async () => (await told()) === 'peer.ts-unacceptable');
  const problems = isTold ? [] : [`Godwit says ${await told()} of the CHILD SA that was refused`];
  const children = await childSas(stage, 1);
  if (children.size !== 1) problems.push(`charon has ${children.size} CHILD SAs`);
  return [...problems, ...(await stage.settled())];
}

/** The keys of the CHILD SA come from a key exchange of its own. */
async function ownKeyExchange(stage: Stage): Promise<string[]> {
  const count = await stage.gateway.counters();
  const created = count('create-child-in-req');
  return created === 1 ? [] : [`${created} CREATE_CHILD_SA requests`];
}

async function gatewayAddsOne(stage: Stage): Promise<string[]> {
  await stage.gateway.vici.must('initiate', { child: 'second', ike: 'gateway', timeout: String(patienceMs) });
  const children = await childSas(stage, 2);
  const problems = children.size === 2 ? [] : [`charon has ${[...children.keys()].join(', ')}`];
  const second = children.get('second');
  if (second?.localSelectors.join() !== half) problems.push(`it carries ${second?.localSelectors.join()}`);
  // charon itself goes on sending on the first one, so Godwit does too.
  const inner = (await stage.tunnel())?.addresses.find((address) => !address.includes(':')) ?? '';
  const back = ['ping', '-c', '2', '-i', '0.2', '-W', '5', '-I', lan.v4, inner.replace(/\/.*/, '')];
  if ((await stage.topology.lan.run(back)).status !== 0) problems.push('the lan does not reach the client');
  const ping = await stage.topology.client.run(['ping', '-c', '1', '-W', '5', lan.v4]);
  return ping.status === 0 ? problems : [...problems, 'the client does not reach the lan'];
}

/** What each pair of workers has, by Godwit itself. */
async function pairsOf(stage: Stage) {
  return (await stage.tunnel())?.workerPairs?.pairs ?? [];
}

/** The CHILD SAs that charon has and is not about to delete. */
async function installed(stage: Stage) {
  const all = (await stage.gateway.sas()).flatMap(({ children }) => children);
  return all.filter(({ state }) => state === 'INSTALLED');
}

/** Two CHILD SAs with the same selectors share eight flows; each is replaced by Godwit and then by charon, with the flows going on. */
async function sharedByPairs(stage: Stage): Promise<string[]> {
  const problems: string[] = [];
  const server = stage.topology.lan.spawn(['iperf3', '--server', '--one-off', '--port', '5301']);
  const listens = async () => (await stage.topology.lan.must(['ss', '-Hltn', 'sport = :5301'])) !== '';
  await within(patienceMs, listens);
  const flows = stage.topology.client.spawn([
    ...['iperf3', '--client', lan.v4, '--port', '5301', '--parallel', '8', '--time', '600'],
  ]);
  const bothCarry = async () => {
    const before = await pairsOf(stage);
    return await within(patienceMs, async () => {
      const now = await pairsOf(stage);
      const more = now.filter(
        ({ outbound }, i) => outbound.packets > (before[i]?.outbound.packets ?? 0) + 200,
      );
      return more.length === 2;
    });
  };
  const bothReplaced = async (since: Awaited<ReturnType<typeof pairsOf>>) =>
    await within(patienceMs, async () => {
      const now = await pairsOf(stage);
      return now.length === 2 && now.every(({ inboundSpi }, i) => inboundSpi !== since[i]?.inboundSpi);
    });
  // A machine that has much else to do carries so much in a second now and then.
  if (!(await within(100_000, async () => (await pairsOf(stage)).length === 2)))
    problems.push('no CHILD SA for a second pair, although there is traffic');
  if (!(await bothCarry())) problems.push('the flows do not go by both');
  let standing = await installed(stage);
  // One that has just replaced another has nothing yet.
  const allReached = await within(patienceMs, async () => {
    standing = await installed(stage);
    return standing.length === 2 && standing.every(({ packetsIn }) => packetsIn > 0);
  });
  if (!allReached) problems.push('charon got nothing on one of them');
  const selectors = new Set(standing.map((child) => [child.localSelectors, child.remoteSelectors].join()));
  if (standing.length < 2 || selectors.size !== 1)
    problems.push(`charon has ${standing.length} CHILD SAs with ${selectors.size} sets of selectors`);
  if (!(await bothReplaced(await pairsOf(stage)))) problems.push('Godwit did not replace both');
  if (!(await bothCarry())) problems.push('the flows do not go by both after that');
  const before = await pairsOf(stage);
  await stage.gateway.vici.must('rekey', { child: 'net' });
  if (!(await bothReplaced(before))) problems.push('both were not replaced when charon wanted it');
  if (!(await bothCarry())) problems.push('the flows do not go by both after that');
  const drops = (await stage.tunnel())?.counters.inbound.drops ?? {};
  if ((drops['replayed'] ?? 0) > 0) problems.push(`${drops['replayed']} packets came outside of the window`);
  if (flows.exit !== undefined) problems.push('the flows broke off');
  await flows.stop();
  await server.stop();
  const ping = await stage.topology.client.run(['ping', '-c', '1', '-W', '5', lan.v4]);
  return ping.status === 0 ? problems : [...problems, 'no answer to a ping through the tunnel'];
}

const icmpOnly = { ...esp, local_ts: [`${lan.net4}[icmp]`], remote_ts: ['dynamic[icmp]'] };
const sshOnly = { ...esp, local_ts: [`${lan.net4}[tcp/22]`], remote_ts: ['dynamic[tcp]'] };
const net = { ...esp, local_ts: [lan.net4] };

/** More than one CHILD SA, and an IKE SA without any. */
export const childrenCases: readonly InteropCase[] = [
  up(
    'two with protocol and port in their selectors, each carrying its own',
    { pools: [4], children: { icmp: icmpOnly, ssh: sshOnly } },
    {
      children: [
        { networks: [lan.net4], protocol: 'icmp' },
        { networks: [lan.net4], protocol: 'tcp', ports: '22' },
      ],
      rekey: { earlySeconds: 0 },
    },
    {},
    separately,
  ),
  up(
    'the second one is refused with TS_UNACCEPTABLE, and the IKE SA stays',
    { pools: [4], children: { net } },
    { children: [{ networks: [lan.net4] }, { networks: [elsewhere] }], rekey: { earlySeconds: 0 } },
    { selectors: [lan.net4] },
    refusedBeside,
  ),
  up(
    'the gateway asks for another one itself',
    { pools: [4], children: { net, second: { ...net, local_ts: [half] } } },
    { remoteNetworks: [lan.net4], rekey: { earlySeconds: 0 } },
    {},
    gatewayAddsOne,
  ),
  {
    ...up(
      'two with the same selectors: a pair of threads each, eight flows over both, each replaced by either side',
      { pools: [4], children: { net } },
      {
        remoteNetworks: [lan.net4],
        rekey: { childSeconds: 12, earlySeconds: 0 },
        profile: () => ({ workerPairs: 2 }),
      },
      {},
      sharedByPairs,
    ),
    seconds: 20,
  },
  up(
    'childless: the gateway insists on an IKE SA without one, which follows with its own key exchange',
    {
      connection: { childless: 'force' },
      esp: ['aes256gcm16-ecp256'],
    },
    { childless: true, rekey: { earlySeconds: 0 } },
    { esp: 'aes256gcm16-ecp256', ping: ['lan4', 'lan6'] },
    ownKeyExchange,
  ),
  up(
    'childless with a gateway that cannot: a login as ever',
    { connection: { childless: 'never' } },
    { childless: true, rekey: { earlySeconds: 0 } },
    {},
  ),
  up(
    'IPComp: not offered to a gateway that would compress',
    { children: { net: { ...esp, local_ts: [lan.net4, lan.net6], ipcomp: 'yes' } } },
    {},
    { ping: ['lan4', 'lan6'] },
  ),
];
