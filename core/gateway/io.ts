import type { Endpoint, IpPrefix } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import type { Instant } from '../base/time.ts';
import type { ChildSaParameters, IkePort } from '../ike/io.ts';
import type { Spi } from '../wire/ike/payload.ts';

/**
 * A small IKEv2 responder: the demo's embedded gateway, the simulator's peer, the bench's far end. Sans-IO: whoever drives
 * it hands in datagrams and time, drains `poll()` until it is `undefined`, and calls `timeout` at `nextWakeup()`.
 */
export interface Gateway {
  /** One UDP payload without the non-ESP marker. Never throws; what is wrong is dropped and counted. */
  handle(datagram: Uint8Array, from: Endpoint, via: IkePort, now: Instant): void;
  timeout(now: Instant): void;
  /** Deletes one client's IKE SA, and says so to the client. False when there is no such client. */
  disconnect(client: ClientId, now: Instant): boolean;
  /** Replaces every CHILD SA, or the IKE SA, of a client as soon as its turn comes. False when there is no such client. */
  rekey(client: ClientId, what: RekeyTarget, now: Instant): boolean;
  /** The client's first packet came in on this CHILD SA: it has it, so the gateway may send on it too. @rfc 7296 2.8 */
  childUsed(inboundSpi: Spi, now: Instant): void;
  poll(): GatewayOutput | undefined;
  nextWakeup(): Instant | undefined;
  readonly counters: GatewayCounters;
}

/** Names one logged-in client, unique for the life of the gateway. */
export type ClientId = number;

/** One ordered queue, as the engine's: a CHILD SA is installed before the message that lets the client use it. */
export type GatewayOutput =
  | { readonly kind: 'transmit'; readonly octets: Uint8Array; readonly to: Endpoint; readonly via: IkePort }
  /** `remote`: where ESP goes until a valid packet comes from elsewhere. Seen from the gateway: `inbound` comes from the client. */
  | {
      readonly kind: 'child-install';
      readonly client: ClientId;
      readonly child: ChildSaParameters;
      readonly remote: Endpoint;
      /** Nothing is sent on it before `child-switch-outbound`. Absent: it takes over at once from older ones. */
      readonly outbound?: 'standby';
      /** Which of several with the same selectors it is; one that replaces another has its number. */
      readonly resource: number;
    }
  /** Send on this CHILD SA from now on, in place of older ones of this client with the same selectors. @rfc 7296 2.8 */
  | { readonly kind: 'child-switch-outbound'; readonly client: ClientId; readonly inboundSpi: Spi }
  | { readonly kind: 'child-remove'; readonly client: ClientId; readonly inboundSpi: Spi }
  | { readonly kind: 'client-up'; readonly client: ClientId; readonly summary: ClientSummary }
  /** An SA was replaced by a new one, and its keys are in use. */
  | {
      readonly kind: 'rekeyed';
      readonly client: ClientId;
      readonly what: RekeyTarget;
      readonly by: 'client' | 'gateway';
    }
  /** An attempt of the gateway's own came to nothing. `notify`: what the client answered. */
  | {
      readonly kind: 'rekey-failed';
      readonly client: ClientId;
      readonly what: RekeyTarget;
      readonly notify?: number;
    }
  /** An authenticated message came from another address: the client's NAT or network changed. @rfc 7296 2.23 */
  | { readonly kind: 'client-moved'; readonly client: ClientId; readonly remote: Endpoint }
  | {
      readonly kind: 'client-down';
      readonly client: ClientId;
      readonly user: string;
      readonly reason: DownReason;
    }
  /** A login that ended before it stood. */
  | { readonly kind: 'login-failed'; readonly user?: string; readonly error: Failure };

export type RekeyTarget = 'child' | 'ike';

/** `expired`: AUTH_LIFETIME is over. */
export type DownReason = 'client' | 'gateway' | 'dead' | 'replaced' | 'expired';

export interface ClientSummary {
  readonly user: string;
  readonly endpoint: Endpoint;
  /** Inner addresses: /32 and /128. */
  readonly addresses: readonly IpPrefix[];
  /** In strongSwan's notation. */
  readonly ikeProposal: string;
  readonly espProposal?: string;
  /** The client's own hashes say that it is behind a NAT (or it wants encapsulation). */
  readonly natDetected: boolean;
}

export interface GatewayCounters {
  readonly halfOpen: number;
  readonly clients: number;
  /** Datagrams dropped, by cause. */
  readonly drops: Readonly<Record<GatewayDrop, number>>;
}

export type GatewayDrop =
  | 'malformed'
  | 'unknown-spi'
  | 'integrity'
  | 'out-of-order'
  | 'unexpected'
  | 'full'
  | 'no-cookie';
