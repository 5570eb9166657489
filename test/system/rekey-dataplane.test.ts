import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DirectionCounters } from '../../core/dataplane/dataplane.ts';
import { enterSandbox, missingPrograms } from '../support/net/sandbox.ts';
import { type Peer, spis, type Tunnel, withTunnel } from './support/dataplane-tunnel.ts';

/** Keys are replaced while a saturating flow runs: not one packet may be lost or overtaken because of it. */
const skip = (await enterSandbox()) ?? missingPrograms(['iperf3', 'taskset']) ?? false;

const seconds = 10;
const everyMs = 300;
/** Every packet has a child: a drop for lack of one is then due to a rekey. */
const selectors = {
  local: ['0.0.0.0-255.255.255.255', '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  remote: ['0.0.0.0-255.255.255.255', '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
} as const;

interface Received {
  readonly packets: number;
  readonly lost_packets: number;
  readonly out_of_order: number;
}

interface Report {
  readonly end: {
    readonly streams: readonly { readonly udp?: Received }[];
    readonly sum_received?: { readonly bytes: number };
  };
  readonly server_output_json?: Report;
}

/** Runs a flow for `seconds`; the answer is what iperf3 has to say. */
async function flow({ a, b }: Tunnel, port: number, options: readonly string[]): Promise<Report> {
  const server = b.namespace.spawn(['iperf3', '--server', '--one-off', '--json', '--port', String(port)]);
  const listens = `sport = :${port}`;
  for (let listening = ''; !listening.includes(String(port)); )
    listening = await b.namespace.must(['ss', '-Hltn', listens]);
  const client = ['iperf3', '--json', '--get-server-output', '--client', '10.9.0.2', '--port', String(port)];
  const text = await a.namespace.must([...client, '--time', String(seconds), ...options]);
  await server.exited;
  return JSON.parse(text) as Report;
}

/**
 * As IKE does it: both install, the initiator sends on the new child, then the responder; the old one goes. It receives
 * for one more rekey: packets of two processors overtake each other.
 */
async function rekey({ a, b }: Tunnel, generation: number): Promise<void> {
  const [initiator, responder] = generation % 2 === 0 ? [a, b] : [b, a];
  const mine = (peer: Peer, of: number) => (peer === a ? spis.a : spis.b) + (of << 16);
  const other = (peer: Peer) => (peer === a ? b : a);
  for (const peer of [responder, initiator])
    await peer.ask(`standby ${mine(peer, generation)},${mine(other(peer), generation)}`);
  await initiator.ask(`switch ${mine(initiator, generation)}`);
  await responder.ask(`await-used ${mine(responder, generation)}`);
  await responder.ask(`switch ${mine(responder, generation)}`);
  if (generation > 1)
    for (const peer of [initiator, responder]) await peer.ask(`remove ${mine(peer, generation - 2)}`);
}

/**
 * Replaces the keys every `everyMs` until `flows` have ended; answers how often. Pings go both ways all the time: a switch waits
 * for a packet on the new child, and the flows may end in the middle of it.
 */
async function rekeyDuring(tunnel: Tunnel, flows: Promise<unknown>): Promise<number> {
  const pings = tunnel.a.namespace.spawn(['ping', '-n', '-q', '-i', '0.1', '10.9.0.2']);
  let running = true;
  const over = () => {
    running = false;
  };
  void flows.then(over, over);
  let generation = 0;
  while (running) {
    await rekey(tunnel, ++generation);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  await pings.stop('SIGINT');
  return generation;
}

/** What the kernel itself threw away around the data plane, for want of room on a busy machine. */
interface KernelDrops {
  /** In front of the data plane's socket; a run of datagrams (UDP GSO) counts once. */
  readonly socket: number;
  /** In front of the data plane's device. */
  readonly tun: number;
  /** In front of whoever receives UDP from the device: a receiver that stands still for a moment. */
  readonly receivers: number;
}

async function kernelDrops(peer: Peer): Promise<KernelDrops> {
  const read = async (file: string) => (await peer.namespace.must(['cat', `/proc/net/${file}`])).trim();
  const sockets = (await read('udp')).split('\n').map((line) => line.trim().split(/\s+/));
  const socket = Number(sockets.find(([, local]) => local?.endsWith(espPort))?.at(-1));
  const [names, numbers] = (await read('snmp'))
    .split('\n')
    .filter((line) => line.startsWith('Udp:'))
    .map((line) => line.split(' '));
  const noRoom = Number(numbers?.[names?.indexOf('RcvbufErrors') ?? -1]);
  const [link] = JSON.parse(
    await peer.namespace.must(['ip', '-s', '-j', 'link', 'show', 'dev', 'godwit0']),
  ) as [{ readonly stats64: { readonly tx: { readonly dropped: number } } }];
  return { socket, tun: link.stats64.tx.dropped, receivers: noRoom - socket };
}

/** Port 4500, as /proc has it. */
const espPort = ':1194';
/** UDP_MAX_SEGMENTS of the kernel: datagrams in one run. */
const runAtMost = 128;

interface Moved {
  readonly packets: number;
  readonly datagrams: number;
  readonly queueFull: number;
  /** All but the full queue. */
  readonly otherDrops: Readonly<Record<string, number>>;
}

/** What was counted between two moments: the devices come up one after the other and lose what they say first. */
function between(before: DirectionCounters, after: DirectionCounters): Moved {
  const drops = Object.entries(after.drops)
    .map(([cause, count]) => [cause, count - (before.drops[cause] ?? 0)] as const)
    .filter(([, count]) => count > 0);
  return {
    packets: after.packets - before.packets,
    datagrams: after.datagrams - before.datagrams,
    queueFull: drops.find(([cause]) => cause === 'queue-full')?.[1] ?? 0,
    otherDrops: Object.fromEntries(drops.filter(([cause]) => cause !== 'queue-full')),
  };
}

async function countersOf({ a, b }: Tunnel) {
  return { a: await a.counters(), b: await b.counters() };
}

type Counters = Awaited<ReturnType<typeof countersOf>>;

interface Way {
  readonly sent: Moved;
  readonly got: Moved;
  readonly kernel: KernelDrops;
}

/** Both ways since `before`, once what was sent has come or 20 s have passed: the last packets of a flow are under way when it ends. */
async function waysSince(tunnel: Tunnel, before: Counters): Promise<readonly Way[]> {
  for (const end = performance.now() + 20_000; ; ) {
    const after = await countersOf(tunnel);
    const way = async (from: 'a' | 'b', to: 'a' | 'b'): Promise<Way> => ({
      sent: between(before[from].outbound, after[from].outbound),
      got: between(before[to].inbound, after[to].inbound),
      kernel: await kernelDrops(tunnel[to]),
    });
    const ways = [await way('a', 'b'), await way('b', 'a')];
    const come = ways.every(({ sent, got, kernel }) => isAccounted(sent, got, kernel));
    if (come || performance.now() > end) return ways;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Each datagram that was sent has come, or the kernel says that it had no room for it. */
function isAccounted(sent: Moved, got: Moved, { socket }: KernelDrops): boolean {
  const missing = sent.datagrams - got.datagrams;
  return got.packets === got.datagrams && missing >= socket && missing <= socket * runAtMost;
}

for (const cipher of ['aes256gcm16', 'aes128-sha256']) {
  test(`${cipher}: keys switched every ${everyMs} ms under load, no packet lost or overtaken`, {
    skip,
  }, async () => {
    await withTunnel({ cipher, selectors, pinned: true }, async (tunnel) => {
      const { a, b } = tunnel;
      for (const { namespace } of [a, b]) await namespace.ip(['link set godwit0 txqueuelen 20000']);
      await a.namespace.must(['ping', '-n', '-c', '2', '-i', '0.2', '10.9.0.2']);
      const before = await countersOf(tunnel);
      const udp = ['--udp', '--bitrate', '20M', '--length', '1200', '--window', '400K'];
      const flows = Promise.all([
        flow(tunnel, 5201, []),
        flow(tunnel, 5202, udp),
        flow(tunnel, 5203, [...udp, '--reverse']),
      ]);
      const rekeys = await rekeyDuring(tunnel, flows);
      const [tcp, forward, reverse] = await flows;
      assert.ok(rekeys > 5, `only ${rekeys} rekeys`);
      let noRoom = 0;
      let packets = 0;
      for (const { sent, got, kernel } of await waysSince(tunnel, before)) {
        assert.deepEqual([sent.otherDrops, got.otherDrops], [{}, {}]);
        const missing = sent.datagrams - got.datagrams;
        assert.ok(
          isAccounted(sent, got, kernel),
          `${missing} missing, ${JSON.stringify({ sent, got, kernel })}`,
        );
        noRoom += sent.queueFull + got.queueFull + missing + kernel.tun + kernel.receivers;
        packets += sent.packets;
      }
      const received = [forward.server_output_json, reverse].map((report) => report?.end.streams[0]?.udp);
      for (const at of received) {
        assert.ok(at !== undefined && at.packets > 1000, 'packets were counted');
        assert.equal(at.out_of_order, 0, 'out of order');
        assert.ok(at.lost_packets <= noRoom, `${at.lost_packets} lost, ${noRoom} for want of room`);
      }
      const megabytes = (tcp.end.sum_received?.bytes ?? 0) / 1e6;
      assert.ok(megabytes > 10, `TCP moved ${megabytes} MB`);
      process.stdout.write(
        `# ${rekeys} rekeys, ${packets} packets, ${noRoom} without room, TCP ${megabytes.toFixed(0)} MB\n`,
      );
    });
  });
}
