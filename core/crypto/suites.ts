import type { HashName } from './interfaces.ts';

/**
 * The names of algorithms in strongSwan's notation, with their IANA numbers. Pure data: whether a platform can do an
 * algorithm is for its CryptoProvider to say. @rfc 7296 3.3.2
 */

/** One transform of a proposal; a wire `Transform` fits too. */
export interface SuiteTransform {
  /** 1 ENCR, 2 PRF, 3 INTEG, 4 KE, 5 ESN. */
  readonly type: number;
  readonly id: number;
  readonly keyBits?: number;
}

/** One algorithm that Godwit knows. The first keyword is the one that is printed. */
export interface Algorithm extends SuiteTransform {
  readonly keywords: readonly [string, ...string[]];
  /** Of an encryption algorithm: it authenticates too, so no integrity algorithm goes with it. */
  readonly aead?: true;
}

export interface PrfDescription {
  readonly id: number;
  readonly name: string;
  readonly hash: HashName;
  /** Key and output size. */
  readonly octets: number;
}

export const prfDescriptions: readonly PrfDescription[] = [
  { id: 5, name: 'prfsha256', hash: 'sha256', octets: 32 },
  { id: 6, name: 'prfsha384', hash: 'sha384', octets: 48 },
  { id: 7, name: 'prfsha512', hash: 'sha512', octets: 64 },
  { id: 2, name: 'prfsha1', hash: 'sha1', octets: 20 },
];

export const algorithms: readonly Algorithm[] = [
  { keywords: ['aes256gcm16', 'aes256gcm128', 'aes256gcm'], type: 1, id: 20, keyBits: 256, aead: true },
  { keywords: ['aes192gcm16', 'aes192gcm128', 'aes192gcm'], type: 1, id: 20, keyBits: 192, aead: true },
  { keywords: ['aes128gcm16', 'aes128gcm128', 'aes128gcm'], type: 1, id: 20, keyBits: 128, aead: true },
  { keywords: ['chacha20poly1305', 'chacha20poly1305compat'], type: 1, id: 28, aead: true },
  { keywords: ['aes256', 'aes256cbc'], type: 1, id: 12, keyBits: 256 },
  { keywords: ['aes192', 'aes192cbc'], type: 1, id: 12, keyBits: 192 },
  { keywords: ['aes128', 'aes', 'aes128cbc'], type: 1, id: 12, keyBits: 128 },
  { keywords: ['prfsha256'], type: 2, id: 5 },
  { keywords: ['prfsha384'], type: 2, id: 6 },
  { keywords: ['prfsha512'], type: 2, id: 7 },
  { keywords: ['sha256', 'sha2_256', 'sha256_128'], type: 3, id: 12 },
  { keywords: ['sha384', 'sha2_384'], type: 3, id: 13 },
  { keywords: ['sha512', 'sha2_512'], type: 3, id: 14 },
  { keywords: ['modp2048'], type: 4, id: 14 },
  { keywords: ['modp3072'], type: 4, id: 15 },
  { keywords: ['modp4096'], type: 4, id: 16 },
  { keywords: ['ecp256'], type: 4, id: 19 },
  { keywords: ['ecp384'], type: 4, id: 20 },
  { keywords: ['ecp521'], type: 4, id: 21 },
  { keywords: ['x25519', 'curve25519'], type: 4, id: 31 },
  { keywords: ['none', 'modpnone'], type: 4, id: 0 },
  { keywords: ['noesn'], type: 5, id: 0 },
  { keywords: ['esn'], type: 5, id: 1 },
];

/** Names that people paste from old guides; they deserve a reason rather than "unknown". */
export const refusedKeywords: ReadonlyMap<string, string> = new Map([
  ...weak(
    'des',
    '3des',
    'blowfish',
    'cast128',
    'null',
    'md5',
    'md5_128',
    'prfmd5',
    'sha1',
    'sha',
    'sha1_160',
  ),
  ...weak('prfsha1', 'modp768', 'modp1024', 'modp1536', 'modp1024s160', 'ecp192', 'ecp224'),
  ['sha256_96', 'the truncation to 96 bits was a mistake of old kernels and is not supported'],
  ['aesxcbc', 'AES-XCBC is not supported'],
  ['prfaesxcbc', 'AES-XCBC is not supported'],
  ['curve448', 'Curve448 is not supported'],
  ['x448', 'Curve448 is not supported'],
  ['modp6144', 'this group is not supported; modp4096 is'],
  ['modp8192', 'this group is not supported; modp4096 is'],
]);

/** The algorithm that `keyword` names, in any case. */
export function findAlgorithm(keyword: string): Algorithm | undefined {
  const wanted = keyword.toLowerCase();
  return algorithms.find((algorithm) => algorithm.keywords.includes(wanted));
}

/** The keyword for a transform, or its numbers in a form such as `encr-99` when Godwit does not know it. */
export function formatTransform(transform: SuiteTransform): string {
  const known = algorithms.find(
    (algorithm) =>
      algorithm.type === transform.type &&
      algorithm.id === transform.id &&
      algorithm.keyBits === (transform.keyBits || undefined),
  );
  if (known !== undefined) return known.keywords[0];
  if (transform.type === 2 && transform.id === 2) return 'prfsha1';
  const type = ['', 'encr', 'prf', 'integ', 'ke', 'esn'][transform.type] ?? `type${transform.type}`;
  return `${type}-${transform.id}${transform.keyBits ? `-${transform.keyBits}` : ''}`;
}

export function isAead(transform: SuiteTransform): boolean {
  return algorithms.some(
    ({ type, id, aead }) => aead && type === transform.type && id === transform.id && type === 1,
  );
}

/** The PRF that strongSwan's notation means when only an integrity algorithm is named: the same hash. */
export function prfOfIntegrity(integrityId: number): number | undefined {
  return { 12: 5, 13: 6, 14: 7 }[integrityId];
}

function weak(...keywords: readonly string[]): (readonly [string, string])[] {
  return keywords.map((keyword) => [keyword, 'it is too weak and never offered'] as const);
}
