import type { Endpoint, IpAddress } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import type { Duration, Instant } from '../base/time.ts';
import type {
  AssignedConfig,
  ChildSaParameters,
  IkeAnswer,
  IkeAsk,
  IkePhase,
  IkeSummary,
  PathId,
} from '../ike/io.ts';
import type { Spi } from '../wire/ike/payload.ts';
import type { NetworkPlan } from './network-plan.ts';
import type { KnownNetwork, NetworkLore } from './paths/network-lore.ts';
import type { Path, PathCandidate, PathState } from './paths/path.ts';
import type { MeasuredMtu } from './paths/path-book.ts';
import type { LossDetails } from './reconnect-policy.ts';
import type { SaHistory } from './sa-history.ts';

/**
 * The connection as a machine: what goes in and what comes out. As with the IKE engine, everything is a value; the
 * daemon does the deeds and reports how each one ended.
 */
export type TunnelInput =
  | { readonly kind: 'connect' }
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'timeout' }
  /** Ends of deeds that the machine asked for. */
  | { readonly kind: 'resolved'; readonly result: Result<readonly IpAddress[], Failure> }
  /** `via`: the way that the socket has, which is path 0. */
  | {
      readonly kind: 'transport-opened';
      readonly result: Result<Endpoint, Failure>;
      readonly via?: PathCandidate;
    }
  /** The ways to these addresses of the gateway, the preferred one first; none when there is none. */
  | { readonly kind: 'paths-found'; readonly paths: readonly PathCandidate[] }
  | { readonly kind: 'path-opened'; readonly path: PathId; readonly result: Result<Endpoint, Failure> }
  /** To `recall-network`. */
  | { readonly kind: 'network-recalled'; readonly path: PathId; readonly known: KnownNetwork }
  | { readonly kind: 'scout-opened'; readonly scout: number; readonly result: Result<Endpoint, Failure> }
  /** What came in on a scout's socket. */
  | { readonly kind: 'scout-datagram'; readonly scout: number; readonly octets: Uint8Array }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: IkeAnswer }
  | { readonly kind: 'child-installed'; readonly result: Result<undefined, Failure> }
  | { readonly kind: 'network-applied'; readonly result: Result<undefined, Failure> }
  | { readonly kind: 'network-undone' }
  | { readonly kind: 'transport-closed' }
  /** Events of the transport. `marker`: the non-ESP marker was in front and is stripped. */
  | {
      readonly kind: 'datagram';
      readonly octets: Uint8Array;
      readonly from: Endpoint;
      readonly marker: boolean;
      readonly path: PathId;
      /** How long nothing had been sent on the path in use. */
      readonly silentMs?: Duration;
    }
  /** Nothing was sent on the path in use for so long; then we did, or an authentic ESP packet came in. Short ones are not told. */
  | { readonly kind: 'silence'; readonly ms: Duration; readonly endedBy: 'us' | 'gateway' }
  /** The last authenticated ESP packet came in at `at`, which is never later than now. */
  | { readonly kind: 'traffic-seen'; readonly at: Instant }
  /** The first authentic packet came in on this CHILD SA: the gateway sends on it. */
  | { readonly kind: 'child-used'; readonly inboundSpi: Spi }
  /** This CHILD SA last carried a packet at `at`, in whatever direction. */
  | { readonly kind: 'child-carried'; readonly inboundSpi: Spi; readonly at: Instant }
  /** A packet wants to leave by this CHILD SA, which sleeps. */
  | { readonly kind: 'child-wanted'; readonly inboundSpi: Spi }
  /** This CHILD SA has carried so much that it must be replaced. */
  | { readonly kind: 'rekey-due'; readonly inboundSpi: Spi }
  /** There is more to carry than one pair of workers should: further CHILD SAs would help. */
  | { readonly kind: 'busy' }
  /**
   * Links, addresses or routes of this machine changed, or it slept: what was proven before may no longer hold.
   * `local`: our address towards the gateway now, `none` when no way leads there, absent when nobody looked.
   */
  | { readonly kind: 'network-changed'; readonly local?: IpAddress | 'none' }
  /** Packets go into the tunnel, and for seconds none has come out of it. */
  | { readonly kind: 'stalled' }
  /** Somebody wants to see that the gateway is there: it is asked, when a connection stands. */
  | { readonly kind: 'probe' }
  | { readonly kind: 'transport-failed'; readonly error: Failure };

export type TunnelOutput =
  | { readonly kind: 'resolve'; readonly host: string }
  /** Open socket and data plane towards this gateway, by this interface or the preferred one; answered by `transport-opened` with the local endpoint. */
  | { readonly kind: 'open-transport'; readonly remote: IpAddress; readonly via?: PathCandidate }
  | {
      readonly kind: 'transmit';
      readonly octets: Uint8Array;
      readonly to: Endpoint;
      readonly marker: boolean;
      readonly path: PathId;
      /** Nobody on the way may cut it. */
      readonly dontFragment?: true;
    }
  /** Which ways lead to these addresses of the gateway? Answered by `paths-found`. */
  | { readonly kind: 'find-paths'; readonly remotes: readonly IpAddress[] }
  /** Open a socket for one more path; answered by `path-opened`. */
  | { readonly kind: 'open-path'; readonly path: PathId; readonly candidate: PathCandidate }
  /** Send all ESP this way from now on. */
  | { readonly kind: 'use-path'; readonly path: PathId; readonly remote: Endpoint }
  | { readonly kind: 'close-path'; readonly path: PathId }
  /** The largest packet that the device takes, and (for the TCP MSS) the largest that fits the path; octets. */
  | { readonly kind: 'set-mtu'; readonly device: number; readonly inner: number }
  /** NAT keepalives after so much silence; absent: none. */
  | { readonly kind: 'set-keepalive'; readonly remote: Endpoint; readonly everyMs?: Duration }
  /** Which network does this path lead into, and what is known of it? Answered by `network-recalled`. */
  | { readonly kind: 'recall-network'; readonly path: PathId; readonly candidate: PathCandidate }
  | {
      readonly kind: 'remember-network';
      readonly network: string;
      readonly remote: IpAddress;
      readonly lore: NetworkLore;
    }
  /** A socket beside the transport, for IKE_SA_INIT to another address; answered by `scout-opened`. */
  | {
      readonly kind: 'open-scout';
      readonly scout: number;
      readonly remote: IpAddress;
      readonly via?: PathCandidate;
    }
  | {
      readonly kind: 'scout-transmit';
      readonly scout: number;
      readonly octets: Uint8Array;
      readonly to: Endpoint;
    }
  /** Ask these name servers, which lie behind the gateway, anything: what they answer shows that packets come back. */
  | { readonly kind: 'knock'; readonly servers: readonly IpAddress[] }
  | { readonly kind: 'close-scout'; readonly scout: number }
  /** `gateway`: the one of the profile that the answer is about. After `until` nobody waits for the answer any more. */
  | {
      readonly kind: 'ask';
      readonly id: number;
      readonly ask: IkeAsk;
      readonly gateway: string;
      readonly until?: Instant;
    }
  /** `standby`: send nothing on it before `switch-outbound`. Each one is answered by `child-installed`. */
  | {
      readonly kind: 'install-child';
      readonly child: ChildSaParameters;
      readonly remote: Endpoint;
      readonly standby: boolean;
      /** Which pair of workers is to have it. */
      readonly pair: number;
    }
  /** Send on this CHILD SA from now on. */
  | { readonly kind: 'switch-outbound'; readonly inboundSpi: Spi }
  | { readonly kind: 'remove-child'; readonly inboundSpi: Spi }
  /** Of a further pair of workers: send on others at once, and still take what comes in. */
  | { readonly kind: 'retire-child'; readonly inboundSpi: Spi }
  /** Forget its keys, and say `child-wanted` when a packet comes for it. */
  | { readonly kind: 'sleep-child'; readonly inboundSpi: Spi }
  /** Create the TUN device if there is none, attach it, bring the machine to the plan. */
  | { readonly kind: 'apply-network'; readonly plan: NetworkPlan; readonly change: PlanChange }
  | { readonly kind: 'undo-network' }
  | { readonly kind: 'close-transport' }
  | { readonly kind: 'state'; readonly state: TunnelState };

/** What a user is told. Each state holds just what is true in it. */
export type TunnelState =
  | { readonly kind: 'disconnected'; readonly lastFailure?: Failure }
  | { readonly kind: 'connecting'; readonly phase: ConnectingPhase }
  /** Told again whenever the details change. */
  | {
      readonly kind: 'connected';
      readonly connected: ConnectedDetails;
      /** Another login is under way beside it, which may ask for something. */
      readonly renewing?: true;
    }
  /** The connection was lost. Its routes still lead into the tunnel, and nothing comes out of it. */
  | { readonly kind: 'reconnecting'; readonly loss: LossDetails; readonly phase?: ConnectingPhase }
  | { readonly kind: 'disconnecting' };

/**
 * - new: no plan is in force
 * - same: this very plan is: only the new data plane needs the device
 * - replaced: another one is, and at no moment may neither of them hold
 */
export type PlanChange = 'new' | 'same' | 'replaced';

/** The steps of `up`, in order. The steps of the login itself come from the IKE engine. */
export type ConnectingPhase =
  | 'resolving'
  | Exclude<IkePhase, 'established' | 'closing'>
  | 'configuring-network';

export interface ConnectedDetails {
  readonly summary: IkeSummary;
  readonly config: AssignedConfig;
  readonly plan: NetworkPlan;
  /** The CHILD SA that sends. */
  readonly child: { readonly inbound: { readonly spi: Spi }; readonly outbound: { readonly spi: Spi } };
  /** Nobody used it, and the next packet has another one made. */
  readonly asleepSince?: Instant;
  /** Packets go in and none comes out since then, though the gateway answers. */
  readonly oneWaySince?: Instant;
  readonly history: SaHistory;
  /** The CHILD SA of each pair of workers. */
  readonly pairs: readonly {
    readonly pair: number;
    readonly inbound: { readonly spi: Spi };
    readonly outbound: { readonly spi: Spi };
  }[];
  /** Why there are no CHILD SAs for further pairs of workers, when they were asked for. @rfc 9611 */
  readonly pairsRefused?: Failure;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** The gateway that sent us to this one. @rfc 5685 */
  readonly redirectedFrom?: string;
  readonly paths: PathsShown;
}

/** Of the paths to the gateway. */
export interface PathsShown {
  readonly state: PathState;
  readonly current: Path;
  /** Further ones by which the gateway has answered since the network changed last. */
  readonly others: readonly Path[];
  readonly measured: MeasuredMtu | undefined;
  /** Silence after which a NAT keepalive goes out; absent: none does. */
  readonly keepaliveMs: Duration | undefined;
  /** What is known of this network's NAT; absent: nothing is to be learnt of it. */
  readonly nat: Pick<NetworkLore, 'heldMs' | 'lostMs'> | undefined;
  /** It will be known again. */
  readonly rememberable: boolean;
}
