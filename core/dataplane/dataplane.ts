import type { Endpoint } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import type { Instant } from '../base/time.ts';
import type { PacketCipher, PacketCipherKey } from '../crypto/interfaces.ts';
import type { Spi } from '../wire/ike/payload.ts';
import type { SelectorPair } from '../wire/ike/selector-pair.ts';

/**
 * The control thread's handle on the data plane: two workers, one per direction, that share one TUN device and one UDP
 * socket for each path to the gateway; path 0 is the socket that it was opened with. Further pairs of workers start with the first
 * CHILD SA for them, take their share of the flows, and end with the last one. Commands are acknowledged: when the promise settles, the worker has done it. After a failure (reported
 * once by `onFailure`) and after `close` commands settle at once and do nothing.
 */
export interface Dataplane {
  /** Hands over an open TUN device, which does not block. Packets flow once a child is installed. */
  attachTun(tun: TunDescriptor): Promise<void>;
  /**
   * Installs the inbound SA, then the outbound one. The keys are wiped by the data plane when it has them. Of
   * several children whose selectors take a packet, the one installed or switched to last sends it.
   */
  installChild(child: DataplaneChild): Promise<void>;
  /**
   * Sends on this child from now on, before all others that take a packet; for one that was installed with `standby`.
   * Packets keep their order: what was read before left on the old child. An unknown SPI is no error. @rfc 7296 2.8
   */
  switchOutbound(inboundSpi: Spi): Promise<void>;
  /** Removes the outbound SA, then the inbound one. An unknown SPI is no error. */
  removeChild(inboundSpi: Spi): Promise<void>;
  /**
   * Forgets the keys of both SAs, but not for whom it was: the first packet that nothing else takes and that it would have taken
   * is kept until there is a child for it, and `onWanted` tells. `removeChild` ends that. An unknown SPI is no error.
   */
  sleepChild(inboundSpi: Spi): Promise<void>;
  /** Packets go by other children at once; what comes in is still taken. For a child of a further pair, and else no error. */
  retireChild(inboundSpi: Spi): Promise<void>;
  /** How many packets each child has carried, both directions together, by inbound SPI. */
  carried(): ReadonlyMap<Spi, number>;
  /** Sends the child's ESP elsewhere from now on. An unknown SPI is no error. */
  setRemote(inboundSpi: Spi, remote: Endpoint): Promise<void>;
  /** Takes over one more socket, by which the gateway may be reached; what comes in on it counts at once. Not path 0. */
  openPath(path: number, udpFd: number): Promise<void>;
  /** Closes the socket of a path that is not in use. An unknown path is no error. */
  closePath(path: number): Promise<void>;
  /** Sends all ESP, and keepalives, over this path from now on. The others are still heard. An unknown path is no error. */
  usePath(path: number, remote: Endpoint): Promise<void>;
  /**
   * Sends an IKE message; `marker` puts the non-ESP marker in front. An unknown path, or a socket that refuses, loses it as the
   * network might. @rfc 3948 2.2
   */
  sendIke(octets: Uint8Array, remote: Endpoint, marker: boolean, options?: SendOptions): void;
  /** The largest inner packet that fits: for the clamp on the TCP MSS in both directions, and for what is too big. */
  setMtu(mtu: number): Promise<void>;
  /** NAT keepalives to `remote` whenever nothing was sent for `everyMs`; `undefined` stops them. @rfc 3948 2.3 */
  setKeepalive(remote: Endpoint, everyMs: number | undefined): void;
  counters(): DataplaneCounters;
  /** What each pair of workers that runs has carried; pair 0 first. */
  pairCounters(): readonly PairCounters[];
  /** When anything was last sent on the path in use, ESP, IKE or a keepalive. */
  lastSent(): Instant | undefined;
  /** The last time that the gateway broke a silence of ours of some seconds, with an authentic packet that was no replay. */
  lastHeardInSilence(): HeardInSilence | undefined;
  /** `onTraffic` is told of the next packet that passes, in either direction. */
  awaitTraffic(): void;
  /** When the last authentic packet that was not a replay came in, on the system's clock. */
  lastInbound(): Instant | undefined;
  /** Stops all workers and closes all descriptors. Idempotent. */
  close(): Promise<void>;
}

export interface HeardInSilence {
  readonly at: Instant;
  /** How long nothing had been sent. */
  readonly afterMs: number;
}

export interface SendOptions {
  /** Default: the one in use. */
  readonly path?: number;
  /** Nobody on the way may cut the packet: one that is too big is lost. Default: false. */
  readonly dontFragment?: boolean;
}

export interface DataplaneEvents {
  /**
   * An IKE message came (the marker is stripped; `marker` says that it was there), by `path`. A copy, owned by the receiver.
   */
  readonly onIke: (octets: Uint8Array, from: Endpoint, marker: boolean, path: number) => void;
  /** A NAT keepalive has just left. */
  readonly onKeepalive?: () => void;
  /** A worker died or a descriptor failed: the data plane is unusable and must be closed. */
  readonly onFailure: (error: Failure) => void;
  /** The first authentic packet came in on this child: its peer sends on it. Told once. */
  readonly onFirstInbound?: (inboundSpi: Spi) => void;
  /** A packet came for this child, which sleeps. Told once. */
  readonly onWanted?: (inboundSpi: Spi) => void;
  /**
   * A child has carried as much as its `rekeyAfter` says, in one direction, or its sequence numbers come to their end:
   * told once. Told once more when they are used up: nothing can be sent on it any more. @rfc 4303 3.3.3
   */
  readonly onRekeyDue?: (inboundSpi: Spi) => void;
  /** There is more to carry than one pair of workers should, and processors are idle: CHILD SAs for further ones would help. May be told again. */
  readonly onBusy?: () => void;
  /** Once for each `awaitTraffic`. */
  readonly onTraffic?: () => void;
  /** The data plane followed a peer that moved (`followRemote`). */
  readonly onMoved?: (inboundSpi: Spi, remote: Endpoint) => void;
}

export interface TunDescriptor {
  readonly fd: number;
  readonly name: string;
  readonly mtu: number;
  /** The device was opened with IFF_VNET_HDR: each packet has a virtio_net_hdr of 10 octets in front. */
  readonly vnetHeader: boolean;
}

export interface DataplaneChild {
  readonly inbound: DataplaneSa;
  readonly outbound: DataplaneSa;
  readonly selectors: SelectorPair;
  /** Where ESP goes. */
  readonly remote: Endpoint;
  /**
   * The pair of workers that has it, below `limits.workerPairs`. Flows are shared among all children with the same selectors that send.
   * Default: 0, which also does the work of a pair that the system refuses.
   */
  readonly pair?: number;
  /** Nothing is sent on it before `switchOutbound`. Default: false, it takes over from older children at once. */
  readonly standby?: boolean;
  /** When `onRekeyDue` is told: packets or inner octets in either direction. Absent: only before the sequence numbers end. */
  readonly rekeyAfter?: { readonly packets: number; readonly octets: number };
  /**
   * Follow the peer: when authentic ESP with a new highest sequence number comes from another address or port, send
   * there from then on. For the side that is not behind the NAT. Default: false. @rfc 7296 2.23
   */
  readonly followRemote?: boolean;
}

export interface DataplaneSa {
  readonly spi: Spi;
  readonly cipher: PacketCipher;
  readonly key: PacketCipherKey;
  /** Extended sequence numbers of 64 bits. Default: false. @rfc 4303 2.2.1 */
  readonly esn?: boolean;
  /** The last sequence number that was used, for an SA that was in use before. Default: 0. */
  readonly sequence?: number;
}

/** Totals since the start. Packets are inner packets; octets are inner octets. */
export interface DataplaneCounters {
  readonly outbound: DirectionCounters;
  readonly inbound: DirectionCounters;
}

/** Of one pair of workers. */
export interface PairCounters extends DataplaneCounters {
  readonly pair: number;
}

export interface DirectionCounters {
  readonly packets: number;
  readonly octets: number;
  /** UDP datagrams on the outer side, ESP and keepalives. */
  readonly datagrams: number;
  /** Super-packets exchanged with the TUN device thanks to segmentation offload. */
  readonly merged: number;
  /** Packets too big for the tunnel whose senders were told so by an ICMP error of ours. */
  readonly answered: number;
  /** Packets dropped, by cause: the names are `dropCauses` in core/esp/drop-cause.ts; a cause without drops is absent. */
  readonly drops: Readonly<Record<string, number>>;
}

const none: DirectionCounters = { packets: 0, octets: 0, datagrams: 0, merged: 0, answered: 0, drops: {} };

/** Of a data plane that is not there. */
export const noCounters: DataplaneCounters = { outbound: none, inbound: none };
