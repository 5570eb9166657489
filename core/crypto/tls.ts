import type { Failure } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';

/*
 * TLS for protocols that carry its records themselves, as EAP does. The engines ask for one step at a time, as values; the
 * driver owns the TLS. It proves the server's certificate chain before any record that answers it comes out.
 */

export type TlsVersion = '1.2' | '1.3';

/** A key to make when the handshake is done. The label differs with the version. @rfc 5705 @rfc 8446 7.5 */
export interface TlsExport {
  readonly octets: number;
  readonly labels: Readonly<
    Record<TlsVersion, { readonly label: string; readonly context?: Uint8Array | undefined }>
  >;
}

/** `session` tells two that run at once apart: one may run inside the other. */
export type TlsRequest =
  /** A new client session; an older one of the same name is forgotten. The result has the ClientHello. */
  | {
      readonly action: 'start';
      readonly session: TlsSessionName;
      /** Show the user's certificate when the server asks for one. */
      readonly clientCertificate: boolean;
      /** In the order in which `keys` will have them. */
      readonly exports: readonly TlsExport[];
    }
  /** Records from the server, at record boundaries or not. */
  | { readonly action: 'receive'; readonly session: TlsSessionName; readonly records: Uint8Array }
  /** Octets to protect for the server. Only after the handshake. */
  | { readonly action: 'send'; readonly session: TlsSessionName; readonly plaintext: Uint8Array };

export type TlsSessionName = 'outer' | 'inner';

/** All octets are owned by whoever gets the result. */
export interface TlsProgress {
  /** Records for the server; perhaps empty. */
  readonly records: Uint8Array;
  /** What the server said inside; perhaps empty. */
  readonly plaintext: Uint8Array;
  /** There in the step that completes the handshake, and only then. */
  readonly established?: { readonly version: TlsVersion; readonly keys: readonly Uint8Array[] };
  /** The server said that nothing more will come. */
  readonly closed: boolean;
}

export interface TlsFailure {
  readonly error: Failure;
  /** An alert for the server, which it may be told before the end; empty when there is none. */
  readonly records: Uint8Array;
}

export type TlsResult = Result<TlsProgress, TlsFailure>;

/** A client session. Steps must not overlap. */
export interface TlsSession {
  /** The ClientHello. */
  start(): Promise<TlsResult>;
  receive(records: Uint8Array): Promise<TlsResult>;
  send(plaintext: Uint8Array): Promise<TlsResult>;
  /** Forgets all keys. Idempotent. */
  close(): void;
}

/** The user's own certificate. */
export interface TlsClientCertificate {
  /** DER, the user's own first, then the CAs between it and the root. */
  readonly chain: readonly Uint8Array[];
  /** PKCS#8 in DER. */
  readonly privateKey: Secret;
}

export interface TlsSessionOptions {
  readonly exports: readonly TlsExport[];
  readonly clientCertificate?: TlsClientCertificate | undefined;
  /** The verdict on the server's chain (DER, its own certificate first). */
  readonly judge: (chain: readonly Uint8Array[]) => Promise<Result<undefined, Failure>>;
}
