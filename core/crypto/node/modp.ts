import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  getDiffieHellman,
  type KeyObject,
} from 'node:crypto';
import type { Failure } from '../../base/errors.ts';
import { fromHex } from '../../base/octets.ts';
import { ok, type Result } from '../../base/result.ts';
import type { KeyExchange, KeyExchangeSecret, Random } from '../interfaces.ts';
import { refusePublicValue } from '../key-exchange-failure.ts';
import { derBitString, derOctetString, derSequence, derUnsigned } from './der.ts';

const dhKeyAgreement = fromHex('06092a864886f70d010301');
const zero = Uint8Array.of(0);
const generator = Uint8Array.of(2);

/**
 * A MODP group of RFC 3526. The exponent has twice the bits of the group's strength, as NIST SP 800-56A and RFC 3526
 * section 8 suggest: longer ones cost time and bring nothing.
 */
export function modpGroup(id: number, name: string, bits: number, exponentOctets: number): KeyExchange {
  const prime = new Uint8Array(getDiffieHellman(groupName(bits)).getPrime());
  const parameters = derSequence(dhKeyAgreement, derSequence(derUnsigned(prime), derUnsigned(generator)));
  return {
    id,
    name,
    publicOctets: prime.length,
    generate: (random) => modpSecret({ name, prime, parameters }, drawExponent(random, exponentOctets)),
  };
}

interface Group {
  readonly name: string;
  readonly prime: Uint8Array;
  readonly parameters: Uint8Array;
}

function modpSecret(group: Group, exponent: Uint8Array): KeyExchangeSecret {
  const { prime, parameters } = group;
  let key: KeyObject | undefined = createPrivateKey({
    key: Buffer.from(derSequence(derUnsigned(zero), parameters, derOctetString(derUnsigned(exponent)))),
    format: 'der',
    type: 'pkcs8',
  });
  exponent.fill(0);
  const publicValue = publicValueOf(key, prime.length);
  return {
    publicValue,
    agree(peerPublic) {
      if (key === undefined) throw new Error('a wiped key exchange');
      const problem = problemOf(peerPublic, prime);
      if (problem !== undefined) return refusePublicValue(group.name, problem);
      return agree(group, key, peerPublic);
    },
    wipe() {
      key = undefined;
    },
  };
}

function agree(group: Group, privateKey: KeyObject, peerPublic: Uint8Array): Result<Uint8Array, Failure> {
  let secret: Uint8Array;
  try {
    const publicKey = createPublicKey({
      key: Buffer.from(derSequence(group.parameters, derBitString(derUnsigned(peerPublic)))),
      format: 'der',
      type: 'spki',
    });
    secret = diffieHellman({ privateKey, publicKey });
  } catch {
    return refusePublicValue(group.name, 'OpenSSL refuses it');
  }
  // Zero-padded to the modulus: OpenSSL may leave leading zeroes out. @rfc 7296 2.14
  const padded = new Uint8Array(group.prime.length);
  padded.set(secret, padded.length - secret.length);
  return ok(padded);
}

/** 1 < y < p - 1. More isn't needed for safe primes. @rfc 6989 2.1 */
function problemOf(value: Uint8Array, prime: Uint8Array): string | undefined {
  if (value.length !== prime.length) return `it has ${value.length} octets instead of ${prime.length}`;
  const last = value.length - 1;
  if (value.subarray(0, last).every((octet) => octet === 0) && (value[last] ?? 0) <= 1) return 'it is 0 or 1';
  // The prime is odd and ends in ff, so p - 1 differs from it in the last octet alone.
  const different = value.findIndex((octet, at) => octet !== prime[at]);
  if (different >= 0 && different < last && (value[different] ?? 0) < (prime[different] ?? 0))
    return undefined;
  if (different === last && (value[last] ?? 0) < (prime[last] ?? 0) - 1) return undefined;
  return 'it is not below p - 1';
}

function publicValueOf(key: KeyObject, octets: number): Uint8Array {
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const y = derIntegerAtEnd(spki, octets);
  const value = new Uint8Array(octets);
  value.set(y, octets - y.length);
  return value;
}

/** The INTEGER inside the BIT STRING that ends a DH SubjectPublicKeyInfo: SEQ { SEQ algorithm, BIT STRING { INTEGER } }. */
function derIntegerAtEnd(spki: Uint8Array, most: number): Uint8Array {
  const outer = derContent(spki);
  const afterAlgorithm = outer.rest(derContent(outer.content).end);
  const bits = derContent(afterAlgorithm).content.subarray(1);
  let integer = derContent(bits).content;
  while (integer.length > most && integer[0] === 0) integer = integer.subarray(1);
  return integer;
}

function derContent(der: Uint8Array): {
  content: Uint8Array;
  end: number;
  rest: (from: number) => Uint8Array;
} {
  const first = der[1] ?? 0;
  const more = first & 0x80 ? first & 0x7f : 0;
  let length = more === 0 ? first : 0;
  for (let i = 0; i < more; i++) length = length * 256 + (der[2 + i] ?? 0);
  const start = 2 + more;
  const content = der.subarray(start, start + length);
  return { content, end: start + length, rest: (from) => content.subarray(from) };
}

/** Not 0: the odds are nil, but a faulty source of randomness should not make a public value of 1. */
function drawExponent(random: Random, octets: number): Uint8Array {
  const exponent = random.octets(octets);
  if (exponent.every((octet) => octet === 0)) throw new Error('a source of randomness that gives zeroes');
  return exponent;
}

function groupName(bits: number): string {
  const names: Readonly<Record<number, string>> = { 2048: 'modp14', 3072: 'modp15', 4096: 'modp16' };
  const name = names[bits];
  if (name === undefined) throw new RangeError(`no MODP group of ${bits} bits`);
  return name;
}
