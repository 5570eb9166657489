import type { Failure } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import type { Random } from '../crypto/interfaces.ts';
import type { TlsRequest, TlsResult, TlsSessionName } from '../crypto/tls.ts';

/**
 * One EAP method on the peer's side: a small machine that is handed the Type-Data of each request of its type and
 * answers with the Type-Data of the response. Identifiers, duplicates and Nak are the peer's work, not the method's.
 * A method never throws, whatever the octets.
 * @rfc 3748 5
 */
export interface EapMethod {
  /** The Type-Data of one request; a view that is valid during the call only. `identifier` is that of its EAP packet. */
  process(data: Uint8Array, identifier: number): EapMethodStep;
  /** What the last `ask` step asked for, whatever its kind. Takes a copy of what it needs. */
  answer(secret: Secret): EapMethodStep;
  /**
   * The last `ask` step gets no answer, because of `error`. A method that can tell the server, or knows a better cause, has this.
   */
  refuse?(error: Failure): EapMethodStep;
  /** How the TLS step ended that the last `tls` step asked for. A method without TLS lacks it. */
  tls?(result: TlsResult): EapMethodStep;
  /** Overwrites keys and what it kept of the password. */
  wipe(): void;
}

export type EapMethodStep =
  /**
   * Send this and wait for the next request. `data` is owned by the caller. `failing`: the login is lost already, and what follows
   * only ends it.
   */
  | { readonly kind: 'respond'; readonly data: Uint8Array; readonly failing?: Failure }
  /** Nothing can be sent before this is answered. One question is open at a time. */
  | { readonly kind: 'ask'; readonly question: EapQuestion }
  /** Nothing can be sent before this step of TLS is done. */
  | { readonly kind: 'tls'; readonly request: TlsRequest }
  /**
   * Our part is played: send `data`, then EAP-Success may come. `msk` (64 octets) is owned by the caller. With `more` the server
   * may also go on with this method.
   */
  | { readonly kind: 'done'; readonly data: Uint8Array; readonly msk?: Uint8Array; readonly more?: true }
  /** The end. With `data`, that is sent first, and the server answers it with EAP-Failure. */
  | { readonly kind: 'failed'; readonly error: Failure; readonly data?: Uint8Array };

/**
 * Something that only the user knows, in UTF-8 of 1 to `limits.passwordOctets` octets:
 * - password: the one of the account
 * - passcode: good for this once: a one-time code, or the answer to what `message` says
 * - new-password: the old one, answered before, has to be replaced
 */
export interface EapQuestion {
  readonly kind: 'password' | 'passcode' | 'new-password';
  /** How many answers to this very question the server has refused in this run: 0 for the first time. */
  readonly retry: number;
  /** The server's own words, made safe by `serverText`. */
  readonly message?: string;
}

/** How the peer knows a method: its type, and how a run of it starts. */
export interface EapMethodKind {
  /** IANA number of the EAP type. */
  readonly type: number;
  /** For people, e.g. `EAP-MSCHAPv2`. */
  readonly name: string;
  /** What it most likely means when the server ends a run without a word. `auth.refused` when absent. */
  readonly refusal?: Failure;
  start(context: EapMethodContext): EapMethod;
}

export interface EapMethodContext {
  /** What EAP-Identity is answered with. */
  readonly identity: string;
  /** The user name inside the method, e.g. `alice`, `alice@example.org` or `EXAMPLE\alice`. */
  readonly userName: string;
  readonly random: Random;
  /** Which TLS session a method with TLS uses: `inner` inside of another's. `outer` when absent. */
  readonly tlsSession?: TlsSessionName;
}
