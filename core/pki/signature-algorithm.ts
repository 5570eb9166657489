import type { HashName, SignatureScheme } from '../crypto/interfaces.ts';
import { type DerValue, isContext, smallInteger } from './der.ts';

/** How a certificate is signed: a scheme that can be verified, one too weak to trust, or an unknown one. */
export type CertificateSignature =
  | { readonly kind: 'scheme'; readonly scheme: SignatureScheme }
  | { readonly kind: 'weak'; readonly name: string }
  | { readonly kind: 'unknown'; readonly oid: string };

const pss = '1.2.840.113549.1.1.10';
const mgf1 = '1.2.840.113549.1.1.8';

const schemes: Readonly<Record<string, SignatureScheme>> = {
  '1.2.840.113549.1.1.11': { kind: 'rsa-pkcs1', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { kind: 'rsa-pkcs1', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { kind: 'rsa-pkcs1', hash: 'sha512' },
  '1.2.840.10045.4.3.2': { kind: 'ecdsa', hash: 'sha256', encoding: 'der' },
  '1.2.840.10045.4.3.3': { kind: 'ecdsa', hash: 'sha384', encoding: 'der' },
  '1.2.840.10045.4.3.4': { kind: 'ecdsa', hash: 'sha512', encoding: 'der' },
  '1.3.101.112': { kind: 'ed25519' },
  '1.3.101.113': { kind: 'ed448' },
};

const weak: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'MD2',
  '1.2.840.113549.1.1.4': 'MD5',
  '1.2.840.113549.1.1.5': 'SHA-1',
  '1.2.840.10045.4.1': 'SHA-1',
  '1.2.840.10040.4.3': 'DSA with SHA-1',
};

const hashes: Readonly<Record<string, HashName>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** Reads an AlgorithmIdentifier of a signature. @rfc 4055 @rfc 5758 @rfc 8410 */
export function readSignatureAlgorithm(algorithm: DerValue): CertificateSignature {
  const oid = algorithm.parts[0]?.text ?? '';
  if (oid === pss) return readPss(algorithm.parts[1]);
  const scheme = schemes[oid];
  if (scheme !== undefined) return { kind: 'scheme', scheme };
  const name = weak[oid];
  return name === undefined ? { kind: 'unknown', oid } : { kind: 'weak', name };
}

/** RSASSA-PSS-params: every field has a default, and all of the defaults mean SHA-1. @rfc 4055 3.1 */
function readPss(parameters: DerValue | undefined): CertificateSignature {
  const field = (tag: number) => parameters?.parts.find((part) => isContext(part, tag))?.parts[0];
  const hashOf = (value: DerValue | undefined) =>
    value === undefined ? 'sha1' : hashes[value.parts[0]?.text ?? ''];
  const hash = hashOf(field(0));
  const mask = field(1);
  const maskHash = mask === undefined ? 'sha1' : hashOf(mask.parts[1]);
  const saltField = field(2);
  const saltOctets = saltField === undefined ? 20 : smallInteger(saltField);
  if (mask !== undefined && mask.parts[0]?.text !== mgf1) return { kind: 'unknown', oid: pss };
  // Two different hashes are legal, but nobody makes them and node:crypto would need both.
  if (hash === undefined || hash !== maskHash || saltOctets === undefined)
    return { kind: 'unknown', oid: pss };
  if (hash === 'sha1') return { kind: 'weak', name: 'SHA-1' };
  return { kind: 'scheme', scheme: { kind: 'rsa-pss', hash, saltOctets } };
}
