import type { ConnectedTunnel } from '../../core/rpc/values.ts';
import type { ClientProfile, VpnClient } from '../support/peers/client.ts';
import type { RadiusServer } from '../support/peers/freeradius.ts';
import { Godwit } from '../support/peers/godwit.ts';
import { type IkeSaView, StrongSwan } from '../support/peers/strongswan.ts';
import { addresses, type Topology } from '../support/topology.ts';
import type { Certificates } from './certificates.ts';

export interface Bench {
  readonly topology: Topology;
  /** Another one after a restart. */
  gateway: StrongSwan;
  readonly client: VpnClient;
  readonly certificates: Certificates;
  /** The RADIUS server that runs beside the gateway. */
  radius?: { readonly kind: 'freeradius' | 'hostapd'; readonly server: RadiusServer };
}

/** Where a case plays once it goes beyond a login. */
export interface Stage extends Readonly<Bench> {
  readonly profile: ClientProfile;
  /** What Godwit says of its connection; undefined for another client, and while it is not connected. */
  tunnel(): Promise<ConnectedTunnel | undefined>;
  /** Empty when one IKE SA with one CHILD SA stands, the same at both ends, and pings pass. What was replaced may linger. */
  agree(): Promise<string[]>;
  /** Kills charon, which says no goodbye, and starts it again with the same configuration. */
  restartGateway(): Promise<void>;
  /** Like `agree`; and nothing that was replaced is left. */
  settled(): Promise<string[]>;
}

/**
 * A cookie is demanded as soon as one IKE SA is half open; what charon replaced goes soon; what is lost is sent again before a
 * case loses patience.
 */
const settings = [
  'cookie_threshold = 1',
  'delete_rekeyed_delay = 2',
  'retransmit_timeout = 1.5',
  'hash_and_url = yes',
];

/** Inner addresses from a DHCP server in the protected network, and ARP for them there. */
const gatewayPlugins = { dhcp: 'interface = lan\n server = 10.77.0.255', farp: '' };

export function startGateway(topology: Topology): Promise<StrongSwan> {
  return StrongSwan.start(topology.gateway, { settings, plugins: gatewayPlugins });
}

export function createStage(bench: Bench, profile: ClientProfile, configure: () => Promise<void>): Stage {
  const tunnel = async (): Promise<ConnectedTunnel | undefined> => {
    if (!(bench.client instanceof Godwit)) return undefined;
    const { tunnel } = await bench.client.snapshot();
    return tunnel.state === 'connected' ? tunnel : undefined;
  };
  const compare = async (lingering: boolean): Promise<string[]> => {
    const problems = differences(await wholeSas(bench.gateway), await tunnel(), lingering);
    return bench.client instanceof Godwit && (await tunnel()) === undefined
      ? ['Godwit is not connected any more']
      : problems;
  };
  const check = async (lingering: boolean): Promise<string[]> => {
    let problems: string[] = [];
    await within(patienceMs, async () => {
      problems = await compare(lingering);
      return problems.length === 0;
    });
    return [...problems, ...(await ping(bench))];
  };
  return {
    ...bench,
    get gateway() {
      return bench.gateway;
    },
    profile,
    tunnel,
    restartGateway: async () => {
      await bench.gateway.kill();
      bench.gateway = await startGateway(bench.topology);
      await configure();
    },
    agree: () => check(true),
    settled: () => check(false),
  };
}

/**
 * Without what is half open: a request that charon answered late went out twice, and may have made two IKE SAs. The one that nobody goes
 * on with stays for half a minute.
 */
export async function wholeSas(gateway: StrongSwan): Promise<IkeSaView[]> {
  return (await gateway.sas()).filter(({ state }) => state !== 'CONNECTING');
}

/** States of what was replaced and goes soon. */
const leaving = new Set(['REKEYED', 'DELETED', 'DELETING']);

function differences(
  sas: readonly IkeSaView[],
  tunnel: ConnectedTunnel | undefined,
  lingering: boolean,
): string[] {
  const counts = (each: { readonly state: string }): boolean => !(lingering && leaving.has(each.state));
  const ikes = sas.filter(counts);
  const children = ikes.flatMap((ike) => ike.children).filter(counts);
  const [ike] = ikes;
  const [child] = children;
  if (ikes.length !== 1 || children.length !== 1 || ike === undefined || child === undefined) {
    const all = sas.map(({ state, children }) => `${state}(${children.map((each) => each.state).join(' ')})`);
    return [`charon has ${all.join(', ') || 'no SAs'}`];
  }
  if (tunnel === undefined) return [];
  const pairs: readonly (readonly [string, string, string])[] = [
    ['initiator SPI', ike.initiatorSpi, tunnel.ike.initiatorSpi],
    ['responder SPI', ike.responderSpi, tunnel.ike.responderSpi],
    ['ESP SPI to the gateway', child.spiIn, tunnel.esp.outboundSpi],
    ['ESP SPI to the client', child.spiOut, tunnel.esp.inboundSpi],
  ];
  return pairs
    .filter(([, theirs, ours]) => theirs !== ours)
    .map(([what, theirs, ours]) => `${what}: charon ${theirs}, Godwit ${ours}`);
}

/**
 * Once an answer, by `-w` asked for again and again. What was under way when the gateway learnt of another address is not held against
 * anybody here: rows that say that nothing is lost count.
 */
async function ping({ topology }: Bench): Promise<string[]> {
  const patience = ['-c', '1', '-i', '0.5', '-w', '15'];
  const { status } = await topology.client.run(['ping', ...patience, addresses.lan.v4]);
  return status === 0 ? [] : ['no answer to a ping through the tunnel'];
}

/** For what comes at once on a quiet machine: only what never comes makes a case wait for so long. */
export const patienceMs = 20_000;

/** Whether `condition` becomes true within so many milliseconds. */
export async function within(ms: number, condition: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await pause(25);
  }
  return true;
}

/** Whether `condition` is still true when patience is at its end. */
export async function lasts(condition: () => Promise<boolean>): Promise<boolean> {
  return !(await within(patienceMs, async () => !(await condition())));
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
