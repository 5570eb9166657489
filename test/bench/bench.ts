import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle, bundleFolder } from '../../build/bundle.ts';
import { enterSandbox, missingPrograms } from '../support/net/sandbox.ts';
import { strongSwanObstacle } from '../support/peers/strongswan.ts';
import { benchFlood } from './flood.ts';
import { benchIdle, benchMemory } from './footprint.ts';
import { benchHandshake } from './handshake.ts';
import { benchLatency } from './latency.ts';
import { benchPacket } from './packet.ts';
import { godwit, godwitToStrongSwan } from './pairs/godwit.ts';
import { libipsec } from './pairs/libipsec.ts';
import { openvpn } from './pairs/openvpn.ts';
import type { BenchPair } from './pairs/pair.ts';
import { wireguardGo } from './pairs/wireguard-go.ts';
import { benchPps } from './pps.ts';
import { type BenchResult, say, table } from './report.ts';
import { benchRoam } from './roam.ts';
import { benchTunnel } from './tunnel.ts';

const usage = `npm run bench -- NAME [--json] [--rounds N] [--seconds S] [--only NAME,NAME] [--quick]

  tunnel      TCP through the tunnel, both directions, one flow and eight, IPv4 and IPv6, and loss of UDP by its rate
  latency     the round trip of a ping, through an idle tunnel and beside a flow that fills it
  pps         packets of 64 octets a second
  memory      resident memory of the client, connected and after traffic
  idle        what a connected client does while nothing is sent
  handshake   the time from "up" to a tunnel that can be used, Godwit and charon at the same gateway
  packet      what one packet costs without a network, beside openssl speed
  flood       one TCP flow while 100,000 datagrams of garbage a second come to the client's socket
  roam        an uplink is cut under a TCP connection, then the gateway restarts: how long nothing arrives`;

const pairs: readonly BenchPair[] = [libipsec, openvpn, wireguardGo, godwit, godwitToStrongSwan];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

interface Bench {
  readonly programs: readonly string[];
  run(): Promise<BenchResult>;
}

const benches: Readonly<Record<string, Bench>> = {
  tunnel: {
    programs: ['iperf3'],
    run: () => benchTunnel(able(), { rounds: rounds(3), seconds: seconds(3), all: !options.quick }),
  },
  latency: { programs: ['iperf3', 'ping'], run: () => benchLatency(able(), { rounds: rounds(3) }) },
  pps: { programs: ['iperf3'], run: () => benchPps(able(), { rounds: rounds(3), seconds: seconds(3) }) },
  memory: {
    programs: ['iperf3'],
    run: () => benchMemory(able(), { rounds: rounds(1), gibibytes: options.quick ? 1 : 10 }),
  },
  idle: {
    programs: [],
    run: () => benchIdle(able(), { rounds: rounds(1), seconds: seconds(options.quick ? 10 : 60) }),
  },
  flood: {
    programs: ['iperf3'],
    run: () => benchFlood({ rounds: rounds(3), seconds: seconds(3) }),
  },
  roam: { programs: ['ping'], run: () => roam() },
  handshake: { programs: ['ping'], run: () => handshake() },
  packet: { programs: [], run: async () => benchPacket({ rounds: rounds(5) }) },
};

const name = positionals[0] ?? '';
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (options.help || bench === undefined) {
  say(usage);
  process.exitCode = options.help ? 0 : 2;
} else {
  const obstacle = missingPrograms(bench.programs) ?? (await enterSandbox());
  if (obstacle !== undefined) fail(`The bench cannot run: ${obstacle}.`);
  else await report(bench);
}

async function report(of: Bench): Promise<void> {
  try {
    // What is shipped is what is measured.
    await bundle();
    process.env['GODWIT_DAEMON'] = join(bundleFolder, 'godwitd.js');
    const result = await of.run();
    process.stdout.write(`${options.json ? JSON.stringify(result) : table(result)}\n`);
  } catch (error) {
    fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

function rounds(usual: number): number {
  return Number(options.rounds ?? usual);
}

async function handshake(): Promise<BenchResult> {
  const obstacle = strongSwanObstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  return await benchHandshake({ rounds: rounds(10) });
}

async function roam(): Promise<BenchResult> {
  const obstacle = strongSwanObstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  return await benchRoam({ rounds: rounds(3) });
}

function seconds(usual: number): number {
  return Number(options.seconds ?? usual);
}

/** The pairs that were asked for and can run here. */
function able(): BenchPair[] {
  const wanted = options.only?.split(',');
  return pairs.filter((pair) => {
    if (wanted !== undefined && !wanted.includes(pair.name)) return false;
    const obstacle = pair.obstacle();
    if (obstacle !== undefined) say(`${pair.name} is left out: ${obstacle}`);
    return obstacle === undefined;
  });
}

function fail(reason: string): void {
  say(reason);
  if (options.json)
    process.stdout.write(`${JSON.stringify({ ok: false, name, reason, rows: [], ratios: {} })}\n`);
  process.exitCode = 1;
}
