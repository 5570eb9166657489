import type { Endpoint } from '../base/address.ts';
import type { PacketCipher, PacketCipherKey } from '../crypto/interfaces.ts';
import type { Spi, TrafficSelector } from '../wire/ike/payload.ts';

/**
 * The control thread's handle on the data plane: two workers, one per direction, that share one UDP socket and one
 * TUN device. Commands are acknowledged: when the promise settles, the worker has done it.
 */
export interface Dataplane {
  /** Hands over an open TUN device. Packets flow once a child is installed. */
  attachTun(tun: TunDescriptor): Promise<void>;
  /** Installs the inbound SA, then the outbound one. `child.key`s are wiped by the data plane when it has them. */
  installChild(child: DataplaneChild): Promise<void>;
  removeChild(inboundSpi: Spi): Promise<void>;
  /** Sends an IKE message on the same socket; `marker` puts the non-ESP marker in front. @rfc 3948 2.2 */
  sendIke(octets: Uint8Array, remote: Endpoint, marker: boolean): void;
  /** NAT keepalives to `remote` whenever nothing was sent for `everyMs`; `undefined` stops them. @rfc 3948 2.3 */
  setKeepalive(remote: Endpoint, everyMs: number | undefined): void;
  counters(): DataplaneCounters;
  /** Stops both workers and closes both descriptors. Idempotent. */
  close(): Promise<void>;
}

export interface DataplaneEvents {
  /** An IKE message came (the marker is stripped; `marker` says that it was there). A copy, owned by the receiver. */
  readonly onIke: (octets: Uint8Array, from: Endpoint, marker: boolean) => void;
  /** A worker died or a descriptor failed: the data plane is unusable and must be closed. */
  readonly onFailure: (error: import('../base/errors.ts').Failure) => void;
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
  readonly selectors: {
    readonly local: readonly TrafficSelector[];
    readonly remote: readonly TrafficSelector[];
  };
  /** Where ESP goes. */
  readonly remote: Endpoint;
}

export interface DataplaneSa {
  readonly spi: Spi;
  readonly cipher: PacketCipher;
  readonly key: PacketCipherKey;
}

/** Totals since the start. Packets are inner packets; octets are inner octets. */
export interface DataplaneCounters {
  readonly outbound: DirectionCounters;
  readonly inbound: DirectionCounters;
}

export interface DirectionCounters {
  readonly packets: number;
  readonly octets: number;
  /** Packets dropped, by cause, e.g. `replayed`, `bad-tag`, `unknown-spi`, `selector`, `malformed`, `queue-full`. */
  readonly drops: Readonly<Record<string, number>>;
}
