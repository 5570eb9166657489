import type { Issued } from '../pki.ts';

/** What a login needs, whatever the client program. */
export interface ClientProfile {
  /** Address or name of the gateway. */
  readonly gateway: string;
  /** Further gateways, and how one is chosen, as Godwit's profile has them. */
  readonly gateways?: { readonly others: readonly string[]; readonly choose: 'in-order' | 'fastest' };
  /** What its certificate must say; null sends no IDr, and the certificate must name `gateway`. */
  readonly remoteIdentity: string | null;
  readonly username: string;
  readonly password: string;
  /** In place of EAP-MSCHAPv2 with this user name: `authentication` of Godwit's profile. */
  readonly authentication?: Readonly<Record<string, unknown>>;
  /** What the user says to further questions, by their kind, in order; `retry` to a password that was refused. */
  readonly answers?: Readonly<Partial<Record<'retry' | 'passcode' | 'new-password', readonly string[]>>>;
  readonly ca: Issued;
  /** CAs that are trusted beside it: CERTREQ names them all. */
  readonly furtherCas?: readonly Issued[];
  /** Takes a gateway that signs with SHA-1; absent: no. */
  readonly allowSha1Signatures?: boolean;
  /** More of Godwit's `trust`; a field that is undefined takes away what stands there. */
  readonly trust?: Readonly<Record<string, unknown>>;
  /** Further parts of Godwit's profile, in place of what stands there. */
  readonly profile?: Readonly<Record<string, unknown>>;
  /** Of a token. */
  readonly pin?: string;
  /** What the first question for the password is answered with. */
  readonly firstPassword?: string;
  /** In place of an answer to the last question. */
  readonly whenAsked?: 'refuse' | 'disconnect' | 'ignore';
  /** How long questions stay open. */
  readonly answerSeconds?: number;
  /** Keys that it shares with the gateway. */
  readonly sharedKeys?: { readonly psk?: string; readonly ppk?: string };
  /** It is a profile of the system, with these files beside it, and nobody is asked. */
  readonly storedWith?: Readonly<Record<string, string>>;
  /** Networks behind the gateway; everything when absent. */
  readonly remoteNetworks?: readonly string[];
  /** CHILD SAs with selectors of their own, as Godwit's profile has them. */
  readonly children?: readonly {
    readonly networks: readonly string[];
    readonly protocol?: string;
    readonly ports?: string;
  }[];
  /** The login makes no CHILD SA. @rfc 6023 */
  readonly childless?: boolean;
  readonly requestedAddresses?: readonly string[];
  /** In strongSwan's notation; the client's own when absent. */
  readonly ike?: readonly string[];
  readonly esp?: readonly string[];
  /** Silence after which the client asks whether the gateway lives. */
  readonly livenessSeconds?: number;
  /** Lifetimes of keys, as Godwit's profile has them; its own when absent. */
  readonly rekey?: {
    readonly childSeconds?: number;
    readonly ikeSeconds?: number;
    readonly earlySeconds?: number;
  };
}

export type LoginResult =
  | { readonly ok: true; readonly addresses: readonly string[]; readonly dnsServers: readonly string[] }
  /** `failure`: the client's own code for it. */
  | {
      readonly ok: false;
      readonly failure: string;
      readonly detail: string;
      /** What the user reads. */
      readonly words?: string;
    };

/** What a client says of the connection that is up; a client that says nothing of it is not asked. */
export interface ClientView {
  readonly ike: string;
  readonly esp: string;
  readonly addresses: readonly string[];
  readonly dnsServers: readonly string[];
  /** Our side is behind a NAT. */
  readonly natDetected: boolean;
  readonly inboundSpi: string;
  readonly outboundSpi: string;
}

/** A VPN client in a namespace. */
export interface VpnClient {
  /** The process that carries packets. */
  readonly pid: number;
  readonly name: string;
  connect(profile: ClientProfile): Promise<LoginResult>;
  /** Resolves when nothing of the connection should be left. */
  disconnect(): Promise<void>;
  view?(): Promise<ClientView>;
  /** What is there beyond what was there before the client, and what is gone. */
  leftovers?(): Promise<string[]>;
  /** For a reader of a failure. */
  readonly log: string;
  stop(): Promise<void>;
}
