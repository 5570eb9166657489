import type { BenchNetwork } from './pairs/pair.ts';

export interface Load {
  readonly seconds: number;
  /** From the gateway to the client. Default: the other way. */
  readonly reverse?: boolean;
  /** TCP flows at once. Default: 1. */
  readonly streams?: number;
  /** Over IPv6 inside the tunnel. */
  readonly v6?: boolean;
  /** UDP in place of TCP: bits per second (0: as many as go) and octets of payload per datagram. */
  readonly udp?: { readonly bitsPerSecond: number; readonly octets: number };
}

/** What the receiving end counted. */
export interface Received {
  readonly octets: number;
  readonly seconds: number;
  /** Processor seconds that both ends of iperf3 took for it. */
  readonly ends: number;
  /** UDP only. */
  readonly datagrams: number;
  readonly lostPercent: number;
}

/** Runs iperf3 through the tunnel, from the client to the target or back. */
export async function runIperf(
  { client, gateway, target, target6 }: BenchNetwork,
  load: Load,
): Promise<Received> {
  const to = load.v6 === true ? target6 : target;
  const server = gateway.spawn(['iperf3', '--server', '--one-off', '--bind', to, '--forceflush']);
  await server.waitFor(/listening/);
  const udp =
    load.udp === undefined
      ? []
      : ['--udp', '--bitrate', String(load.udp.bitsPerSecond), '--length', String(load.udp.octets)];
  const run = await client.run([
    'iperf3',
    ...['--client', to, '--time', String(load.seconds), '--json'],
    ...['--parallel', String(load.streams ?? 1)],
    ...(load.reverse === true ? ['--reverse'] : []),
    ...udp,
  ]);
  await server.stop();
  return received(run.stdout);
}

interface Report {
  readonly end?: {
    readonly cpu_utilization_percent?: { readonly host_total: number; readonly remote_total: number };
    readonly sum_received?: { readonly bytes: number; readonly seconds: number };
    readonly sum?: {
      readonly bytes: number;
      readonly seconds: number;
      readonly packets: number;
      readonly lost_packets: number;
      readonly lost_percent: number;
    };
  };
  readonly error?: string;
}

function received(json: string): Received {
  const report: Report = JSON.parse(json);
  const { sum_received: tcp, sum: udp, cpu_utilization_percent: cpu } = report.end ?? {};
  if (report.error !== undefined) throw new Error(`iperf3: ${report.error}`);
  const share = cpu === undefined ? Number.NaN : (cpu.host_total + cpu.remote_total) / 100;
  if (udp !== undefined) {
    const datagrams = udp.packets - udp.lost_packets;
    const octets = udp.packets === 0 ? 0 : (udp.bytes * datagrams) / udp.packets;
    return {
      octets,
      seconds: udp.seconds,
      ends: share * udp.seconds,
      datagrams,
      lostPercent: udp.lost_percent,
    };
  }
  if (tcp === undefined) throw new Error(`iperf3: ${json.slice(0, 500)}`);
  return { octets: tcp.bytes, seconds: tcp.seconds, ends: share * tcp.seconds, datagrams: 0, lostPercent: 0 };
}
