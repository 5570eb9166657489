import type { Namespace } from '../support/net/lab.ts';
import { addresses, type Topology } from '../support/topology.ts';

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
  const { client, gateway } = topology;
  const before = { up: await socketDrops(gateway), down: await socketDrops(client) };
  const reports = await Promise.all(
    flows.map(({ options }, index) => flow(topology, 5201 + index, seconds, options)),
  );
  const noRoom = {
    up: (await socketDrops(gateway)) - before.up,
    down: (await socketDrops(client)) - before.down,
  };
  return flows.flatMap(({ name }, index) =>
    judge(name, reports[index] ?? {}, seconds, name.endsWith('up') ? noRoom.up : noRoom.down),
  );
}

async function flow(
  { client, lan }: Topology,
  port: number,
  seconds: number,
  options: readonly string[],
): Promise<Report> {
  const server = lan.spawn(['iperf3', '--server', '--one-off', '--json', '--port', String(port)]);
  for (let listening = ''; !listening.includes(String(port)); )
    listening = await lan.must(['ss', '-Hltn', `sport = :${port}`]);
  const where = ['--client', addresses.lan.v4, '--port', String(port), '--time', String(seconds)];
  const { stdout } = await client.run(['iperf3', '--json', '--get-server-output', ...where, ...options]);
  await server.stop();
  return JSON.parse(stdout) as Report;
}

/** What the kernel threw away in front of a VPN program, for want of room while that did not get the processor. */
async function socketDrops(namespace: Namespace): Promise<number> {
  const sockets = await namespace.must(['cat', '/proc/net/udp']);
  const lines = sockets.trim().split('\n').slice(1);
  return lines.reduce((sum, line) => sum + Number(line.trim().split(/\s+/).at(-1)), 0);
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
