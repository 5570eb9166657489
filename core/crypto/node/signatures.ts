import { constants, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { PublicKeyKind, SignatureScheme, Signatures } from '../interfaces.ts';

export const nodeSignatures: Signatures = {
  kindOf(spki) {
    const key = readPublicKey(spki);
    return key === undefined ? 'other' : kindOfKey(key);
  },
  verify(scheme, spki, data, signature) {
    const key = readPublicKey(spki);
    if (key === undefined || !fits(scheme, kindOfKey(key)) || !isWhole(key, signature)) return false;
    try {
      return verify(hashOf(scheme), data, { key, ...optionsOf(scheme) }, signature);
    } catch {
      // E.g. an RSA-PSS salt that is longer than the key allows.
      return false;
    }
  },
};

/** OpenSSL takes a PSS signature without the zeros that it begins with. @rfc 8017 8.1.2 */
function isWhole(key: KeyObject, signature: Uint8Array): boolean {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  return bits === undefined || signature.length === Math.ceil(bits / 8);
}

/** @throws Error when `key` does not fit the scheme (a bug of the caller, who knows the kind). */
export function signWith(scheme: SignatureScheme, key: KeyObject, data: Uint8Array): Uint8Array {
  if (!fits(scheme, kindOfKey(key))) throw new Error(`a ${kindOfKey(key)} key can't make ${scheme.kind}`);
  return new Uint8Array(sign(hashOf(scheme), data, { key, ...optionsOf(scheme) }));
}

export function kindOfKey(key: KeyObject): PublicKeyKind {
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      return 'rsa';
    case 'ed25519':
      return 'ed25519';
    case 'ed448':
      return 'ed448';
    case 'ec':
      return curveKinds[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? 'other';
    default:
      return 'other';
  }
}

const curveKinds: Readonly<Record<string, PublicKeyKind>> = {
  prime256v1: 'ec-p256',
  secp384r1: 'ec-p384',
  secp521r1: 'ec-p521',
};

function readPublicKey(spki: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

function fits(scheme: SignatureScheme, kind: PublicKeyKind): boolean {
  switch (scheme.kind) {
    case 'rsa-pkcs1':
    case 'rsa-pss':
      return kind === 'rsa';
    case 'ecdsa':
      return kind.startsWith('ec-');
    case 'ed25519':
    case 'ed448':
      return kind === scheme.kind;
  }
}

/** `null` for EdDSA, which hashes for itself. */
function hashOf(scheme: SignatureScheme): string | null {
  return 'hash' in scheme ? scheme.hash : null;
}

function optionsOf(scheme: SignatureScheme): {
  padding?: number;
  saltLength?: number;
  dsaEncoding?: 'der' | 'ieee-p1363';
} {
  switch (scheme.kind) {
    case 'rsa-pkcs1':
      return { padding: constants.RSA_PKCS1_PADDING };
    case 'rsa-pss':
      return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.saltOctets };
    case 'ecdsa':
      return { dsaEncoding: scheme.encoding === 'der' ? 'der' : 'ieee-p1363' };
    default:
      return {};
  }
}
