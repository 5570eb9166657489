import type { Failure } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import type { TlsRequest, TlsResult } from '../crypto/tls.ts';
import type { EapQuestion } from './method.ts';

/**
 * The EAP peer (the client's end): answers Identity and Notification itself, picks a method, sends Nak for those that
 * the profile does not allow. Sans-IO: it is handed one EAP packet or one answer and says what to do next.
 * @rfc 3748 4
 */
export interface EapPeer {
  /**
   * One EAP packet from the gateway. Never throws. Octets that break a rule end the login with a `failure` step: below EAP,
   * IKE delivers reliably and in order, so that nothing better would follow.
   */
  handle(packet: Uint8Array): EapStep;
  /**
   * The answer to an `ask` step. Of a password a copy is kept until `wipe`, so that one run asks once, unless the server
   * refuses it.
   */
  answer(secret: Secret): EapStep;
  /** An `ask` step gets no answer: the login ends, perhaps with a last word to the gateway. */
  refuse(error: Failure): EapStep;
  /** How the TLS step of a `tls` step ended. */
  tls(result: TlsResult): EapStep;
  /** Overwrites keys and passwords. */
  wipe(): void;
}

export type EapStep =
  /**
   * `failing` is there when the login is already lost and the packet only tells the gateway so: this is then the cause
   * to report, even if the gateway falls silent instead of answering with EAP-Failure.
   */
  | {
      readonly kind: 'respond';
      readonly packet: Uint8Array;
      readonly failing?: Failure;
      /** EAP-Success may follow. */
      readonly final?: true;
    }
  /** Nothing can be sent before this is answered for the user `identity`; then call `answer`. */
  | { readonly kind: 'ask'; readonly identity: string; readonly question: EapQuestion }
  /** Nothing can be sent before this step of TLS is done; then call `tls`. */
  | { readonly kind: 'tls'; readonly request: TlsRequest }
  /**
   * EAP-Success came after the method was done. `msk` is 64 octets and owned by the caller, or absent for methods without
   * a key.
   */
  | {
      readonly kind: 'success';
      readonly method: string;
      readonly msk?: Uint8Array;
      /** Several methods, one after the other; the key is that of the last. */
      readonly chained?: true;
    }
  | { readonly kind: 'failure'; readonly error: Failure };
