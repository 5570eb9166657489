import { formatEndpoint, formatIpAddress, formatIpPrefix } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Instant } from '../base/time.ts';
import type { DataplaneCounters, PairCounters } from '../dataplane/dataplane.ts';
import type { ConnectedTunnel, ConnectPhase, ProfileReference, TunnelSnapshot } from '../rpc/values.ts';
import type { ConnectedDetails, PathsShown } from '../tunnel/io.ts';
import type { NetworkPlan } from '../tunnel/network-plan.ts';
import type { Path } from '../tunnel/paths/path.ts';
import type { LossDetails } from '../tunnel/reconnect-policy.ts';
import type { SaAge, SaHistory } from '../tunnel/sa-history.ts';

/** What the daemon remembers of the present state, with wall-clock times for people. */
export type DaemonState =
  | { readonly kind: 'disconnected'; readonly since: number; readonly lastFailure?: Failure }
  | {
      readonly kind: 'connecting';
      readonly profile: ProfileReference;
      readonly since: number;
      readonly phase: ConnectPhase;
      readonly phaseSince: number;
    }
  | {
      readonly kind: 'connected';
      readonly profile: ProfileReference;
      readonly since: number;
      readonly connectMs: number;
      readonly details: ConnectedDetails;
    }
  | {
      readonly kind: 'reconnecting';
      readonly profile: ProfileReference;
      readonly since: number;
      readonly loss: LossDetails;
      readonly phase?: ConnectPhase;
    }
  | { readonly kind: 'disconnecting'; readonly profile: ProfileReference; readonly since: number };

/** Figures that change while a connection stands. */
export interface LiveFigures {
  /** On the clock of the connection's moments. */
  readonly now: Instant;
  /** Milliseconds since the gateway last proved that it is there. */
  readonly provenAgeMs: number;
  readonly counters: DataplaneCounters;
  readonly pairs: readonly PairCounters[];
  /** IKE datagrams that were dropped since the attempt began, by cause. */
  readonly ikeDrops: Readonly<Record<string, number>>;
  /** Of the keys, in milliseconds. */
  readonly lifetimes: { readonly child: number; readonly ike: number } | undefined;
}

/** Both clocks at one moment: `now` as the connection counts, `wall` as people do, in milliseconds since 1970. */
export interface Clocks {
  readonly now: Instant;
  readonly wall: number;
}

/** The state as it crosses the RPC edge. `live` is asked for only when connected. */
export function tunnelSnapshot(state: DaemonState, clocks: Clocks, live: () => LiveFigures): TunnelSnapshot {
  switch (state.kind) {
    case 'disconnected': {
      const { since, lastFailure } = state;
      return { state: 'disconnected', since, ...(lastFailure === undefined ? {} : { lastFailure }) };
    }
    case 'connecting': {
      const { kind, ...rest } = state;
      return { state: kind, ...rest };
    }
    case 'connected':
      return connectedSnapshot(state, live());
    case 'reconnecting':
      return reconnectingSnapshot(state, clocks);
    case 'disconnecting': {
      const { kind, ...rest } = state;
      return { state: kind, ...rest };
    }
  }
}

function reconnectingSnapshot(
  { profile, since, loss, phase }: Extract<DaemonState, { kind: 'reconnecting' }>,
  { now, wall }: Clocks,
): TunnelSnapshot {
  const { cause, lastFailure, tries, nextTryAt } = loss;
  return {
    state: 'reconnecting',
    profile,
    since,
    cause,
    ...(lastFailure === undefined ? {} : { lastFailure }),
    tries,
    ...(nextTryAt === undefined ? {} : { nextTryAt: Math.max(0, Math.round(wall + nextTryAt - now)) }),
    ...(phase === undefined ? {} : { phase }),
  };
}

function connectedSnapshot(
  state: Extract<DaemonState, { kind: 'connected' }>,
  live: LiveFigures,
): ConnectedTunnel {
  const { summary, plan, history, local, remote, redirectedFrom, paths } = state.details;
  const { oneWaySince } = state.details;
  return {
    state: 'connected',
    profile: state.profile,
    since: state.since,
    connectMs: state.connectMs,
    provenAgeMs: live.provenAgeMs,
    gateway: formatEndpoint(remote),
    ...(redirectedFrom === undefined ? {} : { redirectedFrom }),
    local: formatEndpoint(local),
    remoteIdentity: summary.remoteIdentity,
    remoteAuthentication: summary.remoteAuthentication,
    localAuthentication: summary.localAuthentication,
    remoteNames: summary.remoteNames.slice(0, limits.subjectAltNames + 1),
    ppk: summary.ppk,
    weaknesses: [...summary.weaknesses],
    ike: {
      proposal: summary.ikeProposal,
      initiatorSpi: summary.initiatorSpi,
      responderSpi: summary.responderSpi,
      ...ageOf(history.ike, live.now),
      ...(live.lifetimes === undefined ? {} : { lifetimeMs: live.lifetimes.ike }),
    },
    esp: espOf(state.details, live),
    ...rekeyFailureOf(history, live.now),
    ...(oneWaySince === undefined ? {} : { oneWayMs: Math.max(0, live.now - oneWaySince) }),
    nat: summary.natDetected,
    ...(paths.keepaliveMs === undefined ? {} : { keepalive: { everyMs: paths.keepaliveMs, ...paths.nat } }),
    mobike: summary.mobike,
    peerAddresses: summary.peerAddresses.map(formatIpAddress),
    path: pathOf(paths, live.now),
    device: plan.device,
    mtu: paths.measured?.device ?? plan.mtu,
    addresses: plan.addresses.map(formatIpPrefix),
    routes: plan.routes.map(formatIpPrefix),
    blockedFamilies: [...plan.blockFamilies],
    ...dnsOf(plan),
    workerPairs: workerPairsOf(state.details, live.pairs),
    counters: {
      outbound: plainCounters(live.counters.outbound),
      inbound: plainCounters(live.counters.inbound),
      ike: { drops: { ...live.ikeDrops } },
    },
  };
}

function espOf(
  { summary, child, asleepSince, history }: ConnectedDetails,
  { now, lifetimes }: LiveFigures,
): ConnectedTunnel['esp'] {
  return {
    proposal: summary.espProposal,
    inboundSpi: formatSpi(child.inbound.spi),
    outboundSpi: formatSpi(child.outbound.spi),
    ...ageOf(history.child, now),
    ...(asleepSince === undefined ? {} : { asleepMs: Math.max(0, now - asleepSince) }),
    ...(lifetimes === undefined || asleepSince !== undefined ? {} : { lifetimeMs: lifetimes.child }),
  };
}

function pathOf(paths: PathsShown, now: Instant): ConnectedTunnel['path'] {
  const { state, current, others, rememberable, measured } = paths;
  // What was found an earlier time is not told before it is proven anew.
  const largest = measured?.remembered === true ? undefined : measured;
  return {
    state,
    ...wayOf(current, now),
    others: others.map((path) => wayOf(path, now)),
    remembered: rememberable,
    ...(largest === undefined
      ? {}
      : { largestPacket: { octets: largest.path, ageMs: Math.max(0, now - largest.at) } }),
  };
}

function dnsOf({ dns }: NetworkPlan): Pick<ConnectedTunnel, 'dns'> {
  if (dns === undefined) return {};
  return {
    dns: {
      servers: dns.servers.map(formatIpAddress),
      searchDomains: [...dns.searchDomains],
      routeDomains: [...dns.routeDomains],
    },
  };
}

function workerPairsOf(
  { pairs, pairsRefused }: ConnectedDetails,
  counters: readonly PairCounters[],
): ConnectedTunnel['workerPairs'] {
  const carried = ({ packets, octets }: DataplaneCounters['outbound']) => ({ packets, octets });
  return {
    pairs: counters.map(({ pair, outbound, inbound }) => {
      const child = pairs.find((each) => each.pair === pair);
      const spis =
        child === undefined
          ? {}
          : { inboundSpi: formatSpi(child.inbound.spi), outboundSpi: formatSpi(child.outbound.spi) };
      return { pair, ...spis, outbound: carried(outbound), inbound: carried(inbound) };
    }),
    ...(pairsRefused === undefined ? {} : { refused: pairsRefused }),
  };
}

function wayOf(
  { candidate, local, provenAt }: Path,
  now: Instant,
): ConnectedTunnel['path']['others'][number] {
  return {
    interface: candidate.interfaceName,
    local: local === undefined ? formatIpAddress(candidate.local) : formatEndpoint(local),
    gateway: formatIpAddress(candidate.remote),
    ...(provenAt === undefined ? {} : { provenAgeMs: Math.max(0, now - provenAt) }),
  };
}

function ageOf({ madeAt, rekeys }: SaAge, now: Instant): { readonly ageMs: number; readonly rekeys: number } {
  return { ageMs: Math.max(0, now - madeAt), rekeys };
}

function rekeyFailureOf({ rekeyFailure }: SaHistory, now: Instant): Pick<ConnectedTunnel, 'rekeyFailure'> {
  if (rekeyFailure === undefined) return {};
  const { what, error, at } = rekeyFailure;
  return { rekeyFailure: { what: what === 'child' ? 'esp' : what, error, ageMs: Math.max(0, now - at) } };
}

function plainCounters(counters: DataplaneCounters['outbound']): ConnectedTunnel['counters']['outbound'] {
  return { packets: counters.packets, octets: counters.octets, drops: { ...counters.drops } };
}

/** As strongSwan and Wireshark print it. */
function formatSpi(spi: number): string {
  return spi.toString(16).padStart(8, '0');
}
