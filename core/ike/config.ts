import type { Endpoint, IpAddress, IpPrefix } from '../base/address.ts';
import type { Duration } from '../base/time.ts';
import type { CryptoProvider, Random } from '../crypto/interfaces.ts';
import type { SuiteProposal } from '../crypto/proposals.ts';
import type { EapPeer } from '../eap/peer.ts';
import type { TrafficSelector } from '../wire/ike/payload.ts';
import type { LoginWay } from './login-way.ts';
import type { PpkTerms } from './ppk.ts';
import type { RedirectTarget } from './redirect-target.ts';

/** What one login needs to know. It does not change while the IKE SA lives. */
export interface IkeConfig {
  /** Our address and port as the first message leaves, and where it goes: NAT detection compares them. */
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** The gateway's port after IKE_SA_INIT. 4500 when absent. @rfc 7296 2.23 */
  readonly natTraversalPort?: number;
  /** IDi, where a round of the login has none of its own. */
  readonly localIdentity: IkeIdentity;
  /** Ways to log in, best first. EAP with a gateway that has a certificate when absent. */
  readonly logins?: readonly LoginWay[];
  /** A post-quantum pre-shared key to mix into the keys. The driver is asked for it. @rfc 8784 */
  readonly ppk?: PpkTerms;
  /** Sent as IDr to tell a gateway with several names which one we mean. Whether the answer fits is for the verdict. */
  readonly remoteIdentity?: IkeIdentity;
  /** SubjectPublicKeyInfo (DER) of the CAs that the profile trusts: CERTREQ names them. */
  readonly trustAnchors: readonly Uint8Array[];
  /** What else the gateway is asked for with its certificate. */
  readonly certificateWishes?: CertificateWishes;
  /** In order of preference; the first group of the first proposal is tried first. */
  readonly ikeProposals: readonly SuiteProposal[];
  readonly espProposals: readonly SuiteProposal[];
  /** The networks behind the gateway that we ask for; empty asks for everything. */
  readonly remoteNetworks: readonly IpPrefix[];
  /** CHILD SAs with selectors of their own, in place of one for `remoteNetworks`; the first comes with the login. */
  readonly children?: readonly ChildWish[];
  /**
   * How many CHILD SAs with the same selectors we have use for. `unannounced`: ask for them even if the gateway did not say that it knows
   * of such. Absent: one. @rfc 9611
   */
  readonly resources?: { readonly most: number; readonly unannounced: boolean };
  /** Log in without a CHILD SA where the gateway can do that; the first one then has a key exchange of its own. @rfc 6023 */
  readonly childless?: boolean;
  /** Inner addresses to ask for, as of an earlier login; at most one of each family. The gateway may give others. */
  readonly wantedAddresses?: readonly IpAddress[];
  /** Follow a gateway that sends us to another one; `from`: one did so just now. Absent: refuse. @rfc 5685 */
  readonly redirects?: { readonly from?: RedirectTarget };
  /**
   * Tell the gateway to forget every other connection of this identity. Off unless a profile says so: the same user may be
   * connected from another computer, which this would cut off. @rfc 7296 2.4
   */
  readonly initialContact?: boolean;
  /** Accept RSA signatures over SHA-1 (method 1), which some old gateways make, and make them where such a one wants them. Off unless a profile says so. */
  readonly acceptSha1Signatures?: boolean;
  /** False: neither ask for MOBIKE nor use it. @rfc 4555 */
  readonly mobike?: boolean;
  /** Our addresses beside `local`, which the gateway may try when that one dies. Told to one with MOBIKE. @rfc 4555 3.4 */
  readonly additionalAddresses?: readonly IpAddress[];
  /** False: log in, and move, only where no NAT changes our packets; the gateway checks that. @rfc 4555 3.9 */
  readonly natsAllowed?: boolean;
  /** After this silence of an established peer a liveness check goes out. 10 s when absent. */
  readonly livenessMs?: Duration;
  /** From a CHILD SA's installation to its hard end; it is rekeyed up to 6 minutes (or the last half) before. 1 h when absent. */
  readonly childLifetimeMs?: Duration;
  /** The same for the IKE SA. 4 h when absent. */
  readonly ikeLifetimeMs?: Duration;
  /** A CHILD SA that carried nothing for so long is dropped: it sleeps until a packet wants it, or (`close`) the connection ends. */
  readonly inactivityMs?: Duration;
  readonly whenInactive?: 'sleep' | 'close';
  /** The first rekey of the CHILD SA comes so early, as a test. 30 s after the login when absent. */
  readonly earlyRekeyMs?: Duration | 'off';
  /** How long a replaced CHILD SA still takes late packets after its DELETE. 3 s when absent. */
  readonly lingerMs?: Duration;
}

/** What one CHILD SA is to carry between us and the networks behind the gateway. */
export interface ChildWish {
  /** On the gateway's side. Not empty. */
  readonly remote: readonly TrafficSelector[];
}

export interface CertificateWishes {
  /** A certificate of whatever CA: CERTREQ names none. */
  readonly anyAuthority?: boolean;
  /** What OCSP responders say of its certificate. @rfc 4806 */
  readonly ocsp?: boolean;
  /** Its public key without a certificate. @rfc 7670 3 */
  readonly rawKeys?: boolean;
  /** It may name certificates by their addresses, which the driver fetches. @rfc 7296 3.6 */
  readonly lookups?: boolean;
}

/** An IKE identity: type and data of an ID payload. @rfc 7296 3.5 */
export interface IkeIdentity {
  readonly type: number;
  readonly data: Uint8Array;
}

export interface IkeDependencies {
  readonly crypto: CryptoProvider;
  readonly random: Random;
  /** A fresh EAP peer for one round of a login; called once a round. */
  readonly createEapPeer: (run: EapRun) => EapPeer;
}

/** For which round an EAP peer is. */
export interface EapRun {
  /** The number of the way in `logins`, and of the round in it. */
  readonly way: number;
  readonly round: number;
  /**
   * False: nothing but EAP will prove the gateway, so the peer must take none but methods that prove the server, make a key, and
   * tell an impostor nothing about the password. @rfc 5998 4
   */
  readonly gatewayProven: boolean;
}
