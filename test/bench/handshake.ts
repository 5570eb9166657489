import { setTimeout } from 'node:timers/promises';
import { Lab, type Namespace } from '../support/net/lab.ts';
import { type CharonClient, startCharonClient } from '../support/peers/charon-client.ts';
import type { ClientProfile, LoginResult } from '../support/peers/client.ts';
import { Godwit } from '../support/peers/godwit.ts';
import type { StrongSwan } from '../support/peers/strongswan.ts';
import { startStrongSwanGateway } from '../support/peers/strongswan-gateway.ts';
import { benchGateway, benchLogin } from './pairs/credentials.ts';
import { type BenchResult, type BenchRow, say } from './report.ts';
import { spread } from './statistics.ts';

const pauseMs = 1_000;
const target = '10.77.0.1';
const targetNetwork = '10.77.0.0/24';

/** `first`: by a program that was just started; `again`: once more by the same program. */
const occasions = ['first', 'again'] as const;
type Occasion = (typeof occasions)[number];

/** A client program that was told of the gateway and does nothing yet. */
interface Contestant {
  readonly peer: 'godwit' | 'charon';
  readonly namespace: Namespace;
  up(): Promise<LoginResult>;
  down(): Promise<void>;
  stop(): Promise<void>;
  /** When parts of the last `up` began, in milliseconds from its start. */
  parts(): readonly { readonly name: string; readonly startMs: number }[];
  readonly log: string;
}

/**
 * The time from the order to connect until the program says that the CHILD SA can be used, with EAP-MSCHAPv2 at one
 * strongSwan gateway, which both clients use by turns. Godwit: from the RPC `connect` to the state `connected`. charon:
 * the vici command `initiate`. Both make their device, inner address and routes in this time.
 */
export async function benchHandshake(options: { rounds: number }): Promise<BenchResult> {
  const samples = new Map<string, number[]>();
  await using lab = new Lab('bench-handshake');
  const { gateway, clients } = await layCables(lab);
  const strongSwan = await startStrongSwanGateway(
    gateway,
    benchGateway({ ...clients.godwit, targetNetwork }),
  );
  for (let round = 1; round <= options.rounds; round += 1) {
    const starts = [
      () => godwitContestant(clients.godwit.client, benchLogin({ ...clients.godwit, targetNetwork })),
      () => charonContestant(clients.charon.client, benchLogin({ ...clients.charon, targetNetwork })),
    ];
    // Who comes first changes from round to round.
    if (round % 2 === 0) starts.reverse();
    const contestants = await Promise.all(starts.map((start) => start()));
    try {
      for (const occasion of occasions)
        for (const contestant of contestants) await measure(contestant, occasion, samples, strongSwan);
    } finally {
      await Promise.all(contestants.map((contestant) => contestant.stop()));
    }
    say(`round ${round}: ${describe(samples)}`);
  }
  await strongSwan.stop();
  const rows = [...samples].map(([key, of]) => toRow(key, of));
  return { ok: true, name: 'handshake', rows, ratios: ratios(rows) };
}

interface Place {
  readonly client: Namespace;
  readonly gateway: Namespace;
  readonly clientAddress: string;
  readonly gatewayAddress: string;
  readonly target: string;
}

/** Two clients, each with its own cable to the one gateway. */
async function layCables(
  lab: Lab,
): Promise<{ gateway: Namespace; clients: Readonly<Record<Contestant['peer'], Place>> }> {
  const gateway = await lab.namespace('gateway');
  await gateway.ip([`addr add ${target}/32 dev lo`]);
  const place = async (name: string, network: string): Promise<Place> => {
    const client = await lab.namespace(name);
    const [clientAddress, gatewayAddress] = [`${network}.10`, `${network}.1`];
    await lab.link(
      { namespace: client, device: 'eth0', addresses: [`${clientAddress}/24`] },
      { namespace: gateway, device: name, addresses: [`${gatewayAddress}/24`] },
    );
    return { client, gateway, clientAddress, gatewayAddress, target };
  };
  const [godwit, charon] = [await place('godwit', '192.0.2'), await place('charon', '198.51.100')];
  return { gateway, clients: { godwit, charon } };
}

async function godwitContestant(namespace: Namespace, login: ClientProfile): Promise<Contestant> {
  // Nothing stands between the two that charon has not.
  const godwit = await Godwit.start(namespace, [], { recorded: false });
  return {
    peer: 'godwit',
    namespace,
    up: () => godwit.connect(login),
    down: () => godwit.disconnect(),
    stop: () => godwit.stop(),
    parts: () => godwit.phases,
    get log() {
      return godwit.log;
    },
  };
}

async function charonContestant(namespace: Namespace, login: ClientProfile): Promise<Contestant> {
  const charon: CharonClient = await startCharonClient(namespace);
  await charon.load(login);
  return {
    peer: 'charon',
    namespace,
    up: () => charon.initiate(),
    down: () => charon.terminate(),
    stop: () => charon.stop(),
    parts: () => [],
    get log() {
      return charon.log;
    },
  };
}

async function measure(
  contestant: Contestant,
  occasion: Occasion,
  samples: Map<string, number[]>,
  gateway: StrongSwan,
): Promise<void> {
  const { peer, namespace } = contestant;
  // Nobody connects in the same second in which a program started or disconnected: its start is not what is measured.
  await setTimeout(pauseMs);
  const started = performance.now();
  const login = await contestant.up();
  const took = performance.now() - started;
  if (!login.ok)
    throw new Error(`${peer} does not connect: ${login.detail}\n${contestant.log}\n${gateway.log}`);
  note(samples, `${peer} ${occasion}:up`, took);
  const parts = contestant.parts();
  for (const [index, { name, startMs }] of parts.entries())
    note(samples, `${peer} ${occasion}:${name}`, (parts[index + 1]?.startMs ?? took) - startMs);
  // What was said to be usable is.
  await namespace.must(['ping', '-c', '1', '-W', '2', target]);
  await contestant.down();
}

function note(samples: Map<string, number[]>, key: string, value: number): void {
  samples.set(key, [...(samples.get(key) ?? []), value]);
}

function describe(samples: ReadonlyMap<string, readonly number[]>): string {
  const ups = [...samples].filter(([key]) => key.endsWith(':up'));
  return ups.map(([key, of]) => `${key} ${(of.at(-1) ?? Number.NaN).toFixed(1)} ms`).join(', ');
}

function toRow(key: string, of: readonly number[]): BenchRow {
  const [peer = '', metric = ''] = key.split(' ');
  return { peer, metric, unit: 'ms', ...spread(of) };
}

/** `godwit/charon` is the worse of both occasions; below 1 Godwit is the faster. */
function ratios(rows: readonly BenchRow[]): Record<string, number> {
  const median = (peer: string, occasion: Occasion): number =>
    rows.find((row) => row.peer === peer && row.metric === `${occasion}:up`)?.median ?? Number.NaN;
  const each = occasions.map((occasion) => median('godwit', occasion) / median('charon', occasion));
  const round = (value: number): number => Math.round(value * 100) / 100;
  return {
    'godwit/charon': round(Math.max(...each)),
    ...Object.fromEntries(
      occasions.map((occasion, index) => [`${occasion}:godwit/charon`, round(each[index] ?? Number.NaN)]),
    ),
  };
}
