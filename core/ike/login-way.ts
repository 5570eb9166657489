import type { IkeIdentity } from '../pki/identity.ts';

/**
 * One way to log in: what we show of ourselves, round after round, and what the gateway must show. A profile may have several;
 * the next one is tried when the gateway turns one away before any password.
 */
export interface LoginWay {
  /** One at least. More than one needs a gateway that knows RFC 4739. */
  readonly rounds: readonly LoginRound[];
  readonly gateway: GatewayProofs;
}

/** What we prove ourselves with in one round. `identity`: IDi of this round; absent: that of the configuration. */
export type LoginRound =
  /** `unbound`: AUTH after EAP comes from SK_pi though EAP made a key, as FortiGate wants it. Weaker. */
  | {
      readonly kind: 'eap';
      readonly identity?: IkeIdentity;
      readonly unbound?: boolean;
      /** Speak as FortiClient does, so that a FortiGate asks for a second factor: first round only. */
      readonly fortiClient?: boolean;
    }
  | { readonly kind: 'psk'; readonly identity?: IkeIdentity }
  | {
      readonly kind: 'key';
      readonly identity?: IkeIdentity;
      /** Best first; the gateway's CERTREQ may prefer a later one. One at least. */
      readonly credentials: readonly KeyCredential[];
      /** RSA signs with PSS in place of PKCS#1 (RFC 7427 has no way to ask what the gateway takes). */
      readonly rsaPss?: boolean;
    };

/** A private key that the driver signs with, named by its public half, and what vouches for it. */
export interface KeyCredential {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** DER: the certificate of this key first, then intermediate CAs. Empty: a raw public key. @rfc 7670 */
  readonly chain: readonly Uint8Array[];
  /** IDi when this one is chosen, in place of that of the round: who its certificate says that we are. */
  readonly identity?: IkeIdentity;
  /** SubjectPublicKeyInfo of the CA at the end of the chain, where it is known: CERTREQ may name it. */
  readonly root?: Uint8Array;
}

/** What counts as proof of the gateway; one of them is enough. */
export interface GatewayProofs {
  /** A signature by the key of a certificate that the driver finds good. */
  readonly certificate: boolean;
  /** The pre-shared key. With EAP weaker: every user knows it. */
  readonly psk: boolean;
  /** Nothing but EAP, by a method that proves the server too and makes a key. @rfc 5998 */
  readonly eapOnly: boolean;
  /** Public keys (SubjectPublicKeyInfo, DER) that were pinned. @rfc 7670 */
  readonly keys: readonly Uint8Array[];
}

/** A pre-shared key of fewer octets may be guessed by who has seen one login at a gateway of his own. */
export const shortPskOctets = 20;

/** Whether the first round is to look like one of FortiClient's. */
export function speaksAsFortiClient({ rounds: [first] }: LoginWay): boolean {
  return first?.kind === 'eap' && first.fortiClient === true;
}

/** EAP with a gateway that has a certificate. */
export const usualWay: LoginWay = {
  rounds: [{ kind: 'eap' }],
  gateway: { certificate: true, psk: false, eapOnly: false, keys: [] },
};

/** For a user, e.g. `a certificate, then EAP`. */
export function describeWay(way: LoginWay): string {
  return way.rounds.map(describeRound).join(', then ');
}

function describeRound(round: LoginRound): string {
  switch (round.kind) {
    case 'eap':
      return 'EAP';
    case 'psk':
      return 'a pre-shared key';
    case 'key':
      return round.credentials.every(({ chain }) => chain.length === 0)
        ? 'a raw public key'
        : 'a certificate';
  }
}
