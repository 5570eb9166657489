import { Lab } from '../support/net/lab.ts';
import { layCable } from './cable.ts';
import { cpuSeconds } from './cpu-time.ts';
import { type Load, runIperf } from './iperf.ts';
import type { BenchNetwork, BenchPair, BenchTunnel } from './pairs/pair.ts';
import { ratio, round2, worse } from './ratios.ts';
import { type BenchResult, type BenchRow, say } from './report.ts';
import { spread } from './statistics.ts';

/** What is sent through the tunnel, by name. The first two are what the ratios are made of. */
const tcpLoads = {
  upload: {},
  download: { reverse: true },
  upload8: { streams: 8 },
  download8: { streams: 8, reverse: true },
  upload6: { v6: true },
  download6: { v6: true, reverse: true },
} as const satisfies Record<string, Partial<Load>>;
const oneFlow = ['upload', 'download'] as const;

const udpOctets = 1_300;
const udpMegabits = [250, 500, 1_000, 2_000];

interface Sample {
  readonly megabitsPerSecond: number;
  /** Processor seconds per GiB moved, by role. */
  readonly client: number;
  readonly gateway: number;
}

export interface TunnelOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** Without it only one TCP flow, both ways. */
  readonly all: boolean;
}

/**
 * Throughput of iperf3 through a tunnel between two namespaces on this machine, and the processor time that both ends
 * take for it. Rounds interleave the pairs, so that a busy moment of the machine hits all of them.
 */
export async function benchTunnel(pairs: readonly BenchPair[], options: TunnelOptions): Promise<BenchResult> {
  const tcp = new Map<string, Sample[]>();
  const udp = new Map<string, number[]>();
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const pair of pairs) {
      const lab = new Lab(`bench-${pair.name}`);
      try {
        const network = await layCable(lab);
        const tunnel = await pair.open(network);
        await measureTcp(network, tunnel, options, (name, sample) => {
          note(tcp, `${pair.name} ${name}`, sample);
          say(`round ${round}: ${pair.name.padEnd(18)} ${name.padEnd(10)} ${describe(sample)}`);
        });
        if (options.all)
          await measureUdp(network, options, (name, lost) => {
            note(udp, `${pair.name} ${name}`, lost);
            say(`round ${round}: ${pair.name.padEnd(18)} ${name.padEnd(10)} ${lost.toFixed(2)} % lost`);
          });
        await tunnel.close();
      } finally {
        await lab.close();
      }
    }
  }
  const rows = [...tcp].flatMap(([key, of]) => toRows(key, of));
  const curve = [...udp].map(([key, of]): BenchRow => {
    const [peer = '', metric = ''] = key.split(' ');
    return { peer, metric, unit: '% lost', ...spread(of) };
  });
  return { ok: true, name: 'tunnel', rows: [...rows, ...curve], ratios: ratios(rows) };
}

async function measureTcp(
  network: BenchNetwork,
  tunnel: BenchTunnel,
  { all, seconds }: TunnelOptions,
  tell: (name: string, sample: Sample) => void,
): Promise<void> {
  const wanted: readonly string[] = all ? Object.keys(tcpLoads) : oneFlow;
  for (const [name, load] of Object.entries(tcpLoads)) {
    if (!wanted.includes(name)) continue;
    const before = times(tunnel);
    const { octets, seconds: took } = await runIperf(network, { ...load, seconds });
    const after = times(tunnel);
    const gibibytes = octets / 2 ** 30;
    tell(name, {
      megabitsPerSecond: (octets * 8e-6) / took,
      client: (after.client - before.client) / gibibytes,
      gateway: (after.gateway - before.gateway) / gibibytes,
    });
  }
}

async function measureUdp(
  network: BenchNetwork,
  { seconds }: TunnelOptions,
  tell: (name: string, lostPercent: number) => void,
): Promise<void> {
  for (const reverse of [false, true])
    for (const megabits of udpMegabits) {
      const udp = { bitsPerSecond: megabits * 1e6, octets: udpOctets };
      const { lostPercent } = await runIperf(network, { seconds, reverse, udp });
      tell(`udp-${reverse ? 'download' : 'upload'}-${megabits}`, lostPercent);
    }
}

function note<T>(samples: Map<string, T[]>, key: string, value: T): void {
  samples.set(key, [...(samples.get(key) ?? []), value]);
}

function times({ processes }: BenchTunnel): { client: number; gateway: number } {
  return { client: cpuSeconds(processes.client), gateway: cpuSeconds(processes.gateway) };
}

function describe({ megabitsPerSecond, client, gateway }: Sample): string {
  const cpu = `${client.toFixed(1)} + ${gateway.toFixed(1)} CPU s/GiB (client + gateway)`;
  return `${megabitsPerSecond.toFixed(0).padStart(5)} Mbit/s  ${cpu}`;
}

function toRows(key: string, samples: readonly Sample[]): BenchRow[] {
  const [peer = '', load = ''] = key.split(' ');
  const row = (metric: string, unit: string, of: (sample: Sample) => number): BenchRow => ({
    peer,
    metric: `${load}:${metric}`,
    unit,
    ...spread(samples.map(of)),
  });
  return [
    row('throughput', 'Mbit/s', (sample) => sample.megabitsPerSecond),
    row('clientCpu', 's/GiB', (sample) => sample.client),
    row('gatewayCpu', 's/GiB', (sample) => sample.gateway),
  ];
}

/**
 * Of one flow, the worse of the two directions; `cpuPerGiB:` compares the clients (lower is better there). Godwit beside
 * each other peer, and its way to a strongSwan gateway beside libipsec.
 */
function ratios(rows: readonly BenchRow[]): Record<string, number> {
  const result: Record<string, number> = {};
  const peers = new Set(rows.map(({ peer }) => peer));
  const compare = (own: string, other: string): void => {
    if (own === other || !peers.has(own) || !peers.has(other)) return;
    const throughput = oneFlow.map((load) => ratio(rows, own, other, `${load}:throughput`));
    const cpu = oneFlow.map((load) => ratio(rows, own, other, `${load}:clientCpu`));
    result[`${own}/${other}`] = round2(worse(throughput, 'higher is better'));
    result[`cpuPerGiB:${own}/${other}`] = round2(worse(cpu, 'lower is better'));
    for (const [index, load] of oneFlow.entries())
      result[`${load}:${own}/${other}`] = round2(throughput[index] ?? Number.NaN);
  };
  for (const peer of peers) if (!peer.startsWith('godwit')) compare('godwit', peer);
  compare('godwit-strongswan', 'libipsec');
  return result;
}
