import { addresses, type Topology } from '../support/topology.ts';
import { patienceMs, within } from './stage.ts';

interface Counted {
  readonly bytes: number;
  readonly packets?: number;
  readonly lost_packets?: number;
}

interface Report {
  readonly error?: string;
  readonly intervals?: readonly { readonly sum: Counted }[];
  readonly end?: { readonly sum?: Counted; readonly sum_received?: Counted };
  readonly server_output_json?: Report;
}

/**
 * Four flows for so many seconds, TCP and UDP, each way. Few enough packets that a busy machine has room for them all: what is
 * lost was lost to the tunnel. Answers what was wrong: a flow that broke or stalled, and every lost datagram.
 */
export async function traffic(topology: Topology, seconds: number): Promise<string[]> {
  const flows = [
    { name: 'TCP up', options: ['--bitrate', '10M', '--length', '4K'] },
    { name: 'TCP down', options: ['--bitrate', '10M', '--length', '4K', '--reverse'] },
    { name: 'UDP up', options: ['--udp', '--bitrate', '2M', '--length', '1100'] },
    { name: 'UDP down', options: ['--udp', '--bitrate', '2M', '--length', '1100', '--reverse'] },
  ];
  const before = await kernelDrops(topology);
  const reports = await Promise.all(
    flows.map(({ options }, index) => flow(topology, 5201 + index, seconds, options)),
  );
  const noRoom = (await kernelDrops(topology)) - before;
  return flows.flatMap(({ name }, index) => judge(name, reports[index] ?? {}, seconds, noRoom));
}

async function flow(
  { client, lan }: Topology,
  port: number,
  seconds: number,
  options: readonly string[],
): Promise<Report> {
  const server = lan.spawn(['iperf3', '--server', '--one-off', '--json', '--port', String(port)]);
  await within(patienceMs, async () => (await lan.must(['ss', '-Hltn', `sport = :${port}`])) !== '');
  const where = ['--client', addresses.lan.v4, '--port', String(port), '--time', String(seconds)];
  const { stdout } = await client.run(['iperf3', '--json', '--get-server-output', ...where, ...options]);
  await server.stop();
  return JSON.parse(stdout) as Report;
}

/** What the kernel threw away at sockets and devices, for want of room while a program did not get the processor. */
async function kernelDrops({ client, router, gateway, lan }: Topology): Promise<number> {
  const drops = await Promise.all(
    [client, router, gateway, lan].map(async (namespace) => {
      const counters = await namespace.must(['cat', '/proc/net/snmp', '/proc/net/snmp6', '/proc/net/dev']);
      return counters.split('\n').reduce((sum, line) => sum + dropsIn(line.trim().split(/\s+/)), 0);
    }),
  );
  return drops.reduce((sum, each) => sum + each, 0);
}

/** Fields of a line: RcvbufErrors of UDP in either family, or what a device dropped of received and sent packets. */
function dropsIn([name = '', ...values]: readonly string[]): number {
  if (name === 'Udp:') return Number(values[4]) || 0;
  if (name === 'Udp6RcvbufErrors') return Number(values[0]);
  return /^[a-z0-9]+:$/.test(name) ? (Number(values[3]) || 0) + (Number(values[11]) || 0) : 0;
}

/** `noRoom`: datagrams that may be missing, as the machine had no room for them. */
function judge(name: string, report: Report, seconds: number, noRoom: number): string[] {
  if (report.error !== undefined) return [`${name}: ${report.error}`];
  const problems: string[] = [];
  if (name.startsWith('UDP')) {
    // The receiver counts: the server's own report where the client sends.
    const { packets = 0, lost_packets: lost = 0 } =
      (name === 'UDP up' ? report.server_output_json?.end?.sum : report.end?.sum) ?? {};
    if (packets < 100 * seconds) problems.push(`${name}: only ${packets} datagrams`);
    if (lost > noRoom) problems.push(`${name}: ${lost} of ${packets} datagrams are lost`);
    return problems;
  }
  const stalled = (report.intervals ?? []).filter(({ sum }) => sum.bytes === 0).length;
  if (stalled > 0) problems.push(`${name}: nothing moved in ${stalled} seconds`);
  if ((report.end?.sum_received?.bytes ?? 0) < 100_000 * seconds)
    problems.push(`${name}: too little arrived`);
  return problems;
}
