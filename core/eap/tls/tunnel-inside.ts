import type { Failure } from '../../base/errors.ts';
import type { Secret } from '../../base/secret.ts';
import type { TlsExport, TlsRequest, TlsResult, TlsVersion } from '../../crypto/tls.ts';
import type { EapMethodContext, EapQuestion } from '../method.ts';

/** What goes on inside of TLS once it stands: nothing in EAP-TLS, a login of its own in TTLS and PEAP. */
export interface TunnelInside {
  /** It is our turn: `plaintext` came, which is empty when the server only waits for us. A view, valid during the call. */
  turn(plaintext: Uint8Array): InsideStep;
  answer(secret: Secret): InsideStep;
  /** As `refuse` of a method. */
  refuse?(error: Failure): InsideStep;
  /** The end of a TLS step of a method inside. */
  tls(result: TlsResult): InsideStep;
  wipe(): void;
}

export type InsideStep =
  /** Protect this and send it. */
  | { readonly kind: 'send'; readonly plaintext: Uint8Array; readonly failing?: Failure }
  /** Let the server go on. */
  | { readonly kind: 'acknowledge' }
  | { readonly kind: 'ask'; readonly question: EapQuestion }
  | { readonly kind: 'tls'; readonly request: TlsRequest }
  /** As `done` of a method; without `plaintext` an acknowledgement is sent. */
  | {
      readonly kind: 'done';
      readonly plaintext?: Uint8Array;
      readonly msk: Uint8Array;
      readonly more?: true;
    }
  /** With `last` that is sent first: octets to protect, or an acknowledgement. */
  | { readonly kind: 'failed'; readonly error: Failure; readonly last?: Uint8Array | 'acknowledge' };

/** TLS as it stands. The keys are the inside's, to overwrite. */
export interface EstablishedTls {
  readonly version: TlsVersion;
  /** In the order of `exports`. */
  readonly keys: readonly Uint8Array[];
}

/** What makes EAP-TLS, TTLS and PEAP differ. */
export interface TunnelKind {
  readonly type: number;
  readonly name: string;
  /** Whether a certificate of the user may be shown. */
  readonly clientCertificate: boolean;
  readonly exports: readonly TlsExport[];
  /** Called once, when the handshake is done. */
  open(context: EapMethodContext, tls: EstablishedTls): TunnelInside;
}

/** The MSK and more of EAP-TLS, TTLS and PEAP, 128 octets. @rfc 5216 2.3 @rfc 9190 2.3 @rfc 9427 2 */
export function keyMaterial(type: number, label12: string): TlsExport {
  return {
    octets: 128,
    labels: {
      '1.2': { label: label12 },
      '1.3': { label: 'EXPORTER_EAP_TLS_Key_Material', context: Uint8Array.of(type) },
    },
  };
}

export const mskOctets = 64;
