import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ConnectedTunnel } from '../../core/rpc/values.ts';
import { EmbeddedGateway } from '../support/peers/embedded-gateway.ts';
import { Godwit } from '../support/peers/godwit.ts';
import { type PlainGateway, startStrongSwanGateway } from '../support/peers/strongswan-gateway.ts';
import { createCa, type Issued, issue } from '../support/pki.ts';
import { addresses, createTopology, type Topology } from '../support/topology.ts';
import type { Screen } from './screen.ts';

export interface DemoResult {
  readonly ok: boolean;
  readonly gateway: 'embedded' | 'strongswan';
  readonly ike: string;
  readonly esp: string;
  readonly natDetected: boolean;
  readonly phases: readonly { readonly name: string; readonly ms: number }[];
  readonly connectMs: number;
  readonly rttMs: number;
  readonly throughputMbps: number;
  /** What was still there after the end, and should not have been. */
  readonly leftovers: readonly string[];
}

const identity = 'vpn.example.org';
const password = 'correct horse battery staple';
const fileOctets = 64 * 2 ** 20;
const filePort = 8080;

/** @throws Error with a sentence when anything does not go as it should */
export async function runDemo(
  kind: DemoResult['gateway'],
  options: { readonly relay: boolean },
  screen: Screen,
): Promise<DemoResult> {
  screen.title('A small world: client, NAT router, gateway, and a host in the office');
  const topology = await step(screen, 'namespaces and cables', () => createTopology('demo', options));
  try {
    const ca = await step(screen, 'a throwaway CA', async () => createCa('Godwit Demo Root'));
    const gateway = await step(screen, `the gateway (${kind})`, () => startGateway(kind, topology, ca));
    const godwit = await step(screen, 'the Godwit daemon', () => Godwit.start(topology.client));
    return await session({ kind, topology, ca, gateway, godwit, screen });
  } finally {
    await topology.lab.close();
  }
}

interface DemoParts {
  readonly kind: DemoResult['gateway'];
  readonly topology: Topology;
  readonly ca: Issued;
  readonly gateway: { stop(): Promise<void>; readonly log: string };
  readonly godwit: Godwit;
  readonly screen: Screen;
}

async function session(parts: DemoParts): Promise<DemoResult> {
  const { kind, topology, gateway, godwit, screen } = parts;
  const { phases, connectMs } = await logIn(parts);
  const { tunnel } = await godwit.snapshot();
  if (tunnel.state !== 'connected') throw new Error(`the tunnel is ${tunnel.state} right after the login`);
  const resolver = readFileSync(topology.client.resolvConf, 'utf8');
  if (!resolver.includes(addresses.lan.v4)) throw new Error('the DNS server of the gateway is not in use');

  screen.title('Traffic through the tunnel');
  const rttMs = await step(screen, 'ping the office', () => ping(topology));
  const throughputMbps = await step(screen, 'move a file over TCP', () => moveFile(topology));
  const wire = await topology.wire();
  if (wire.other > 0) throw new Error(`${wire.other} packets went beside the tunnel`);

  screen.title('The end');
  await step(screen, 'disconnect', () => godwit.disconnect());
  const leftovers = [...(await godwit.leftovers()), ...(await godwit.stopAndLook())];
  await step(screen, 'stop daemon and gateway', () => gateway.stop());
  if (leftovers.length > 0) screen.line(`  left behind:\n    ${leftovers.join('\n    ')}`);

  const result: DemoResult = {
    ok: leftovers.length === 0,
    gateway: kind,
    ike: tunnel.ike.proposal,
    esp: tunnel.esp.proposal,
    natDetected: tunnel.nat.local,
    phases,
    connectMs: rounded(connectMs),
    rttMs: rounded(rttMs),
    throughputMbps: Math.round(throughputMbps),
    leftovers,
  };
  screen.title('What was agreed on');
  screen.table(rows(result, tunnel, topology));
  return result;
}

async function startGateway(
  kind: DemoResult['gateway'],
  topology: Topology,
  ca: Issued,
): Promise<{ stop(): Promise<void>; readonly log: string }> {
  const config: PlainGateway = {
    identity,
    certificate: issue(ca, { subject: identity }),
    users: { alice: password },
    pools: [addresses.pool.v4, addresses.pool.v6],
    networks: [addresses.lan.net4, addresses.lan.net6],
    dnsServers: [addresses.lan.v4],
  };
  return kind === 'strongswan'
    ? await startStrongSwanGateway(topology.gateway, config)
    : await EmbeddedGateway.start(topology.gateway, addresses.natGateway.v4, config);
}

async function logIn({ topology, ca, gateway, godwit, screen }: DemoParts): Promise<{
  phases: DemoResult['phases'];
  connectMs: number;
}> {
  screen.title('Logging in as alice, EAP-MSCHAPv2, over UDP 4500 through the NAT');
  let began = 0;
  godwit.onPhase = ({ name, startMs }) => {
    screen.end(startMs - began);
    began = startMs;
    screen.begin(name);
  };
  const start = performance.now();
  const login = await godwit.connect({
    // A relay in user space is no router: the client aims at it.
    gateway: topology.nat === 'relay' ? addresses.router.v4 : addresses.natGateway.v4,
    remoteIdentity: identity,
    username: 'alice',
    password,
    ca,
  });
  const connectMs = performance.now() - start;
  if (!login.ok) {
    screen.fail();
    throw new Error(`Godwit does not connect: ${login.detail}\n${godwit.log}\n${gateway.log.slice(-2_000)}`);
  }
  screen.end(connectMs - began);
  const phases = godwit.phases.map(({ name, startMs }, index, all) => ({
    name,
    ms: rounded((all[index + 1]?.startMs ?? connectMs) - startMs),
  }));
  return { phases, connectMs };
}

/** The median round trip in milliseconds. */
async function ping({ client }: Topology): Promise<number> {
  const { status, stdout } = await client.run([
    'ping',
    '-c',
    '10',
    '-i',
    '0.05',
    '-W',
    '15',
    addresses.lan.v4,
  ]);
  const times = [...stdout.matchAll(/time=([\d.]+) ms/g)]
    .map((match) => Number(match[1]))
    .sort((a, b) => a - b);
  const median = times[times.length >> 1];
  if (status !== 0 || median === undefined || times.length < 10)
    throw new Error(`pings were lost:\n${stdout}`);
  return median;
}

/** Megabits per second of one TCP connection, after the hashes at both ends agreed. */
async function moveFile({ client, lan }: Topology): Promise<number> {
  const program = [process.execPath, fileURLToPath(new URL('file-transfer.ts', import.meta.url))];
  const server = lan.spawn([...program, 'serve', addresses.lan.v4, String(filePort), String(fileOctets)]);
  const [, served] = await server.waitFor(/ready (\w{64})/);
  const fetched = await client.must([...program, 'fetch', addresses.lan.v4, String(filePort)]);
  await server.stop();
  const { octets, seconds, sha256 }: { octets: number; seconds: number; sha256: string } =
    JSON.parse(fetched);
  if (octets !== fileOctets || sha256 !== served) throw new Error('the file did not arrive as it was sent');
  return (octets * 8e-6) / seconds;
}

function rows(result: DemoResult, tunnel: ConnectedTunnel, topology: Topology): [string, string][] {
  return [
    ['gateway', `${tunnel.gateway} (${result.gateway}), ${tunnel.remoteIdentity}`],
    ['gateway proved itself with', tunnel.remoteAuthentication],
    ['alice proved herself with', tunnel.localAuthentication],
    ['IKE', result.ike],
    ['ESP in UDP', result.esp],
    ['NAT', `${result.natDetected ? 'detected' : 'not detected'} (${topology.nat})`],
    ['inner addresses', tunnel.addresses.join(', ')],
    ['routes', tunnel.routes.join(', ')],
    ['DNS', tunnel.dns?.servers.join(', ') ?? 'left alone'],
    ['connect time', `${result.connectMs} ms`],
    ['round trip', `${result.rttMs} ms`],
    [
      'throughput',
      `${result.throughputMbps} Mbit/s (${fileOctets / 2 ** 20} MiB over one TCP connection, hash checked)`,
    ],
    ['left behind', result.leftovers.length === 0 ? 'nothing' : `${result.leftovers.length} things`],
  ];
}

async function step<T>(screen: Screen, name: string, run: () => Promise<T>): Promise<T> {
  screen.begin(name);
  const start = performance.now();
  try {
    const value = await run();
    screen.end(performance.now() - start);
    return value;
  } catch (error) {
    screen.fail();
    throw error;
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
