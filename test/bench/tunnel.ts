import { cpuSeconds } from './cpu-time.ts';
import { eachPair, type Note } from './each-pair.ts';
import { type Load, runIperf } from './iperf.ts';
import type { BenchNetwork, BenchPair, BenchTunnel } from './pairs/pair.ts';
import { ratio, round2, worse } from './ratios.ts';
import type { BenchResult, BenchRow } from './report.ts';

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

export interface TunnelOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** Of each rate of UDP. */
  readonly udpSeconds: number;
  /** Of the rounds, how many measure more than one TCP flow both ways. */
  readonly wholeRounds: number;
}

/**
 * Throughput of iperf3 through a tunnel between two namespaces on this machine, and the processor time that both ends
 * take for it.
 */
export async function benchTunnel(pairs: readonly BenchPair[], options: TunnelOptions): Promise<BenchResult> {
  const rows = await eachPair(pairs, options.rounds, async (network, tunnel, note, round) => {
    const whole = round <= options.wholeRounds;
    await measureTcp(network, tunnel, { seconds: options.seconds, whole }, note);
    if (whole) await measureUdp(network, options, note);
  });
  return { ok: true, name: 'tunnel', rows, ratios: ratios(rows) };
}

async function measureTcp(
  network: BenchNetwork,
  tunnel: BenchTunnel,
  { whole, seconds }: { readonly whole: boolean; readonly seconds: number },
  note: Note,
): Promise<void> {
  const wanted: readonly string[] = whole ? Object.keys(tcpLoads) : oneFlow;
  for (const [name, load] of Object.entries(tcpLoads)) {
    if (!wanted.includes(name)) continue;
    const before = times(tunnel);
    const { octets, seconds: took, ends } = await runIperf(network, { ...load, seconds });
    const after = times(tunnel);
    const gibibytes = octets / 2 ** 30;
    note(`${name}:throughput`, 'Mbit/s', (octets * 8e-6) / took);
    note(`${name}:clientCpu`, 's/GiB', (after.client - before.client) / gibibytes);
    note(`${name}:gatewayCpu`, 's/GiB', (after.gateway - before.gateway) / gibibytes);
    note(`${name}:iperfCpu`, 's/GiB', ends / gibibytes);
  }
}

async function measureUdp(
  network: BenchNetwork,
  { udpSeconds: seconds }: TunnelOptions,
  note: Note,
): Promise<void> {
  for (const reverse of [false, true])
    for (const megabits of udpMegabits) {
      const udp = { bitsPerSecond: megabits * 1e6, octets: udpOctets };
      const { lostPercent } = await runIperf(network, { seconds, reverse, udp });
      note(`udp-${reverse ? 'download' : 'upload'}-${megabits}`, '% lost', lostPercent);
    }
}

function times({ processes }: BenchTunnel): { client: number; gateway: number } {
  return { client: cpuSeconds(processes.client), gateway: cpuSeconds(processes.gateway) };
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
