import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Lab, type Namespace } from '../support/net/lab.ts';
import type { LabProcess } from '../support/net/lab-process.ts';
import { startCharonClient } from '../support/peers/charon-client.ts';
import type { VpnClient } from '../support/peers/client.ts';
import { Godwit } from '../support/peers/godwit.ts';
import type { StrongSwan } from '../support/peers/strongswan.ts';
import { startStrongSwanGateway } from '../support/peers/strongswan-gateway.ts';
import { benchGateway, benchLogin } from './pairs/credentials.ts';
import { type BenchResult, type BenchRow, say } from './report.ts';
import { spread } from './statistics.ts';

const target = '10.77.0.1';
const targetNetwork = '10.77.0.0/24';
const gatewayAddress = '203.0.113.1';
const flowProgram = fileURLToPath(new URL('./paced-flow.ts', import.meta.url));
const pauseMs = 1_500;
/** Who is silent for longer has not come back. */
const patienceMs = 30_000;

interface Starter {
  readonly name: 'godwit' | 'charon';
  start(namespace: Namespace): Promise<VpnClient>;
}

const starters: readonly Starter[] = [
  { name: 'godwit', start: (namespace) => Godwit.start(namespace) },
  // With the defaults of charon the gateway's restart would not be noticed for minutes.
  { name: 'charon', start: (namespace) => startCharonClient(namespace, { staysConnected: true }) },
];

/** What one client's round brought; `undefined` where it did not come back. */
interface Sample {
  readonly upload: number | undefined;
  readonly download: number | undefined;
  readonly restart: number | undefined;
}

/**
 * A laptop with two uplinks and a TCP connection through its tunnel that sends both ways. The uplink in use is cut; then,
 * on the other one, the gateway is killed and started again at once. Both clients, the same strongSwan gateway, the same
 * events by turns.
 */
export async function benchRoam(options: { rounds: number }): Promise<BenchResult> {
  const samples = new Map<Starter['name'], Sample[]>();
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const starter of round % 2 === 0 ? starters.toReversed() : starters) {
      await using lab = new Lab(`bench-roam-${starter.name}`);
      const sample = await measure(starter, await layUplinks(lab));
      samples.set(starter.name, [...(samples.get(starter.name) ?? []), sample]);
      say(`round ${round}: ${starter.name.padEnd(8)} ${describe(sample)}`);
    }
  }
  const rows = [...samples].flatMap(([peer, of]) => toRows(peer, of));
  return { ok: true, name: 'roam', rows, ratios: ratios(rows) };
}

interface Places {
  readonly client: Namespace;
  readonly gateway: Namespace;
}

/** Two uplinks of the client to one router, and the gateway behind it. */
async function layUplinks(lab: Lab): Promise<Places> {
  const [client, router, gateway] = await Promise.all([
    lab.namespace('client'),
    lab.namespace('router'),
    lab.namespace('gateway'),
  ]);
  await router.forward();
  await lab.link(
    { namespace: client, device: 'eth0', addresses: ['192.0.2.10/24'] },
    { namespace: router, device: 'home', addresses: ['192.0.2.1/24'] },
  );
  await lab.link(
    { namespace: client, device: 'wlan0', addresses: ['198.51.100.10/24'] },
    { namespace: router, device: 'cafe', addresses: ['198.51.100.1/24'] },
  );
  await lab.link(
    { namespace: gateway, device: 'wan', addresses: [`${gatewayAddress}/24`] },
    { namespace: router, device: 'wan', addresses: ['203.0.113.254/24'] },
  );
  await client.ip([
    'route add default via 192.0.2.1 dev eth0 metric 100',
    'route add default via 198.51.100.1 dev wlan0 metric 600',
  ]);
  await gateway.ip(['route add default via 203.0.113.254', `addr add ${target}/32 dev lo`]);
  return { client, gateway };
}

async function measure(starter: Starter, { client, gateway }: Places): Promise<Sample> {
  const config = benchGateway({ targetNetwork });
  let strongSwan = await startStrongSwanGateway(gateway, config);
  const vpn = await starter.start(client);
  try {
    const login = await vpn.connect(benchLogin({ gatewayAddress, targetNetwork }));
    if (!login.ok) throw new Error(`${starter.name} does not connect: ${login.detail}\n${vpn.log}`);
    const moved = await cutUplink({ client, gateway });
    strongSwan = await killAndRestart(strongSwan, () => startStrongSwanGateway(gateway, config));
    return { ...moved, restart: await untilAnswered(client) };
  } finally {
    await vpn.stop();
    await strongSwan.stop();
  }
}

async function cutUplink({ client, gateway }: Places): Promise<Pick<Sample, 'upload' | 'download'>> {
  const far = gateway.spawn([process.execPath, flowProgram, 'listen', target, '7000']);
  await far.waitFor(/listening/);
  const near = client.spawn([process.execPath, flowProgram, 'connect', target, '7000']);
  await Promise.all([far.waitFor(/^at /m), near.waitFor(/^at /m)]);
  await setTimeout(pauseMs);
  const cutAt = now();
  await client.ip(['link set eth0 down']);
  const [upload, download] = await Promise.all([gapOver(far, cutAt), gapOver(near, cutAt)]);
  await Promise.all([near.stop(), far.stop()]);
  return { upload, download };
}

/**
 * The longest time without an arrival from the last one before the cut on. `undefined`: nothing arrives any more.
 * An end whose last arrival is older than the flow's pause has not come back yet.
 */
async function gapOver(end: LabProcess, cutAt: number): Promise<number | undefined> {
  const deadline = cutAt + patienceMs;
  while (now() < deadline) {
    await setTimeout(pauseMs);
    const arrivals = [...end.stdout.matchAll(/^at ([\d.]+)$/gm)].map(([, at]) => Number(at));
    if ((arrivals.at(-1) ?? 0) < Math.max(cutAt, now() - pauseMs / 2)) continue;
    const before = arrivals.findLastIndex((at) => at <= cutAt);
    const since = arrivals.slice(Math.max(before, 0));
    return Math.max(...since.slice(1).map((at, index) => at - (since[index] ?? at)));
  }
  return undefined;
}

async function killAndRestart(old: StrongSwan, start: () => Promise<StrongSwan>): Promise<StrongSwan> {
  old.vici.close();
  process.kill(old.process.pid, 'SIGKILL');
  await old.process.exited;
  return await start();
}

/** From now, when the gateway is there again, to the first answer through the tunnel. */
async function untilAnswered(client: Namespace): Promise<number | undefined> {
  const start = now();
  while (now() < start + 2 * patienceMs) {
    const { status } = await client.run(['ping', '-c', '1', '-W', '0.2', target]);
    if (status === 0) return now() - start;
  }
  return undefined;
}

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

const metrics = ['upload', 'download', 'restart'] as const;

function describe(sample: Sample): string {
  return metrics.map((metric) => `${metric} ${sample[metric]?.toFixed(0) ?? 'did not come back'}`).join(', ');
}

/** A row with the median of those that came back, and one that counts those that did not. */
function toRows(peer: string, samples: readonly Sample[]): BenchRow[] {
  return metrics.flatMap((metric) => {
    const name = metric === 'restart' ? 'recovery:restart' : `gap:${metric}`;
    const times = samples.flatMap((sample) => sample[metric] ?? []);
    const lost = samples.length - times.length;
    const row = (of: string, unit: string, values: readonly number[]): BenchRow[] =>
      values.length === 0 ? [] : [{ peer, metric: `${name}${of}`, unit, ...spread(values) }];
    return [...row('', 'ms', times), ...(lost === 0 ? [] : row(':not-recovered', 'rounds', [lost]))];
  });
}

/** `gap:` is the worse direction. A client that did not always come back has no ratio. */
function ratios(rows: readonly BenchRow[]): Record<string, number> {
  const median = (peer: string, metric: string): number => {
    const lost = rows.some((row) => row.peer === peer && row.metric === `${metric}:not-recovered`);
    const found = rows.find((row) => row.peer === peer && row.metric === metric)?.median;
    return lost || found === undefined ? Number.NaN : found;
  };
  const gap = (peer: string): number => Math.max(median(peer, 'gap:upload'), median(peer, 'gap:download'));
  const recovery = (peer: string): number => median(peer, 'recovery:restart');
  const found = {
    'gap:godwit/charon': gap('godwit') / gap('charon'),
    'recovery:godwit/charon': recovery('godwit') / recovery('charon'),
  };
  return Object.fromEntries(
    Object.entries(found).flatMap(([key, value]) =>
      Number.isNaN(value) ? [] : [[key, Math.round(value * 100) / 100]],
    ),
  );
}
