import type { Endpoint, IpAddress, IpPrefix } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import type { Duration, Instant } from '../base/time.ts';
import type { Weakness } from '../base/weaknesses.ts';
import type { PacketCipher, PacketCipherKey, SignatureScheme } from '../crypto/interfaces.ts';
import type { TlsRequest, TlsResult } from '../crypto/tls.ts';
import type { EapQuestion } from '../eap/method.ts';
import type { CertificateLookup } from '../pki/judge-server.ts';
import type { Spi } from '../wire/ike/payload.ts';
import type { SelectorPair } from '../wire/ike/selector-pair.ts';
import type { RedirectTarget } from './redirect-target.ts';

/**
 * What goes into the engine and what comes out of it. Both are values; whoever drives the engine owns sockets, clock
 * and randomness. The driver calls `handle(input, now)`, then drains `poll()` until it is `undefined`, then sleeps
 * until `nextWakeup()` at the latest. The order of the outputs is the protocol: an inbound SA is installed before
 * the message that lets the peer use it.
 */
export type IkeInput =
  /** One UDP payload without the non-ESP marker. `via` is the gateway's port that it came from. The engine may keep it. */
  | {
      readonly kind: 'datagram';
      readonly octets: Uint8Array;
      readonly via: IkePort;
      /** By which path and from where it came, when the driver has several. */
      readonly path?: PathId;
      readonly from?: Endpoint;
    }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'command'; readonly command: IkeCommand }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: IkeAnswer };

/** Which port of the gateway: 500 (no marker), or 4500 where the driver adds and strips the non-ESP marker. @rfc 3948 2.2 */
export type IkePort = 'ike' | 'nat-traversal';

/** A way to the gateway, as the driver numbers them: a socket of one interface, and one address of the gateway. */
export type PathId = number;

export type IkeCommand =
  | { readonly kind: 'connect' }
  /** Proves that the peer lives: an INFORMATIONAL request. `urgent`: somebody waits for traffic that does not come. */
  | { readonly kind: 'probe'; readonly urgent?: true }
  /**
   * The network changed, and packets to the gateway leave from `local` now. A peer with MOBIKE is told, unless that is where
   * they left from before; then, and without MOBIKE, it is a probe. @rfc 4555 3.5
   */
  | {
      readonly kind: 'roam';
      readonly local: Endpoint;
      /** Where packets go to from now on. Default: where they went before. Its port is that of everything after IKE_SA_INIT. */
      readonly remote?: Endpoint;
      /** Our other addresses, which the gateway may try when this one dies. @rfc 4555 3.6 */
      readonly additional?: readonly IpAddress[];
    }
  /**
   * The network changed: what waits for an answer goes out again at once, else a liveness check, on all these paths. `proven` says
   * which of them answers first.
   */
  | { readonly kind: 'race'; readonly paths: readonly PathId[] }
  /** Finds out whether one more path works, without leaving the one in use; answered by `path-checked`. */
  | { readonly kind: 'check-path'; readonly path: PathId }
  /** Finds out whether an IP packet of so many octets gets to the gateway in one piece; answered by `path-size`. */
  | { readonly kind: 'probe-size'; readonly octets: number }
  /** Authenticated ESP came in at `at`: as good a proof of life as an answered probe. @rfc 7296 2.4 */
  | { readonly kind: 'traffic-seen'; readonly at: Instant }
  /**
   * The data plane says that a CHILD SA has carried so much that it should be replaced. By time the engine does so itself.
   * An SPI that is no longer in use changes nothing.
   */
  | { readonly kind: 'rekey-child'; readonly inboundSpi: Spi }
  /** The data plane has more to carry than one thread should: copies of the CHILD SAs would help. @rfc 9611 */
  | { readonly kind: 'widen' }
  /** The peer's first packet came in on this CHILD SA: it has installed it, so we may send on it too. @rfc 7296 2.8 */
  | { readonly kind: 'child-used'; readonly inboundSpi: Spi }
  /** This CHILD SA last carried a packet at `at`. */
  | { readonly kind: 'child-carried'; readonly inboundSpi: Spi; readonly at: Instant }
  /** A packet wants to leave by a CHILD SA that sleeps. */
  | { readonly kind: 'wake-child'; readonly inboundSpi: Spi }
  | { readonly kind: 'disconnect' }
  /** The transport is gone: ends at once, with keys wiped and not a word to the gateway. */
  | { readonly kind: 'abandon' };

/** What the engine asks of its driver. Each ask has an `id`; its answer may come at any later time. */
export type IkeAsk =
  /** Something that only the user `identity` knows. The gateway waits for as long as it likes, often half a minute. */
  | { readonly kind: 'credential'; readonly identity: string; readonly question: EapQuestion }
  /** One step of TLS inside of EAP. The driver owns the TLS, and judges the login server's certificate before it goes on. */
  | {
      readonly kind: 'tls-step';
      readonly request: TlsRequest;
      /** Whose login server it is: the number of the way in the configuration, and of the round in it. */
      readonly way: number;
      readonly round: number;
    }
  /** The pre-shared key of `identity`, or the PPK of this name. Answered by a `credential`. */
  | { readonly kind: 'shared-secret'; readonly use: 'psk' | 'ppk'; readonly identity: string }
  /**
   * A signature by the private key of `spki` (SubjectPublicKeyInfo, DER), which may live on a token. `octets` is what is to be
   * signed, not its hash, and belongs to the driver.
   */
  | {
      readonly kind: 'signature';
      readonly spki: Uint8Array;
      readonly scheme: SignatureScheme;
      readonly octets: Uint8Array;
    }
  | {
      readonly kind: 'certificate-verdict';
      /** DER, the gateway's own certificate first. */
      readonly chain: readonly Uint8Array[];
      /** Certificates between those of `chain` that would have to be fetched. @rfc 7296 3.6 */
      readonly lookups: readonly CertificateLookup[];
      /** OCSP responses (DER) that came along. @rfc 4806 */
      readonly ocspResponses: readonly Uint8Array[];
      /** The identity that the gateway claims (IDr), and what it must match. */
      readonly claimed: { readonly type: number; readonly data: Uint8Array };
    };

export type IkeAnswer =
  /** The engine takes a copy before `handle` returns. */
  | { readonly kind: 'credential'; readonly secret: Secret }
  | { readonly kind: 'signature'; readonly signature: Uint8Array }
  /** The engine owns the octets. */
  | { readonly kind: 'tls-step'; readonly result: TlsResult }
  /**
   * `spki`: the SubjectPublicKeyInfo (DER) of the certificate that was found good. `names`: what it says its holder is called,
   * for people.
   */
  | {
      readonly kind: 'certificate-verdict';
      readonly verdict:
        | { readonly ok: true; readonly spki: Uint8Array; readonly names?: readonly string[] }
        | { readonly ok: false; readonly error: Failure };
    }
  | { readonly kind: 'refused'; readonly error: Failure };

export type IkeOutput =
  | ({ readonly kind: 'transmit'; readonly octets: Uint8Array; readonly via: IkePort } & IkeRoute)
  | { readonly kind: 'ask'; readonly id: number; readonly ask: IkeAsk }
  | { readonly kind: 'phase'; readonly phase: IkePhase }
  /**
   * Install both directions of a CHILD SA; the inbound one first. With `outbound: 'standby'` nothing is sent on it before
   * `child-switch-outbound`: its peer may not have it yet. Without `outbound` it takes over at once from older ones.
   */
  | {
      readonly kind: 'child-install';
      readonly child: ChildSaParameters;
      readonly outbound?: 'standby';
      /** Which of the wishes in the configuration it fulfils; absent for one that the peer asked for. */
      readonly wish?: number;
      /** It is a copy for this resource, from 1 on. Absent: 0, the one that is always there. @rfc 9611 */
      readonly resource?: number;
    }
  /** Send on this CHILD SA from now on, in place of the older one with the same selectors. @rfc 7296 2.8 */
  | { readonly kind: 'child-switch-outbound'; readonly inboundSpi: Spi }
  | { readonly kind: 'child-remove'; readonly inboundSpi: Spi }
  /** Nobody used it, so it is being deleted: nothing is sent or taken on it any more, and a packet for it is answered by `wake-child`. */
  | { readonly kind: 'child-sleep'; readonly inboundSpi: Spi }
  /** A CHILD SA or the IKE SA was replaced: what the user is shown of it. */
  | { readonly kind: 'rekeyed'; readonly what: 'ike' | 'child'; readonly summary: IkeSummary }
  /** Replacing an SA failed; the connection goes on with the old one while it may. */
  | { readonly kind: 'rekey-failed'; readonly what: 'ike' | 'child'; readonly error: Failure }
  /** One of the CHILD SAs that we wish for is not to be had; the others carry on. */
  | { readonly kind: 'child-refused'; readonly wish: number; readonly error: Failure }
  /** The gateway wants no further copies of CHILD SAs; those that stand carry on. @rfc 9611 3.2 */
  | { readonly kind: 'resource-refused'; readonly error: Failure }
  /** The gateway follows us to another address, or to another one that a NAT gave us; `local`: as our packets leave. @rfc 4555 */
  | { readonly kind: 'roamed'; readonly local: Endpoint; readonly summary: IkeSummary }
  /** The gateway has named its other addresses anew. */
  | { readonly kind: 'peer-addresses'; readonly summary: IkeSummary }
  | { readonly kind: 'config-assigned'; readonly config: AssignedConfig }
  /** The gateway wants to see a fresh login, over a new IKE SA, within so many milliseconds. @rfc 4478 */
  | { readonly kind: 'auth-lifetime'; readonly lifetimeMs: Duration }
  /**
   * The gateway sends us to another one. During the login the end follows; later the IKE SA stays until we leave it.
   * @rfc 5685 */
  | { readonly kind: 'redirect'; readonly to: RedirectTarget }
  /** The IKE SA and its first CHILD SA stand. */
  | { readonly kind: 'established'; readonly summary: IkeSummary }
  /** A round trip was proven: the peer answered an authenticated request, and the answer came by `path`. */
  | { readonly kind: 'proven'; readonly path?: PathId }
  /** `before`: the peer sees us at the same address and port as the last time that it said so. @rfc 4555 3.8 */
  | { readonly kind: 'seen-as'; readonly before: boolean }
  /** An established peer leaves a request unanswered for longer than an answer takes; it has been sent again. */
  | { readonly kind: 'unanswered' }
  /** `works`: the answer to `check-path` came by that path. */
  | { readonly kind: 'path-checked'; readonly path: PathId; readonly works: boolean }
  /**
   * `proves`: the packet's true size, a few octets less where the cipher has blocks; absent: the same.
   * `fits`: an IP packet of `octets` reached the gateway in one piece. That is our direction alone: an answer of the same size
   * would have to be asked for, and only Godwit's own gateway knows how.
   */
  | { readonly kind: 'path-size'; readonly octets: number; readonly fits: boolean; readonly proves?: number }
  /** The end. Nothing follows, no timer runs, all keys are wiped. `error` is absent after our own disconnect. */
  | { readonly kind: 'closed'; readonly error?: Failure };

/** How an IKE datagram is to leave. */
export interface IkeRoute {
  /** One copy on each of these; absent: on the one in use. A path that is gone loses it. */
  readonly paths?: readonly PathId[];
  /** It must arrive in one piece or not at all. */
  readonly dontFragment?: true;
}

/** The steps of a login as a user may watch them, in order. */
export type IkePhase =
  | 'init'
  | 'authenticating-gateway'
  | 'logging-in'
  | 'requesting-address'
  | 'established'
  | 'closing';

export interface ChildSaParameters {
  readonly inbound: EspSaParameters;
  readonly outbound: EspSaParameters;
  /** Inner addresses that packets may have: `local` on our side, `remote` behind the gateway. */
  readonly selectors: SelectorPair;
}

export interface EspSaParameters {
  readonly spi: Spi;
  readonly cipher: PacketCipher;
  readonly key: PacketCipherKey;
  /** Extended sequence numbers. Default: false. @rfc 4304 */
  readonly esn?: boolean;
}

/** What the gateway's configuration payload gave, checked and bounded. @rfc 7296 3.15 */
export interface AssignedConfig {
  readonly addresses: readonly IpPrefix[];
  readonly dnsServers: readonly IpAddress[];
  readonly subnets: readonly IpPrefix[];
  readonly dnsDomains: readonly string[];
  readonly applicationVersion?: string;
}

export interface IkeSummary {
  readonly initiatorSpi: string;
  readonly responderSpi: string;
  /** In strongSwan's notation, e.g. `aes256gcm16-prfsha384-ecp256`, `aes256gcm16`. */
  readonly ikeProposal: string;
  readonly espProposal: string;
  readonly natDetected: { readonly local: boolean; readonly remote: boolean };
  /** The connection outlives a change of our address. @rfc 4555 */
  readonly mobike: boolean;
  /** Other addresses that the gateway says it has. */
  readonly peerAddresses: readonly IpAddress[];
  readonly remoteIdentity: string;
  /** What the gateway's certificate says it is called; empty when it has none. */
  readonly remoteNames: readonly string[];
  readonly remoteAuthentication: string;
  /** All rounds, e.g. `ECDSA P-256 with SHA-256, then EAP-MSCHAPv2`. */
  readonly localAuthentication: string;
  /** A post-quantum pre-shared key is in the keys. @rfc 8784 */
  readonly ppk: boolean;
  readonly weaknesses: readonly Weakness[];
}
