import type { IpAddress, IpPrefix } from '../base/address.ts';
import type { Duration } from '../base/time.ts';
import type { SuiteProposal } from '../crypto/proposals.ts';
import type { Pin } from '../pki/pin.ts';
import type { ProfileAuthentication } from './authentication/authentication.ts';
import type { ProfileLoginPlan } from './login-plan.ts';
import type { FileOrText, ProfileRevocation, ProfileTrust } from './trust.ts';

export type { ProfileAuthentication } from './authentication/authentication.ts';
export type { ProfileRevocation, ProfileTrust } from './trust.ts';

/** A profile that was read and checked, with its defaults filled in. Made by `parseProfile` alone. */
export interface Profile extends ProfileLoginPlan {
  /** What a user calls it. Printable text. */
  readonly name: string;
  readonly gateway: ProfileGateway;
  /** Others that serve as well, and how one is chosen. */
  readonly gateways: { readonly others: readonly string[]; readonly choose: 'in-order' | 'fastest' };
  /** What the gateway's certificate must say, and the IDr that is asked for. */
  readonly remoteIdentity: ProfileRemoteIdentity;
  /** IDi, as text: an address, a name, an e-mail address or anything else. `undefined`: what the user's certificate says. */
  readonly localIdentity: string | undefined;
  readonly authentication: ProfileAuthentication;
  readonly trust: ProfileTrust;
  /** Certificates or keys of which one must be there. */
  readonly pins: readonly Pin[];
  /** Public keys that the gateway may have without a certificate. */
  readonly publicKeys: FileOrText | undefined;
  readonly revocation: ProfileRevocation;
  /** Fetch certificates that the gateway names but does not send. */
  readonly fetchCertificates: boolean;
  /** Refuse a certificate that does not say that it is for a server. */
  readonly requireServerAuth: boolean;
  /** Take a gateway's AUTH signature over SHA-1, which is weak. */
  readonly allowSha1Signatures: boolean;
  /** Networks to ask for behind the gateway, with no host bits set. Both default routes: a full tunnel. */
  readonly remoteNetworks: readonly IpPrefix[];
  /** CHILD SAs with selectors of their own; `undefined`: one for all of `remoteNetworks`, which else holds theirs together. */
  readonly children: readonly ProfileChild[] | undefined;
  /** Log in without a CHILD SA where the gateway can. @rfc 6023 */
  readonly childless: boolean;
  /** Inner addresses to ask for, at most one of each family. */
  readonly requestedAddresses: readonly IpAddress[];
  /** True when `remoteNetworks` was not given or holds a default route. */
  readonly fullTunnel: boolean;
  /** To offer, best first; Godwit's own lists unless the profile has its own. */
  /** Route only the subnets that the gateway names, though its selectors allow more. @rfc 7296 3.15.1 */
  readonly onlyGatewaySubnets: boolean;
  readonly proposals: {
    readonly ike: readonly SuiteProposal[];
    readonly esp: readonly SuiteProposal[];
  };
  readonly dns: ProfileDns;
  /** Of the tunnel device, in octets of inner packet. */
  readonly mtu: number | 'auto';
  /** Pairs of workers that may share the traffic. @rfc 9611 */
  readonly workerPairs: number | 'auto';
  /** Silence of the gateway after which it is asked whether it lives. */
  readonly liveness: Duration;
  /** Lifetimes of SAs; `early` is from the login to the first rekey, which is a test. */
  readonly rekey: { readonly child: Duration; readonly ike: Duration; readonly early: Duration | 'off' };
  /** What follows when nothing has gone through for so long. */
  readonly inactivity: { readonly after: Duration; readonly action: 'sleep' | 'disconnect' } | undefined;
  /** A connection that is lost is made again, until the user ends it. */
  readonly reconnect: boolean;
  /** A gateway may send us to another one, which must prove to be the same. @rfc 5685 */
  readonly followRedirects: boolean;
  /** A NAT may stand between us and the gateway. @rfc 4555 3.9 */
  readonly allowNat: boolean;
  /** Silence of our own after which a NAT keepalive goes out; `auto`: behind a NAT, and as learnt of it. @rfc 3948 4 */
  readonly keepalive: Duration | 'auto';
}

/** What one CHILD SA carries. */
export interface ProfileChild {
  readonly networks: readonly IpPrefix[];
  /** IP protocol number; 0 is any. */
  readonly protocol: number;
  /** On the gateway's side; 0 to 65535 is any. */
  readonly ports: { readonly first: number; readonly last: number };
}

export interface ProfileGateway {
  /** A host name (lower case, no final dot) or an IP address in its usual text. */
  readonly host: string;
  readonly ikePort: number;
  readonly natTraversalPort: number;
}

export interface ProfileRemoteIdentity {
  /** What the certificate must prove. */
  readonly expected: string;
  /** False: no IDr is sent, and the gateway chooses. `expected` holds all the same. */
  readonly send: boolean;
  /** The user wrote it: the gateway must then claim this very identity, not another that its certificate has too. */
  readonly given: boolean;
}

export interface ProfileDns {
  /** False: the resolver of the machine is left alone. */
  readonly use: boolean;
  /** In place of what the gateway names; `undefined` takes the gateway's. */
  readonly servers: readonly IpAddress[] | undefined;
  /** Only names in these domains go through the tunnel; empty: all names do. */
  readonly domains: readonly string[];
}
