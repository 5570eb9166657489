import { browserObstacle } from '../e2e/support/browser.ts';
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
import { type BenchResult, say } from './report.ts';
import { benchRoam } from './roam.ts';
import { benchScale } from './scale.ts';
import { benchTunnel, type TunnelOptions } from './tunnel.ts';
import { benchUi } from './ui.ts';

export interface BenchOptions {
  readonly rounds?: number;
  readonly seconds?: number;
  /** Names of pairs; absent: all that can run here. */
  readonly only?: readonly string[];
  /** Less of everything: as a check that all is well, and for the figures of a whole run. */
  readonly quick: boolean;
}

export interface Bench {
  /** One line for the usage. */
  readonly about: string;
  readonly programs: readonly string[];
  /** Why it cannot run here, beyond missing programs. */
  readonly obstacle?: () => string | undefined;
  run(options: BenchOptions): Promise<BenchResult>;
}

const pairs: readonly BenchPair[] = [libipsec, openvpn, wireguardGo, godwit, godwitToStrongSwan];

export const benches: Readonly<Record<string, Bench>> = {
  tunnel: {
    about:
      'TCP through the tunnel, both ways, one flow and eight, IPv4 and IPv6, and the loss of UDP by its rate',
    programs: ['iperf3'],
    run: (options) => benchTunnel(able(options), wholeOrShort(options)),
  },
  scale: {
    about: 'eight TCP flows through 1, 2 and 4 pairs of workers, each with a CHILD SA of its own',
    programs: ['iperf3'],
    run: (options) => benchScale(amount(options, [5, 3], [1, 2])),
  },
  latency: {
    about: 'the round trip of a ping, through an idle tunnel and beside a flow that fills it',
    programs: ['iperf3', 'ping'],
    run: (options) => benchLatency(able(options), amount(options, [3, 0], [1, 0])),
  },
  packet: {
    about: 'what one packet costs without a network, beside openssl speed',
    programs: [],
    run: async (options) => benchPacket(amount(options, [5, 0], [3, 0])),
  },
  pps: {
    about: 'packets of 64 octets a second',
    programs: ['iperf3'],
    run: (options) => benchPps(able(options), amount(options, [3, 3], [1, 2])),
  },
  memory: {
    about: 'resident memory of the client, connected and after traffic',
    programs: ['iperf3'],
    run: (options) =>
      benchMemory(able(options), { ...amount(options, [1, 0], [1, 0]), gibibytes: options.quick ? 0.5 : 10 }),
  },
  idle: {
    about: 'what a connected client does while nothing is sent',
    programs: [],
    run: (options) => benchIdle(able(options), amount(options, [1, 60], [1, 10])),
  },
  handshake: {
    about: 'the time from "up" to a tunnel that can be used, Godwit and charon at the same gateway',
    programs: ['ping'],
    obstacle: strongSwanObstacle,
    run: (options) => benchHandshake(amount(options, [10, 0], [3, 0])),
  },
  flood: {
    about: 'one TCP flow while 100,000 datagrams of garbage a second come to the socket of the client',
    programs: ['iperf3'],
    run: (options) => benchFlood(amount(options, [3, 3], [1, 2])),
  },
  roam: {
    about: 'an uplink is cut under a TCP connection, then the gateway restarts: how long nothing arrives',
    programs: ['ping'],
    obstacle: strongSwanObstacle,
    run: (options) => benchRoam(amount(options, [3, 0], [1, 0])),
  },
  ui: {
    about: 'the interface in Chromium: first paint, size of the bundle, 60 updates a second',
    programs: [],
    obstacle: browserObstacle,
    run: (options) => benchUi(amount(options, [5, 0], [2, 0])),
  },
};

/** In short: only the first round measures more than one TCP flow. */
function wholeOrShort(options: BenchOptions): TunnelOptions {
  const { rounds, seconds } = amount(options, [3, 3], [2, 2]);
  const { quick } = options;
  return { rounds, seconds, udpSeconds: quick ? 1 : seconds, wholeRounds: quick ? 1 : rounds };
}

/** Rounds and seconds: as asked for, else the usual ones, or few. */
function amount(
  { rounds, seconds, quick }: BenchOptions,
  usual: readonly [rounds: number, seconds: number],
  few: readonly [rounds: number, seconds: number],
): { rounds: number; seconds: number } {
  const [usualRounds, usualSeconds] = quick ? few : usual;
  return { rounds: rounds ?? usualRounds, seconds: seconds ?? usualSeconds };
}

/** The pairs that were asked for and can run here. */
function able({ only }: BenchOptions): BenchPair[] {
  return pairs.filter((pair) => {
    if (only !== undefined && !only.includes(pair.name)) return false;
    const obstacle = pair.obstacle();
    if (obstacle !== undefined) say(`${pair.name} is left out: ${obstacle}`);
    return obstacle === undefined;
  });
}
