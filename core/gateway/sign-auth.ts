import { concat, fromHex } from '../base/octets.ts';
import type { HashName, SignatureScheme, Signer } from '../crypto/interfaces.ts';
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
    const identifier = algorithmIdentifier(scheme);
    const signature = signer.sign(scheme, data);
    return {
      kind: 'AUTH',
      method: authMethod.DIGITAL_SIGNATURE,
      data: concat(Uint8Array.of(identifier.length), identifier, signature),
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

/** The AlgorithmIdentifier in DER: at most 255 octets. @rfc 7427 A */
function algorithmIdentifier(scheme: SignatureScheme): Uint8Array {
  switch (scheme.kind) {
    case 'rsa-pkcs1':
      return sequence(oid(rsaOids[scheme.hash]), derNull);
    case 'ecdsa':
      return sequence(oid(ecdsaOids[scheme.hash]));
    case 'ed25519':
      return sequence(oid('2b6570'));
    case 'ed448':
      return sequence(oid('2b6571'));
    case 'rsa-pss': {
      const hash = sequence(oid(hashOids[scheme.hash]), derNull);
      const mask = sequence(oid('2a864886f70d010108'), hash);
      const salt = der(0x02, Uint8Array.of(scheme.saltOctets));
      const parameters = sequence(der(0xa0, hash), der(0xa1, mask), der(0xa2, salt));
      return sequence(oid('2a864886f70d01010a'), parameters);
    }
  }
}

const rsaOids = {
  sha1: '2a864886f70d010105',
  sha256: '2a864886f70d01010b',
  sha384: '2a864886f70d01010c',
  sha512: '2a864886f70d01010d',
} as const;
const ecdsaOids = {
  sha1: '2a8648ce3d0401',
  sha256: '2a8648ce3d040302',
  sha384: '2a8648ce3d040303',
  sha512: '2a8648ce3d040304',
} as const;
const hashOids = {
  sha1: '2b0e03021a',
  sha256: '608648016503040201',
  sha384: '608648016503040202',
  sha512: '608648016503040203',
} as const;

const derNull = der(0x05);

function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return der(0x30, ...parts);
}

function oid(hex: string): Uint8Array {
  return der(0x06, fromHex(hex));
}

/** Contents here are all shorter than 128 octets: one octet of length. */
function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  return concat(Uint8Array.of(tag, content.length), content);
}
