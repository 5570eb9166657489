import { equal, fromHex, toHex } from '../base/octets.ts';
import type { HashName, SignatureScheme } from '../crypto/interfaces.ts';

/**
 * The AlgorithmIdentifier (DER) of a digital signature, as RFC 7427 puts it in front of the signature. `undefined` for what we
 * did not announce (SHA-1 above all), do not know, or cannot read.
 *
 *     AlgorithmIdentifier  ::=  SEQUENCE  {
 *         algorithm               OBJECT IDENTIFIER,
 *         parameters              ANY DEFINED BY algorithm OPTIONAL  }
 *
 * @rfc 7427 A
 * @rfc 8420 2
 */
export function parseSignatureAlgorithm(der: Uint8Array): SignatureScheme | undefined {
  const [sequence, ...after] = readElements(der) ?? [];
  if (sequence?.tag !== tag.sequence || after.length > 0) return undefined;
  const [oid, parameters, ...more] = readElements(sequence.content) ?? [];
  if (oid?.tag !== tag.oid || more.length > 0) return undefined;
  const name = toHex(oid.content);
  if (name === rsassaPss) return parsePss(parameters);
  // RSA has NULL parameters, ECDSA and EdDSA none; some gateways mix that up, and nothing depends on it.
  if (parameters !== undefined && (parameters.tag !== tag.null || parameters.content.length > 0))
    return undefined;
  return plainSchemes.get(name);
}

interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
}

const tag = { integer: 0x02, null: 0x05, oid: 0x06, sequence: 0x30, explicit: 0xa0 } as const;

const rsassaPss = '2a864886f70d01010a';
const mgf1 = fromHex('2a864886f70d010108');

const plainSchemes: ReadonlyMap<string, SignatureScheme> = new Map<string, SignatureScheme>([
  ['2a864886f70d01010b', { kind: 'rsa-pkcs1', hash: 'sha256' }],
  ['2a864886f70d01010c', { kind: 'rsa-pkcs1', hash: 'sha384' }],
  ['2a864886f70d01010d', { kind: 'rsa-pkcs1', hash: 'sha512' }],
  ['2a8648ce3d040302', { kind: 'ecdsa', hash: 'sha256', encoding: 'der' }],
  ['2a8648ce3d040303', { kind: 'ecdsa', hash: 'sha384', encoding: 'der' }],
  ['2a8648ce3d040304', { kind: 'ecdsa', hash: 'sha512', encoding: 'der' }],
  ['2b6570', { kind: 'ed25519' }],
]);

const hashes: ReadonlyMap<string, HashName> = new Map<string, HashName>([
  ['608648016503040201', 'sha256'],
  ['608648016503040202', 'sha384'],
  ['608648016503040203', 'sha512'],
]);

/**
 *     RSASSA-PSS-params  ::=  SEQUENCE  {
 *         hashAlgorithm     [0] HashAlgorithm DEFAULT sha1Identifier,
 *         maskGenAlgorithm  [1] MaskGenAlgorithm DEFAULT mgf1SHA1Identifier,
 *         saltLength        [2] INTEGER DEFAULT 20,
 *         trailerField      [3] INTEGER DEFAULT 1  }
 *
 * A trailer field of 1 that is spelled out is against DER, but FortiGate sends it. @rfc 4055 3.1
 */
function parsePss(parameters: DerElement | undefined): SignatureScheme | undefined {
  if (parameters?.tag !== tag.sequence) return undefined;
  const fields = new Map<number, DerElement>();
  for (const field of readElements(parameters.content) ?? []) {
    const [inner, ...more] = readElements(field.content) ?? [];
    const number = field.tag - tag.explicit;
    if (inner === undefined || more.length > 0 || number < 0 || number > 3 || fields.has(number))
      return undefined;
    fields.set(number, inner);
  }
  const hash = parseHash(fields.get(0));
  const maskHash = parseMask(fields.get(1));
  const saltOctets = fields.has(2) ? smallInteger(fields.get(2)) : 20;
  const trailer = fields.has(3) ? smallInteger(fields.get(3)) : 1;
  if (hash === undefined || hash !== maskHash || saltOctets === undefined || trailer !== 1) return undefined;
  return { kind: 'rsa-pss', hash, saltOctets };
}

function parseHash(element: DerElement | undefined): HashName | undefined {
  if (element?.tag !== tag.sequence) return undefined;
  const [oid, parameters, ...more] = readElements(element.content) ?? [];
  if (oid?.tag !== tag.oid || more.length > 0) return undefined;
  if (parameters !== undefined && parameters.tag !== tag.null) return undefined;
  return hashes.get(toHex(oid.content));
}

function parseMask(element: DerElement | undefined): HashName | undefined {
  if (element?.tag !== tag.sequence) return undefined;
  const [oid, hash, ...more] = readElements(element.content) ?? [];
  if (oid?.tag !== tag.oid || !equal(oid.content, mgf1) || more.length > 0) return undefined;
  return parseHash(hash);
}

/** A salt fits in one octet: 127 at most here, and 64 is the longest hash. */
function smallInteger(element: DerElement | undefined): number | undefined {
  const [value, ...more] = element?.content ?? [];
  if (element?.tag !== tag.integer || value === undefined || value > 0x7f || more.length > 0)
    return undefined;
  return value;
}

/** The elements one after another in `der`. The length field before it has one octet, so no element exceeds 255 octets. */
function readElements(der: Uint8Array): readonly DerElement[] | undefined {
  const elements: DerElement[] = [];
  for (let at = 0; at < der.length; ) {
    const [elementTag, first, second] = der.subarray(at, at + 3);
    if (elementTag === undefined || first === undefined) return undefined;
    const long = first === 0x81;
    if (first >= 0x80 && !long) return undefined;
    const length = long ? second : first;
    const start = at + (long ? 3 : 2);
    if (length === undefined || start + length > der.length) return undefined;
    elements.push({ tag: elementTag, content: der.subarray(start, start + length) });
    at = start + length;
  }
  return elements;
}
