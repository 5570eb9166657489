import type { MessagePort } from 'node:worker_threads';
import type { Endpoint } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import type { CipherShape, PacketCipherKey } from '../crypto/interfaces.ts';
import type { Spi } from '../wire/ike/payload.ts';
import type { SelectorPair } from '../wire/ike/selector-pair.ts';
import type { UseLimits } from './child-use.ts';
import type { SharedCells } from './counters.ts';

/** What a worker is started with. */
export interface WorkerStart {
  /** Commands come here; a worker that blocks in poll(2) drains it when `wakeFd` becomes readable. */
  readonly port: MessagePort;
  readonly wakeFd: number;
  readonly shared: SharedCells;
}

/** The first command of a worker that is to do something. */
export interface OpenCommand {
  readonly kind: 'open';
  /** The number of its pair. Pair 0 reads TUN device and sockets; the others get what is theirs from it. */
  readonly pair: number;
  /** Where packets come from, in place of TUN device or socket. */
  readonly lane?: SharedArrayBuffer;
  readonly udpFd: number;
  /** Send runs of datagrams as one message (UDP_SEGMENT). */
  readonly segmentation: boolean;
  /** Go on to rehearse as soon as there is a CHILD SA, while there is nothing else to do. */
  readonly rehearse: boolean;
}

/** One SA as it crosses to a worker: plain data. The worker wipes the key when the cipher has it. */
export interface SaCommand {
  readonly spi: Spi;
  readonly shape: CipherShape;
  readonly key: PacketCipherKey;
  readonly esn: boolean;
  /** The last sequence number that was used. */
  readonly sequence: number;
}

/** `child` names a child SA by its inbound SPI. */
export type WorkerCommand =
  | OpenCommand
  | {
      readonly kind: 'attach-tun';
      readonly fd: number;
      readonly mtu: number;
      readonly vnetHeader: boolean;
    }
  | {
      readonly kind: 'install';
      readonly child: Spi;
      readonly sa: SaCommand;
      readonly selectors: SelectorPair;
      readonly remote: Endpoint;
      readonly followRemote: boolean;
      readonly standby: boolean;
      readonly rekeyAfter: UseLimits | undefined;
      /** For `ChildUse`, which the control thread reads. */
      readonly use: SharedArrayBuffer;
    }
  /** For the outbound worker alone. */
  | { readonly kind: 'switch-outbound'; readonly child: Spi }
  | { readonly kind: 'remove'; readonly child: Spi }
  | { readonly kind: 'sleep'; readonly child: Spi }
  | { readonly kind: 'set-remote'; readonly child: Spi; readonly remote: Endpoint }
  /** For the inbound worker alone: take what comes in on one more socket, or on one less. */
  | { readonly kind: 'listen'; readonly path: number; readonly udpFd: number }
  | { readonly kind: 'unlisten'; readonly path: number }
  /** For the outbound worker alone: send all children's ESP on this socket, to this gateway address. */
  | { readonly kind: 'use-path'; readonly udpFd: number; readonly remote: Endpoint }
  /** For pair 0: what belongs to this pair goes there from now on; `wakeFd` is that worker's. */
  | {
      readonly kind: 'open-lane';
      readonly pair: number;
      readonly memory: SharedArrayBuffer;
      readonly wakeFd: number;
    }
  | { readonly kind: 'close-lane'; readonly pair: number }
  /** For the outbound worker of pair 0: whether flows go to further pairs. Before the first, and where `on` is false, all stay here. */
  | { readonly kind: 'spread'; readonly on: boolean }
  /** For pair 0: this pair has the CHILD SA. Inbound its packets are handed over; outbound it takes its share of the flows. */
  | {
      readonly kind: 'share';
      readonly child: Spi;
      readonly pair: number;
      readonly selectors: SelectorPair;
    }
  | { readonly kind: 'unshare'; readonly child: Spi }
  /** The largest inner packet. */
  | { readonly kind: 'set-mtu'; readonly mtu: number }
  | { readonly kind: 'stop' };

export interface CommandEnvelope {
  readonly id: number;
  readonly command: WorkerCommand;
}

/** What a worker tells the control thread. */
export type WorkerReport =
  | { readonly kind: 'done'; readonly id: number }
  | {
      readonly kind: 'ike';
      readonly octets: Uint8Array;
      readonly from: Endpoint;
      readonly marker: boolean;
      /** Of the socket that it came in on. */
      readonly path: number;
    }
  /** Authentic ESP of this child came from another address than ESP is sent to. */
  | { readonly kind: 'moved'; readonly child: Spi; readonly remote: Endpoint }
  /** The first authentic packet came in on this child. */
  | { readonly kind: 'first-inbound'; readonly child: Spi }
  /** A packet came for this child, which sleeps. */
  | { readonly kind: 'wanted'; readonly child: Spi }
  /** This child should be replaced: one direction of it has carried enough, or can't carry any more. */
  | { readonly kind: 'rekey-due'; readonly child: Spi; readonly usedUp: boolean }
  /** This worker has much to do. */
  | { readonly kind: 'busy' }
  /** A packet passed, as the control thread wanted to know. */
  | { readonly kind: 'traffic' }
  /** The worker can't go on; it has left its loop. */
  | { readonly kind: 'broken'; readonly error: Failure };
