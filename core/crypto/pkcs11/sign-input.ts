import { createHash } from 'node:crypto';
import { concat, fromHex } from '../../base/octets.ts';
import type { HashName, PublicKeyKind, SignatureScheme } from '../interfaces.ts';
import { derSequence, derUnsigned } from '../node/der.ts';
import { ulong } from './cryptoki.ts';

/** A signature in the terms of PKCS#11. */
export interface SignInput {
  /** CK_MECHANISM_TYPE. */
  readonly mechanism: number;
  readonly parameter: Uint8Array;
  /** What the token is given: a hash, for RSA PKCS#1 inside its DigestInfo. */
  readonly data: Uint8Array;
}

/** DigestInfo up to the hash. @rfc 8017 9.2 */
const digestInfo: Readonly<Record<HashName, string>> = {
  sha1: '3021300906052b0e03021a05000414',
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

/** CKM_SHA… and CKG_MGF1_SHA… */
const pssNumbers: Readonly<Record<HashName, readonly [hash: number, mgf: number]>> = {
  sha1: [0x220, 1],
  sha256: [0x250, 2],
  sha384: [0x260, 3],
  sha512: [0x270, 4],
};

const orderOctets: Readonly<Partial<Record<PublicKeyKind, number>>> = {
  'ec-p256': 32,
  'ec-p384': 48,
  'ec-p521': 66,
};

/** `undefined` when a token can't make this signature with such a key. */
export function signInput(
  scheme: SignatureScheme,
  key: PublicKeyKind,
  octets: Uint8Array,
): SignInput | undefined {
  const none = new Uint8Array(0);
  switch (scheme.kind) {
    case 'rsa-pkcs1': {
      const data = concat(fromHex(digestInfo[scheme.hash]), digest(scheme.hash, octets));
      return key === 'rsa' ? { mechanism: 0x01, parameter: none, data } : undefined;
    }
    case 'rsa-pss': {
      const [hash, mgf] = pssNumbers[scheme.hash];
      const parameter = concat(ulong(hash), ulong(mgf), ulong(scheme.saltOctets));
      return key === 'rsa' ? { mechanism: 0x0d, parameter, data: digest(scheme.hash, octets) } : undefined;
    }
    case 'ecdsa': {
      const size = orderOctets[key];
      if (size === undefined) return undefined;
      // Not every module shortens a hash that is longer than the order of the curve.
      return { mechanism: 0x1041, parameter: none, data: digest(scheme.hash, octets).subarray(0, size) };
    }
    case 'ed25519':
    case 'ed448':
      return key === scheme.kind ? { mechanism: 0x1057, parameter: none, data: octets } : undefined;
  }
}

/** The token's signature in the encoding that `scheme` wants: tokens give ECDSA as r || s. */
export function signatureOf(scheme: SignatureScheme, made: Uint8Array): Uint8Array {
  if (scheme.kind !== 'ecdsa' || scheme.encoding === 'p1363') return made;
  const half = made.length / 2;
  return derSequence(derUnsigned(made.subarray(0, half)), derUnsigned(made.subarray(half)));
}

function digest(name: HashName, octets: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(name).update(octets).digest());
}
