import type { Failure } from '../base/errors.ts';
import type { Result } from '../base/result.ts';

/** A source of random octets. Production uses the system's; a simulation a seeded one. */
export interface Random {
  /** `count` fresh octets, owned by the caller. */
  octets(count: number): Uint8Array;
}

export type HashName = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** A pseudo-random function of IKEv2, always HMAC here. @rfc 7296 2.13 */
export interface Prf {
  /** IANA number, transform type 2. */
  readonly id: number;
  readonly name: string;
  /** Preferred key size and output size, in octets (equal for HMAC). */
  readonly keyOctets: number;
  readonly outputOctets: number;
  /** PRF over the concatenation of `data`. The result is owned by the caller. */
  compute(key: Uint8Array, ...data: readonly Uint8Array[]): Uint8Array;
}

/**
 * How one packet is encrypted and authenticated: an AEAD, or CBC encryption followed by HMAC. Both IKE's SK payload
 * and ESP have the shape `associated data || IV || ciphertext || ICV`; for CBC+HMAC the ICV covers all before it.
 * Plain data, so that it can be handed to a worker.
 */
export interface CipherShape {
  readonly name: string;
  /** IANA transform type 1. */
  readonly encryptionId: number;
  readonly keyBits: number;
  /** IANA transform type 3; 0 for an AEAD. */
  readonly integrityId: number;
  /** Key material in the order in which RFC 7296 2.17 takes it: encryption key with its salt, then integrity key. */
  readonly encryptionKeyOctets: number;
  readonly saltOctets: number;
  readonly integrityKeyOctets: number;
  readonly ivOctets: number;
  readonly icvOctets: number;
  /** The plaintext with its padding must be a multiple of this (1 for stream-like AEADs; ESP rounds up to 4 itself). */
  readonly blockOctets: number;
  /** True when the IV must be unpredictable (CBC); false when it must only be unique (AEAD). */
  readonly randomIv: boolean;
}

export interface PacketCipher extends CipherShape {
  /** @throws RangeError when a key has not the stated length (a bug, not an input error). */
  open(key: PacketCipherKey): OpenPacketCipher;
}

export interface PacketCipherKey {
  /** `encryptionKeyOctets` octets. */
  readonly encryption: Uint8Array;
  /** `saltOctets` octets. */
  readonly salt: Uint8Array;
  /** `integrityKeyOctets` octets. */
  readonly integrity: Uint8Array;
}

/** A cipher with its key. Not for the bulk path: the data plane has its own, in place and without allocation. */
export interface OpenPacketCipher {
  /** `ciphertext || ICV` for a plaintext that is already padded. */
  seal(associated: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** The padded plaintext, or `undefined` when the ICV does not verify. */
  unseal(associated: Uint8Array, iv: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
  wipe(): void;
}

/** A Diffie-Hellman group. */
export interface KeyExchange {
  /** IANA transform type 4. */
  readonly id: number;
  readonly name: string;
  /** Size of the public value in the KE payload, in octets. */
  readonly publicOctets: number;
  generate(random: Random): KeyExchangeSecret;
}

export interface KeyExchangeSecret {
  readonly publicValue: Uint8Array;
  /** The shared secret g^ir (zero-padded to the modulus for MODP; the x coordinate for ECP), or why the peer's value is refused. */
  agree(peerPublic: Uint8Array): Result<Uint8Array, Failure>;
  wipe(): void;
}

export type SignatureScheme =
  | { readonly kind: 'rsa-pkcs1'; readonly hash: HashName }
  | { readonly kind: 'rsa-pss'; readonly hash: HashName; readonly saltOctets: number }
  /** DER for RFC 7427, IEEE P1363 (r || s) for the classic methods 9 to 11. */
  | { readonly kind: 'ecdsa'; readonly hash: HashName; readonly encoding: 'der' | 'p1363' }
  | { readonly kind: 'ed25519' }
  | { readonly kind: 'ed448' };

export type PublicKeyKind = 'rsa' | 'ec-p256' | 'ec-p384' | 'ec-p521' | 'ed25519' | 'ed448' | 'other';

export interface Signatures {
  /** The kind of key in a SubjectPublicKeyInfo (DER). */
  kindOf(spki: Uint8Array): PublicKeyKind;
  /** False for a bad signature, a key that does not fit the scheme, or a key that can't be read. */
  verify(scheme: SignatureScheme, spki: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean;
}

/** A private key that can sign; it may live elsewhere (a token), so signing can be refused. */
export interface Signer {
  readonly kind: PublicKeyKind;
  sign(scheme: SignatureScheme, data: Uint8Array): Uint8Array;
}

/** All that the protocol engines need. `prf`, `packetCipher` and `keyExchange` answer `undefined` for what they lack. */
export interface CryptoProvider {
  prf(id: number): Prf | undefined;
  /** `integrityId` 0 asks for an AEAD. */
  packetCipher(encryptionId: number, keyBits: number, integrityId: number): PacketCipher | undefined;
  keyExchange(id: number): KeyExchange | undefined;
  hash(name: HashName, ...data: readonly Uint8Array[]): Uint8Array;
  readonly signatures: Signatures;
}
