import { concat } from '../base/octets.ts';
import { utf8 } from '../base/utf8.ts';
import type { PacketCipher, PacketCipherKey, Prf } from '../crypto/interfaces.ts';
import type { IkeSpi } from '../wire/ike/payload.ts';

/** The nonces of IKE_SA_INIT, without payload headers; 16 to 256 octets each. */
export interface NoncePair {
  readonly initiator: Uint8Array;
  readonly responder: Uint8Array;
}

/** The seven keys of an IKE SA. AEADs leave `skA` out: their `integrity` keys are empty. @rfc 7296 2.14 */
export interface IkeKeys {
  /** SK_d: `prf.keyOctets` octets; every CHILD SA's keys come from it. */
  readonly skD: Uint8Array;
  /** SK_ei with its salt and SK_ai: what the initiator encrypts with. */
  readonly initiator: PacketCipherKey;
  /** SK_er with its salt and SK_ar. */
  readonly responder: PacketCipherKey;
  /** SK_pi and SK_pr: `prf.keyOctets` octets each; they go into AUTH. */
  readonly skPi: Uint8Array;
  readonly skPr: Uint8Array;
}

/** The keys of a CHILD SA, by who encrypts with them. */
export interface ChildKeys {
  readonly initiator: PacketCipherKey;
  readonly responder: PacketCipherKey;
}

/**
 * prf+ (K, S) = T1 | T2 | …, where Tn = prf(K, Tn-1 | S | n).
 *
 * @throws RangeError beyond 255 blocks, where the counter octet would wrap (a bug, not an input error).
 * @rfc 7296 2.13
 */
export function prfPlus(prf: Prf, key: Uint8Array, seed: Uint8Array, length: number): Uint8Array {
  if (length > 255 * prf.outputOctets) throw new RangeError('prf+ gives at most 255 blocks');
  const stream = new Uint8Array(length);
  let block: Uint8Array = new Uint8Array(0);
  for (let at = 0, counter = 1; at < length; counter++) {
    const next = prf.compute(key, block, seed, Uint8Array.of(counter));
    block.fill(0);
    block = next;
    stream.set(block.subarray(0, length - at), at);
    at += block.length;
  }
  block.fill(0);
  return stream;
}

/**
 * SKEYSEED = prf(Ni | Nr, g^ir). The key is both nonces in full: every PRF here is an HMAC, which takes a key of any
 * length (a PRF of fixed key length would take the first half of each nonce instead).
 *
 * @rfc 7296 2.14
 */
export function deriveSkeyseed(prf: Prf, nonces: NoncePair, sharedSecret: Uint8Array): Uint8Array {
  return prf.compute(concat(nonces.initiator, nonces.responder), sharedSecret);
}

/**
 * The SKEYSEED of an IKE SA that replaces another: SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), with the PRF and SK_d of
 * the old one. The keys of the new one follow by `deriveIkeKeys` with its own PRF, nonces and SPIs.
 *
 * @rfc 7296 2.18
 */
export function deriveRekeyedSkeyseed(
  old: { readonly prf: Prf; readonly skD: Uint8Array },
  nonces: NoncePair,
  sharedSecret: Uint8Array,
): Uint8Array {
  return old.prf.compute(old.skD, sharedSecret, nonces.initiator, nonces.responder);
}

/**
 * {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr} = prf+ (SKEYSEED, Ni | Nr | SPIi | SPIr).
 *
 * @rfc 7296 2.14
 */
export function deriveIkeKeys(
  suite: { readonly prf: Prf; readonly cipher: PacketCipher },
  skeyseed: Uint8Array,
  nonces: NoncePair,
  spis: { readonly initiator: IkeSpi; readonly responder: IkeSpi },
): IkeKeys {
  const { prf, cipher } = suite;
  const encryption = cipher.encryptionKeyOctets + cipher.saltOctets;
  const seed = concat(
    nonces.initiator,
    nonces.responder,
    spiOctets(spis.initiator),
    spiOctets(spis.responder),
  );
  const length = 3 * prf.keyOctets + 2 * (cipher.integrityKeyOctets + encryption);
  const stream = prfPlus(prf, skeyseed, seed, length);
  const take = taker(stream);
  const skD = take(prf.keyOctets);
  const skAi = take(cipher.integrityKeyOctets);
  const skAr = take(cipher.integrityKeyOctets);
  const initiator = splitKey(cipher, take(encryption), skAi);
  const responder = splitKey(cipher, take(encryption), skAr);
  const skPi = take(prf.keyOctets);
  const skPr = take(prf.keyOctets);
  stream.fill(0);
  return { skD, initiator, responder, skPi, skPr };
}

/**
 * KEYMAT = prf+ (SK_d, [g^ir |] Ni | Nr) for a CHILD SA: all keys of the initiator's direction first, in each direction the
 * encryption key (with its salt), then the integrity key.
 *
 * @rfc 7296 2.17
 */
export function deriveChildKeys(
  suite: { readonly prf: Prf; readonly cipher: PacketCipher },
  skD: Uint8Array,
  nonces: NoncePair,
  sharedSecret: Uint8Array = new Uint8Array(0),
): ChildKeys {
  const { prf, cipher } = suite;
  const encryption = cipher.encryptionKeyOctets + cipher.saltOctets;
  const seed = concat(sharedSecret, nonces.initiator, nonces.responder);
  const stream = prfPlus(prf, skD, seed, 2 * (encryption + cipher.integrityKeyOctets));
  const take = taker(stream);
  const direction = () => {
    const key = take(encryption);
    return splitKey(cipher, key, take(cipher.integrityKeyOctets));
  };
  const keys = { initiator: direction(), responder: direction() };
  stream.fill(0);
  seed.fill(0);
  return keys;
}

/**
 * AUTH of a side that has no certificate but a shared secret: the MSK of EAP, or SK_pi / SK_pr when the method made no key.
 * AUTH = prf(prf(secret, "Key Pad for IKEv2"), signed octets).
 *
 * @rfc 7296 2.15
 * @rfc 7296 2.16
 */
export function sharedSecretAuth(prf: Prf, secret: Uint8Array, signedOctets: Uint8Array): Uint8Array {
  const key = prf.compute(secret, keyPad);
  const auth = prf.compute(key, signedOctets);
  key.fill(0);
  return auth;
}

/** An IKE SPI as its 8 octets. */
export function spiOctets(spi: IkeSpi): Uint8Array {
  const octets = new Uint8Array(8);
  new DataView(octets.buffer).setBigUint64(0, spi);
  return octets;
}

/** Overwrites the keys of an IKE SA. */
export function wipeIkeKeys(keys: IkeKeys): void {
  wipeCipherKey(keys.initiator);
  wipeCipherKey(keys.responder);
  for (const key of [keys.skD, keys.skPi, keys.skPr]) key.fill(0);
}

function wipeCipherKey(key: PacketCipherKey): void {
  for (const part of [key.encryption, key.salt, key.integrity]) part.fill(0);
}

const keyPad = utf8.encode('Key Pad for IKEv2');

/** Copies, so that wiping one key leaves the others alone. */
function taker(stream: Uint8Array): (length: number) => Uint8Array {
  let at = 0;
  return (length) => {
    at += length;
    return stream.slice(at - length, at);
  };
}

/** The salt of an AEAD is the tail of its encryption key material. @rfc 5282 7.1 */
function splitKey(cipher: PacketCipher, material: Uint8Array, integrity: Uint8Array): PacketCipherKey {
  const encryption = material.slice(0, cipher.encryptionKeyOctets);
  const salt = material.slice(cipher.encryptionKeyOctets);
  material.fill(0);
  return { encryption, salt, integrity };
}
