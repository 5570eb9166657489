import type { ConnectedTunnel } from '../../core/rpc/values.ts';
import type { ClientProfile } from '../support/peers/client.ts';
import type { CharonEap, StrongSwan } from '../support/peers/strongswan.ts';
import type { ViciSection } from '../support/peers/vici.ts';
import type { CertificateName, Certificates } from './certificates.ts';
import type { Stage } from './stage.ts';

/** One login at a strongSwan gateway, as data. */
export interface InteropCase {
  readonly name: string;
  /** What it is about; `--filter` looks at it too. */
  readonly theme:
    | 'algorithms'
    | 'certificates'
    | 'authentication'
    | 'tokens'
    | 'prompts'
    | 'networks'
    | 'refusals'
    | 'fragments'
    | 'rekeying'
    | 'liveness'
    | 'roaming'
    | 'renewal'
    | 'children'
    | 'addresses'
    | 'eap';
  readonly gateway: GatewayConfig;
  readonly client: ClientConfig;
  readonly expect: UpExpectation | DownExpectation;
  /** What happens before the login. */
  readonly before?: (stage: Stage) => Promise<void>;
  /** What happens once the tunnel stands and has carried pings. Answers what was wrong. */
  readonly during?: (stage: Stage) => Promise<string[]>;
  /** `during` brings the tunnel down, and a new login replaces it; elsewhere that is a failure. */
  readonly endsTunnel?: true;
  /** Changes what other lanes use: played when they have ended. */
  readonly alone?: true;
  /** Takes minutes: left out unless the filter says `soak`. */
  readonly soak?: true;
  /** Seconds that it takes when that is more than a few: the slowest begin first. */
  readonly seconds?: number;
}

export interface GatewayConfig {
  /** Where it is: behind a NAT, beside it, or an address that nobody has. Default: natGateway. */
  readonly at?: 'natGateway' | 'plainGateway' | 'nobody';
  /** Family outside. Default: 4. */
  readonly outside?: 4 | 6;
  /** In strongSwan's notation. */
  readonly ike?: readonly string[];
  readonly esp?: readonly string[];
  readonly certificate?: CertificateName;
  /** How the gateway signs, in swanctl's words: `pubkey` unless given. */
  readonly auth?: string;
  /** How it proves itself, in place of its certificate alone; and how clients do, in place of EAP-MSCHAPv2. */
  readonly local?: ((certificates: Certificates) => ViciSection) | undefined;
  readonly remote?: (certificates: Certificates) => ViciSection;
  /** Further sections and settings of the connection. */
  readonly further?: (certificates: Certificates) => ViciSection;
  /** Keys, users and certificates beside its own. */
  readonly load?: (gateway: StrongSwan, certificates: Certificates) => Promise<void>;
  /** Signs without RFC 7427, as gateways of the years before do. */
  readonly classicSignatures?: boolean;
  /** Which families of inner address it hands out, or who does. Default: both. */
  readonly pools?: readonly (4 | 6 | 'dhcp')[];
  readonly localSelectors?: readonly string[];
  /** The CHILD SAs that it grants, in swanctl's words, in place of one named `net`. */
  readonly children?: Readonly<Record<string, ViciSection>>;
  /** More of swanctl's words for the connection, e.g. `childless`. */
  readonly connection?: ViciSection;
  /** The pool of IPv4 addresses, in swanctl's words. */
  readonly pool4?: ViciSection & { readonly addrs: string };
  /** Packets that the router loses, as nftables conditions. */
  readonly lose?: readonly string[];
  /** The router loses IP fragments, as many firewalls do. */
  readonly losesIpFragments?: boolean;
  /** Whether the gateway takes and sends IKE fragments. Default: yes. */
  readonly ikeFragments?: boolean;
  /** The gateway's largest packet for IKE. Default: 1280. */
  readonly fragmentOctets?: number;
  /** When the gateway itself replaces its SAs; never unless given. */
  readonly rekey?: { readonly childSeconds?: number; readonly ikeSeconds?: number };
  /** The gateway wants a new login within this time (AUTH_LIFETIME), and ends the IKE SA five seconds later. */
  readonly reauthSeconds?: number;
  /** Passes EAP on to a RADIUS server beside it. */
  readonly radius?: 'freeradius' | 'hostapd';
  /** How charon's own EAP methods are. */
  readonly eap?: CharonEap;
  /** Silence of the client after which the gateway asks whether it lives. */
  readonly dpdSeconds?: number;
}

export interface ClientConfig {
  readonly username?: string;
  readonly password?: string;
  /** Trusts another CA than the one that issued the gateway's certificate. */
  readonly wrongCa?: boolean;
  /** The way to log in, as the profile has it, but for the names: `user`, `stranger` and `login-ca` stand for certificates. */
  readonly authentication?: LoginSettings;
  readonly answers?: ClientProfile['answers'];
  /** So many further CAs are trusted: each makes the first IKE_AUTH message 20 octets larger. */
  readonly furtherCas?: number;
  /** The name to ask for and to find in the certificate; null asks for none and wants the gateway's address there. */
  readonly remoteIdentity?: string | null;
  /** Parts of the profile in place of what stands there. */
  readonly profile?: (certificates: Certificates) => Readonly<Record<string, unknown>>;
  readonly sharedKeys?: ClientProfile['sharedKeys'];
  readonly pin?: string;
  readonly firstPassword?: string;
  readonly whenAsked?: ClientProfile['whenAsked'];
  readonly answerSeconds?: number;
  readonly storedWith?: ClientProfile['storedWith'];
  /** Takes a gateway that signs with SHA-1. */
  readonly allowSha1Signatures?: boolean;
  /** More of the profile's `trust`, or other things in place of its `ca`. */
  readonly trust?: (certificates: Certificates) => Readonly<Record<string, unknown>>;
  readonly remoteNetworks?: readonly string[];
  readonly children?: ClientProfile['children'];
  readonly childless?: boolean;
  readonly requestedAddresses?: readonly string[];
  readonly ike?: readonly string[];
  readonly esp?: readonly string[];
  readonly rekey?: ClientProfile['rekey'];
  readonly livenessSeconds?: number;
  readonly gateways?: ClientProfile['gateways'];
  /** Dials the gateway by name, which leads to these addresses. */
  readonly hosts?: readonly string[];
}

/** What is different from EAP-MSCHAPv2. */
export interface LoginSettings {
  readonly method: 'eap-tls' | 'eap-ttls' | 'peap' | 'eap-gtc' | 'eap-md5' | 'eap-mschapv2';
  readonly eapIdentity?: string;
  readonly innerMethods?: readonly string[];
  readonly certificate?: 'user' | 'stranger';
  /** The login server: the gateway itself, the RADIUS server, or one of its two properties wrong. */
  readonly server?:
    | 'gateway'
    | 'radius'
    | 'radius-by-subject'
    | 'radius-with-wrong-name'
    | 'radius-with-wrong-ca';
}

export interface UpExpectation {
  readonly up: true;
  /** What charon must say it runs, in strongSwan's notation. */
  readonly ike?: string;
  readonly esp?: string;
  /** Which hosts must answer pings through the tunnel. Default: the lan's IPv4. */
  readonly ping?: readonly (
    | 'lan4'
    | 'lan6'
    | 'internet4'
    | 'internet6'
    | 'natGateway4'
    | 'natGateway6'
    | 'plainGateway4'
  )[];
  /** Of data in the larger one of the two pings, in octets. Default: 1300, nearly what the tunnel takes. */
  readonly largestPing?: number;
  /** Hosts that must not answer, and no packet to them may show on the wire. */
  readonly unreachable?: readonly ('internet4' | 'internet6')[];
  readonly natDetected?: boolean;
  /** Who the gateway must say is there. Default: alice. */
  readonly user?: string | ((certificates: Certificates) => string);
  /** What Godwit must show. */
  readonly shows?: Partial<ConnectedTunnel>;
  /** The networks behind the gateway that charon must say it agreed on. */
  readonly selectors?: readonly string[];
  /** The inner addresses, where they matter. */
  readonly addresses?: readonly string[];
  /** The DNS servers that the client must use; by default the host in the lan. */
  readonly dnsServers?: readonly string[];
  /** The client also fetches something outside the tunnel. */
  readonly fetches?: true;
  /** What Godwit must call the user's proof, e.g. `EAP-TLS`. */
  readonly localAuthentication?: string;
  /** Who must have sent IKE fragments; the other must not. */
  readonly fragmentsFrom?: readonly ('client' | 'gateway')[];
}

export interface DownExpectation {
  readonly up: false;
  /** Godwit's code for the failure. */
  readonly failure: string;
  /** What the user must read, among other words. */
  readonly says?: readonly string[];
}
