import { concat, fromHex } from '../base/octets.ts';
import type { SignatureScheme } from '../crypto/interfaces.ts';

/** The AlgorithmIdentifier in DER of a signature scheme: at most 255 octets. @rfc 7427 A @rfc 8420 A */
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

/** The data of an AUTH payload of method 14: length (one octet), AlgorithmIdentifier, signature. @rfc 7427 3 */
export function digitalSignatureData(scheme: SignatureScheme, signature: Uint8Array): Uint8Array {
  const identifier = algorithmIdentifier(scheme);
  return concat(Uint8Array.of(identifier.length), identifier, signature);
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
