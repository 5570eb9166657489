import type { HashName, SignatureScheme, Signer } from '../crypto/interfaces.ts';
import { digitalSignatureData } from '../ike/signature-identifier.ts';
import type { AuthPayload } from '../wire/ike/payload.ts';
import { authMethod } from '../wire/registry/authentication.ts';
import { signatureHash } from '../wire/registry/notify-types.ts';
import type { GatewaySignature } from './config.ts';

/**
 * The gateway's AUTH payload over `data`, by RFC 7427 when the client announced the hash, else by the classic method for the
 * key. @rfc 7427 3 @rfc 7296 2.15 @rfc 4754 3
 */
export function signAuth(
  signer: Signer,
  { scheme, classic }: GatewaySignature,
  clientHashes: readonly number[],
  data: Uint8Array,
): AuthPayload {
  const hash = 'hash' in scheme ? hashNumbers[scheme.hash] : signatureHash.IDENTITY;
  if (classic !== true && clientHashes.includes(hash)) {
    const signature = signer.sign(scheme, data);
    return {
      kind: 'AUTH',
      method: authMethod.DIGITAL_SIGNATURE,
      data: digitalSignatureData(scheme, signature),
    };
  }
  const { method, scheme: plain } = classicMethod(scheme, signer);
  return { kind: 'AUTH', method, data: signer.sign(plain, data) };
}

const hashNumbers: Readonly<Record<HashName, number>> = {
  sha1: signatureHash.SHA1,
  sha256: signatureHash.SHA2_256,
  sha384: signatureHash.SHA2_384,
  sha512: signatureHash.SHA2_512,
};

/** EdDSA has no classic method; such a key is then used as it is, and the client says no. */
function classicMethod(scheme: SignatureScheme, signer: Signer): { method: number; scheme: SignatureScheme } {
  switch (signer.kind) {
    case 'ec-p256':
      return { method: authMethod.ECDSA_SHA256_P256, scheme: p1363('sha256') };
    case 'ec-p384':
      return { method: authMethod.ECDSA_SHA384_P384, scheme: p1363('sha384') };
    case 'ec-p521':
      return { method: authMethod.ECDSA_SHA512_P521, scheme: p1363('sha512') };
    case 'rsa': {
      const hash = 'hash' in scheme ? scheme.hash : 'sha256';
      return { method: authMethod.RSA_SIGNATURE, scheme: { kind: 'rsa-pkcs1', hash } };
    }
    default:
      return { method: authMethod.RSA_SIGNATURE, scheme };
  }
}

function p1363(hash: HashName): SignatureScheme {
  return { kind: 'ecdsa', hash, encoding: 'p1363' };
}
