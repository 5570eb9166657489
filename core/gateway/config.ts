import type { IpAddress, IpPrefix } from '../base/address.ts';
import type { Secret } from '../base/secret.ts';
import type { Duration } from '../base/time.ts';
import type { CryptoProvider, Random, SignatureScheme, Signer } from '../crypto/interfaces.ts';
import type { SuiteProposal } from '../crypto/proposals.ts';
import type { IkeIdentity } from '../ike/config.ts';
import type { GatewayLogin } from './login-terms.ts';

/** What the gateway is and whom it lets in. It does not change while the gateway runs. */
export interface GatewayConfig {
  /** Its address as clients reach it. Absent: NAT detection then tells every client to encapsulate. */
  readonly address?: IpAddress;
  /** Sent as IDr; the certificate must have it as a subject alternative name. */
  readonly identity: IkeIdentity;
  /** DER, the gateway's own first, then intermediates. */
  readonly certificates: readonly Uint8Array[];
  /** What OCSP responders say of them (DER): for clients that ask. None when absent. @rfc 4806 */
  readonly ocspResponses?: readonly Uint8Array[];
  readonly signature: GatewaySignature;
  /** What it accepts, best first: its own order decides. */
  readonly ikeProposals: readonly SuiteProposal[];
  readonly espProposals: readonly SuiteProposal[];
  /**
   * The groups for the key exchange of a new or rekeyed CHILD SA, best first; 0 (NONE) allows it to do without, 0 alone
   * demands that. Absent: every common group, or none.
   */
  readonly childKeyExchanges?: readonly number[];
  /** What the two sides prove themselves with. Absent: `usualLogin`. */
  readonly login?: GatewayLogin;
  /** By user name, as the client sends it in EAP. */
  readonly users: ReadonlyMap<string, Secret>;
  /** Inner addresses, at most one prefix of each family; network, broadcast and first address are left out. */
  readonly pools: readonly IpPrefix[];
  /** Where clients may go; their selectors are narrowed to it. */
  readonly networks: readonly IpPrefix[];
  readonly dnsServers: readonly IpAddress[];
  readonly dnsDomains: readonly string[];
  /** Demand a cookie never, always, or from so many half-open SAs on. 32 when absent. @rfc 7296 2.6 */
  readonly cookies?: 'never' | 'always' | number;
  /** IKE SAs that have not logged in yet, and those that have. Absent: the bounds of `limits`. */
  readonly maxHalfOpen?: number;
  readonly maxClients?: number;
  /** After this silence of a client a liveness check goes out. Absent: never. */
  readonly livenessMs?: Duration;
  /**
   * Offers MOBIKE to clients that do: such a client says itself when its address changes, and is followed then alone. Off when
   * absent: every client is followed by what it sends. @rfc 4555
   */
  readonly mobike?: boolean;
  /** False: it neither takes nor sends fragments. @rfc 7383 */
  readonly fragmentation?: boolean;
  /**
   * How many CHILD SAs with the same selectors a client may have that knows RFC 9611. Absent: the gateway does not know it, and takes
   * as many as there is room for. @rfc 9611
   */
  readonly resources?: number;
  /** The gateway itself replaces a CHILD SA, or the IKE SA, of this age. Absent: it leaves that to the client. */
  readonly rekeyChildMs?: Duration;
  readonly rekeyIkeMs?: Duration;
  /** Wait before the next attempt after TEMPORARY_FAILURE; up to twice as long, at random. 5 s when absent. @rfc 7296 2.25 */
  readonly rekeyRetryMs?: Duration;
  /** The client must log in anew within this time, is told so by AUTH_LIFETIME, and is cut off after it. @rfc 4478 */
  readonly authLifetimeMs?: Duration;
  /** Where clients that know REDIRECT are sent to in IKE_SA_INIT: an address or a domain name. @rfc 5685 */
  readonly redirectTo?: IpAddress | string;
  /**
   * Answers requests for IKE SAs that it does not know with INVALID_IKE_SPI, unprotected and not often, as after a restart.
   * Off when absent. @rfc 7296 2.21.4
   */
  readonly answerUnknownSpis?: boolean;
  readonly habits?: GatewayHabits;
}

/**
 * How the gateway signs. `classic` uses the methods of RFC 7296 and RFC 4754 (RSA with PKCS#1, ECDSA as r || s) even with a
 * client that knows RFC 7427; a client that doesn't always gets them. Method 1 (RSA) has no way to name its hash: clients may
 * know SHA-1 alone there, as strongSwan does.
 */
export interface GatewaySignature {
  readonly scheme: SignatureScheme;
  readonly classic?: boolean;
}

export interface GatewayDependencies {
  readonly crypto: CryptoProvider;
  readonly random: Random;
  /** The private key of the first certificate. */
  readonly signer: Signer;
}

/** Ways to fail on purpose, for the tests of the other side. None is on by default. */
export interface GatewayHabits {
  /** Sends nothing at all. */
  readonly silent?: boolean;
  /** Sends nothing after IKE_SA_INIT. */
  readonly silentAfterInit?: boolean;
  /** Sends nothing after the first IKE_AUTH response. */
  readonly silentInEap?: boolean;
  /** Sends nothing once a client is in. */
  readonly silentWhenEstablished?: boolean;
  /** Refuses every IKE proposal. */
  readonly noCommonProposal?: boolean;
  /** Refuses every ESP proposal. */
  readonly noCommonEspProposal?: boolean;
  /** Chooses an IKE cipher that was not offered. */
  readonly unofferedChoice?: boolean;
  /** Refuses all traffic selectors. */
  readonly refuseSelectors?: boolean;
  /** Answers selectors that were never asked for. */
  readonly widenSelectors?: boolean;
  /** Has no inner address left. */
  readonly noAddress?: boolean;
  /** Sends no CERT payload. */
  readonly noCertificate?: boolean;
  /** Its signature is one bit off. */
  readonly wrongAuthSignature?: boolean;
  /** Its AUTH from the MSK is one bit off. */
  readonly wrongEapAuth?: boolean;
  /** Does not know the password: the authenticator response of MSCHAPv2 is wrong. */
  readonly wrongEapProof?: boolean;
  /** Sends EAP-Success right after the identity. */
  readonly earlyEapSuccess?: boolean;
  /** Wants this EAP type and no other, e.g. 13 for EAP-TLS. */
  readonly insistOnEapType?: number;
  /** Answers a right password with this error code of MSCHAPv2, e.g. 648 for an expired one. */
  readonly accountError?: number;
  /** Asks for no EAP-Identity: takes the user name from MSCHAPv2. */
  readonly skipEapIdentity?: boolean;
  /**
   * The first octet of its nonces in CREATE_CHILD_SA requests; in answers it is 255 less this. So 0 loses collisions and 255
   * wins them, unless a nonce of the client begins with 0.
   */
  readonly rekeyNonceFirstOctet?: number;
  /** Answers every CREATE_CHILD_SA with this error notify, e.g. 14 for NO_PROPOSAL_CHOSEN. */
  readonly refuseRekey?: number;
  /** Answers the first CREATE_CHILD_SA of each client with TEMPORARY_FAILURE. */
  readonly temporaryFailureOnce?: boolean;
  /** Answers every CREATE_CHILD_SA with NO_ADDITIONAL_SAS, as gateways that can't rekey do. */
  readonly noAdditionalSas?: boolean;
  /** Takes a further CHILD SA with the same selectors for a replacement, and deletes the one before. */
  readonly oneChildOnly?: boolean;
  /** Does not answer CREATE_CHILD_SA. */
  readonly silentInRekey?: boolean;
  /** Deletes an SA that it has replaced itself only after this time. */
  readonly deleteOldLateMs?: Duration;
  /** Sends this unauthenticated error notify in front of the answer to IKE_SA_INIT, as a spoofer on the path would. */
  readonly spoofedErrorNotify?: number;
}
