import { createPrivateKey, createPublicKey } from 'node:crypto';
import { err, ok, type Result } from '../../base/result.ts';
import type { Signer } from '../interfaces.ts';
import { kindOfKey, signWith } from './signatures.ts';

/**
 * A signer from an unencrypted private key: PEM text, or PKCS#8 in DER; `spki` is its SubjectPublicKeyInfo (DER). The error says what is wrong without
 * quoting the key.
 */
export function signerFromPrivateKey(
  key: string | Uint8Array,
): Result<Signer & { readonly spki: Uint8Array }, { readonly reason: string }> {
  try {
    const object =
      typeof key === 'string'
        ? createPrivateKey({ key, format: 'pem' })
        : createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'pkcs8' });
    const kind = kindOfKey(object);
    if (kind === 'other') return err({ reason: 'a private key of a kind that IKE does not use' });
    const spki = new Uint8Array(createPublicKey(object).export({ format: 'der', type: 'spki' }));
    return ok({ kind, spki, sign: (scheme, data) => signWith(scheme, object, data) });
  } catch {
    return err({ reason: 'not an unencrypted private key in PEM or PKCS#8' });
  }
}
