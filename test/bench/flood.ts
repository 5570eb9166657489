import { fileURLToPath } from 'node:url';
import { Lab } from '../support/net/lab.ts';
import { EmbeddedGateway } from '../support/peers/embedded-gateway.ts';
import { Godwit } from '../support/peers/godwit.ts';
import { layCable } from './cable.ts';
import { runIperf } from './iperf.ts';
import { benchGateway, benchLogin } from './pairs/credentials.ts';
import { type BenchResult, type BenchRow, say } from './report.ts';
import { spread } from './statistics.ts';

const sender = fileURLToPath(new URL('flood-sender.ts', import.meta.url));
const rate = 100_000;

/** `elsewhere`: the same flood at a port of the client that nobody has: what the machine itself loses to it. */
const floods = ['none', 'elsewhere', 'socket'] as const;
type Flood = (typeof floods)[number];

/**
 * One TCP flow through the tunnel (iperf3), alone and while 100,000 datagrams of garbage a second come to the client's socket from
 * the gateway's own address. The tunnel must stand at the end, with the same SAs.
 */
export async function benchFlood(options: { rounds: number; seconds: number }): Promise<BenchResult> {
  await using lab = new Lab('bench-flood');
  const network = await layCable(lab);
  const { client, gateway } = network;
  const end = await EmbeddedGateway.start(gateway, network.gatewayAddress, benchGateway(network));
  const godwit = await Godwit.start(client);
  const login = await godwit.connect(benchLogin(network));
  if (!login.ok) throw new Error(`Godwit does not connect: ${login.detail}\n${godwit.log}`);
  const spi = (await godwit.view()).inboundSpi;
  const port = await socketPort(await client.must(['ss', '-Huan']));
  const samples = new Map<string, number[]>();
  const note = (key: string, value: number): void => {
    samples.set(key, [...(samples.get(key) ?? []), value]);
  };
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const flood of floods) {
      const seconds = options.seconds + 2;
      const target = flood === 'socket' ? port : 9;
      const args = [network.clientAddress, target, rate, seconds, spi].map(String);
      const running = flood === 'none' ? undefined : gateway.spawn([process.execPath, sender, ...args]);
      await running?.waitFor(/flooding/);
      const load = { reverse: true, seconds: options.seconds };
      const { octets, seconds: took } = await runIperf(network, load);
      const megabits = (octets * 8e-6) / took;
      await running?.waitFor(/sent/, 20_000);
      const sent = Number(/sent (\d+)/.exec(running?.stdout ?? '')?.[1] ?? 0) / seconds;
      await running?.stop();
      note(`${flood}:throughput`, megabits);
      if (flood !== 'none') note(`${flood}:flood`, sent);
      const rates = `${megabits.toFixed(0)} Mbit/s beside ${sent.toFixed(0)} datagrams/s`;
      say(`round ${round}: ${flood.padEnd(10)} ${rates}`);
    }
  }
  const { tunnel } = await godwit.snapshot();
  const stands = tunnel.state === 'connected';
  if (!stands) say(`the tunnel is ${tunnel.state}\n${godwit.log}`);
  else
    say(`dropped: ${JSON.stringify(tunnel.counters.inbound.drops)} ${JSON.stringify(tunnel.counters.ike)}`);
  await godwit.disconnect();
  await godwit.stop();
  await end.stop();
  const rows = [...samples].map(([key, of]) => toRow(key, of));
  return { ok: stands, name: 'flood', rows, ratios: ratios(rows) };
}

/** Of the one socket that the daemon has towards the gateway. */
function socketPort(listing: string): number {
  // What is on loopback is a rehearsal (decision 0107).
  const others = listing.split('\n').filter((line) => !line.includes('127.0.0.1:'));
  const found = others.join('\n').matchAll(/(?:\d|\*):(\d+)\s+\S+:\S+/g);
  const ports = [...found].map((match) => Number(match[1]));
  const port = ports.find((each) => each > 1_023);
  if (port === undefined) throw new Error(`no socket of Godwit among:\n${listing}`);
  return port;
}

function toRow(key: string, of: readonly number[]): BenchRow {
  const [flood = '', metric = ''] = key.split(':');
  return { peer: `flood-${flood}`, metric, unit: metric === 'flood' ? '1/s' : 'Mbit/s', ...spread(of) };
}

/** Throughput kept, in percent of that without a flood; `beside:elsewhere`: in percent of that under a flood past the socket. */
function ratios(rows: readonly BenchRow[]): Record<string, number> {
  const median = (flood: Flood): number =>
    rows.find(({ peer, metric }) => peer === `flood-${flood}` && metric === 'throughput')?.median ??
    Number.NaN;
  const percent = (a: number, b: number): number => Math.round((1_000 * a) / b) / 10;
  return {
    keptPercent: percent(median('socket'), median('none')),
    'keptPercent:elsewhere': percent(median('elsewhere'), median('none')),
    'keptPercent:socket/elsewhere': percent(median('socket'), median('elsewhere')),
  };
}
