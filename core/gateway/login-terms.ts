import type { Secret } from '../base/secret.ts';

/** What a client shows of itself in one round. */
export type ClientProof = 'eap' | 'psk' | 'certificate';

/** What the two sides prove themselves with, and how often. */
export interface GatewayLogin {
  /** What a client shows, round after round; more than one needs a client that knows RFC 4739. One at least. */
  readonly rounds: readonly ClientProof[];
  /** What the gateway shows: nothing but EAP only to clients that say they can do with that (RFC 5998). */
  readonly proof: 'signature' | 'psk' | 'eap';
  /** For whichever side proves itself with it. */
  readonly psk?: Secret;
  /** The certificates that may log in: these themselves, no CA is asked. */
  readonly clients?: readonly ClientCertificate[];
  /** With one round alone. */
  readonly ppk?: GatewayPpk;
  /**
   * By user name: a code that is asked for after the password, of clients that speak as FortiClient does. The code is good
   * for ever, as nothing here is a token.
   */
  readonly codes?: ReadonlyMap<string, Secret>;
}

export interface ClientCertificate {
  /** DER. */
  readonly certificate: Uint8Array;
  /** SubjectPublicKeyInfo of it, DER. */
  readonly spki: Uint8Array;
}

/** A post-quantum pre-shared key. @rfc 8784 */
export interface GatewayPpk {
  readonly id: Uint8Array;
  readonly key: Secret;
  /** Clients without it are refused. */
  readonly required: boolean;
}

/** EAP, and a gateway with a certificate. */
export const usualLogin: GatewayLogin = { rounds: ['eap'], proof: 'signature' };
