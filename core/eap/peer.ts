import type { Failure } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';

/**
 * The EAP peer (the client's end): answers Identity and Notification itself, picks a method, sends Nak for those that
 * the profile does not allow. Sans-IO: it is handed one EAP packet or one answer and says what to do next.
 * @rfc 3748 4
 */
export interface EapPeer {
  /** One EAP packet from the gateway. */
  handle(packet: Uint8Array): EapStep;
  /** The answer to an `ask` step. */
  answer(password: Secret): EapStep;
  /** Overwrites keys and passwords. */
  wipe(): void;
}

export type EapStep =
  | { readonly kind: 'respond'; readonly packet: Uint8Array }
  /** Nothing can be sent before the password is there; then call `answer`. */
  | { readonly kind: 'ask'; readonly identity: string }
  /** EAP-Success came after the method was done. `msk` is 64 octets, or absent for methods without a key. */
  | { readonly kind: 'success'; readonly method: string; readonly msk?: Uint8Array }
  | { readonly kind: 'failure'; readonly error: Failure };
