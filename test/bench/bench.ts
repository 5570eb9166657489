import { parseArgs } from 'node:util';
import { enterSandbox, missingPrograms } from '../support/net/sandbox.ts';
import { strongSwanObstacle } from '../support/peers/strongswan.ts';
import { benchHandshake } from './handshake.ts';
import { benchPacket } from './packet.ts';
import { godwit, godwitToStrongSwan } from './pairs/godwit.ts';
import { libipsec } from './pairs/libipsec.ts';
import type { BenchPair } from './pairs/pair.ts';
import { type BenchResult, say, table } from './report.ts';
import { benchRoam } from './roam.ts';
import { benchTunnel } from './tunnel.ts';

const usage = `npm run bench -- NAME [--json] [--rounds N] [--seconds S] [--only NAME,NAME]

  tunnel      one TCP flow through the tunnel, both directions, Godwit and its peers side by side
  handshake   the time from "up" to a tunnel that can be used, Godwit and charon at the same gateway
  packet      what one packet costs without a network, beside openssl speed
  roam        an uplink is cut under a TCP connection, then the gateway restarts: how long nothing arrives`;

const pairs: readonly BenchPair[] = [libipsec, godwit, godwitToStrongSwan];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string', default: '4' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

interface Bench {
  readonly programs: readonly string[];
  run(): Promise<BenchResult>;
}

const benches: Readonly<Record<string, Bench>> = {
  tunnel: { programs: ['iperf3'], run: tunnel },
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

async function tunnel(): Promise<BenchResult> {
  const wanted = options.only?.split(',');
  const able = pairs.filter((pair) => {
    if (wanted !== undefined && !wanted.includes(pair.name)) return false;
    const obstacle = pair.obstacle();
    if (obstacle !== undefined) say(`${pair.name} is left out: ${obstacle}`);
    return obstacle === undefined;
  });
  return await benchTunnel(able, { rounds: rounds(5), seconds: Number(options.seconds) });
}

function fail(reason: string): void {
  say(reason);
  if (options.json)
    process.stdout.write(`${JSON.stringify({ ok: false, name, reason, rows: [], ratios: {} })}\n`);
  process.exitCode = 1;
}
