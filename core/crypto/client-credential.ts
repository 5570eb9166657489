import type { Failure } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import type { PublicKeyKind, SignatureScheme } from './interfaces.ts';

/** The user's own certificate with a way to sign for it: from PEM or PKCS#12, or on a token that keeps the key. */
export interface ClientCredential {
  /** DER, the user's certificate first, then what leads from it towards a root, as far as it is known. */
  readonly chain: readonly Uint8Array[];
  /** SubjectPublicKeyInfo (DER) of the key. */
  readonly spki: Uint8Array;
  readonly keyKind: PublicKeyKind;
  /** PKCS#8 in DER, owned by this object; `undefined` when the key can't leave its token. */
  readonly privateKey: Secret | undefined;
  /** Fails with a `token.*` leaf when a token is gone or refuses. `octets` is what is to be signed, not its hash. */
  sign(scheme: SignatureScheme, octets: Uint8Array): Promise<Result<Uint8Array, Failure>>;
  /** Overwrites the key and lets go of the token. Idempotent. */
  close(): void;
}
