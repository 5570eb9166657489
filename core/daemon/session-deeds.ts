import type { Endpoint, IpAddress } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import type { Duration, Instant } from '../base/time.ts';
import type { HeardInSilence } from '../dataplane/dataplane.ts';
import type { ChildSaParameters, IkeAnswer, IkeAsk, PathId } from '../ike/io.ts';
import type { ChildTerms } from '../tunnel/child-roster.ts';
import type { PlanChange } from '../tunnel/io.ts';
import type { NetworkPlan } from '../tunnel/network-plan.ts';
import type { KnownNetwork, NetworkLore } from '../tunnel/paths/network-lore.ts';
import type { PathCandidate } from '../tunnel/paths/path.ts';
import type { Spi } from '../wire/ike/payload.ts';

/** What the machine can do for a session. The real one is `system-deeds.ts`; a test has its own. */
export interface SessionDeeds {
  now(): Instant;
  /** Calls `wake` once at `at` or soon after; a new call replaces the old. `undefined` only cancels. */
  setAlarm(at: Instant | undefined, wake: () => void): void;
  resolve(host: string): Promise<Result<readonly IpAddress[], Failure>>;
  /** `via`: by this interface, not by the preferred one. */
  openTransport(remote: IpAddress, events: TransportEvents, via?: PathCandidate): Promise<OpenedTransport>;
  transmit(octets: Uint8Array, to: Endpoint, marker: boolean, options: SendOptions): void;
  /** The ways to these addresses of the gateway, the preferred one first. */
  findPaths(remotes: readonly IpAddress[]): readonly PathCandidate[];
  openPath(path: PathId, candidate: PathCandidate): Promise<Result<Endpoint, Failure>>;
  usePath(path: PathId, remote: Endpoint): void;
  closePath(path: PathId): void;
  /** NAT keepalives to there after so much silence; `undefined`: none. */
  setKeepalive(remote: Endpoint, everyMs: Duration | undefined): void;
  /** The network that this way leads into, and what is known of it. */
  recallNetwork(candidate: PathCandidate): KnownNetwork;
  rememberNetwork(network: string, remote: IpAddress, lore: NetworkLore): void;
  /** When anything was last sent on the path in use. */
  lastSent(): Instant | undefined;
  /** The last time that the gateway's ESP broke a silence of ours. */
  lastHeardInSilence(): HeardInSilence | undefined;
  /** Of the device, and of the largest inner packet that fits the path, in octets. */
  setMtu(device: number, inner: number): void;
  installChild(
    child: ChildSaParameters,
    remote: Endpoint,
    use: ChildTerms,
  ): Promise<Result<undefined, Failure>>;
  switchOutbound(inboundSpi: Spi): Promise<void>;
  removeChild(inboundSpi: Spi): Promise<void>;
  /** Forgets its keys; `onChildWanted` tells when a packet comes for it. */
  sleepChild(inboundSpi: Spi): Promise<void>;
  retireChild(inboundSpi: Spi): Promise<void>;
  applyNetwork(plan: NetworkPlan, change: PlanChange): Promise<Result<undefined, Failure>>;
  undoNetwork(): Promise<void>;
  closeTransport(): Promise<void>;
  /** `gateway`: the one of the profile that it is about. */
  answer(ask: IkeAsk, gateway: string): Promise<IkeAnswer>;
  /** A socket that asks another address beside the transport; `onDatagram` gets what comes in on it. */
  openScout(
    scout: number,
    remote: IpAddress,
    onDatagram: (octets: Uint8Array) => void,
    via?: PathCandidate,
  ): Promise<Result<Endpoint, Failure>>;
  sendScout(scout: number, octets: Uint8Array, to: Endpoint): void;
  closeScout(scout: number): void;
  /** Asks name servers behind the gateway anything. */
  knock(servers: readonly IpAddress[]): void;
  /** When the last authenticated ESP packet came in, if one did. */
  lastTraffic(): Instant | undefined;
  /** When each CHILD SA was last seen to carry a packet, by inbound SPI. */
  childActivity(): ReadonlyMap<Spi, Instant>;
}

export interface OpenedTransport {
  readonly result: Result<Endpoint, Failure>;
  /** The way that its socket has, where the system knows. */
  readonly via?: PathCandidate;
}

export interface SendOptions {
  readonly path: PathId;
  /** Nobody on the way may cut it. */
  readonly dontFragment: boolean;
}

/** The last time that the network changed under the connection. */
export interface Doubt {
  /** When it began to change. */
  readonly since: Instant;
  /** When the gateway proved again that it is there; absent: not yet. */
  readonly until?: Instant;
}

export interface TransportEvents {
  readonly onIke: (octets: Uint8Array, from: Endpoint, marker: boolean, path: PathId) => void;
  /** Packets go into the tunnel, and for seconds none has come out of it. */
  readonly onStalled: () => void;
  /** Twice a second while traffic passes, and after each keepalive: what is sent and comes in without our doing is to be looked at. */
  readonly onLook: () => void;
  /** As the input `network-changed`. */
  readonly onNetworkChange: (local?: IpAddress | 'none') => void;
  readonly onChildUsed: (inboundSpi: Spi) => void;
  readonly onRekeyDue: (inboundSpi: Spi) => void;
  /** There is more to carry than one pair of workers should. */
  readonly onBusy: () => void;
  readonly onChildWanted: (inboundSpi: Spi) => void;
  readonly onFailure: (error: Failure) => void;
}
