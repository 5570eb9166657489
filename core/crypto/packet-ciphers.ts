import type { OpenPacketCipher, PacketCipher, PacketCipherKey } from './interfaces.ts';

/** What a packet cipher is, without the code that does it: plain data that can be sent to a worker. */
export type PacketCipherShape = Omit<PacketCipher, 'open'>;

const aesKeyBits = [256, 192, 128] as const;
const hmacs = [
  { id: 12, name: 'sha256', keyOctets: 32, icvOctets: 16 },
  { id: 13, name: 'sha384', keyOctets: 48, icvOctets: 24 },
  { id: 14, name: 'sha512', keyOctets: 64, icvOctets: 32 },
] as const;

/** Every cipher for IKE's SK payload and for ESP. @rfc 4106 @rfc 5282 @rfc 7634 @rfc 3602 @rfc 4868 */
export const packetCipherShapes: readonly PacketCipherShape[] = [
  ...aesKeyBits.map(aesGcm),
  {
    name: 'chacha20poly1305',
    encryptionId: 28,
    keyBits: 256,
    integrityId: 0,
    encryptionKeyOctets: 32,
    saltOctets: 4,
    integrityKeyOctets: 0,
    ivOctets: 8,
    icvOctets: 16,
    blockOctets: 1,
    randomIv: false,
  },
  ...aesKeyBits.flatMap((keyBits) => hmacs.map((hmac) => aesCbcHmac(keyBits, hmac))),
];

/**
 * By IANA numbers: encryption (type 1), key length, integrity (type 3, 0 for an AEAD). ChaCha20-Poly1305 has no Key
 * Length attribute on the wire, so 0 means its 256 bits too.
 */
export function packetCipherShape(
  encryptionId: number,
  keyBits: number,
  integrityId: number,
): PacketCipherShape | undefined {
  return packetCipherShapes.find(
    (shape) =>
      shape.encryptionId === encryptionId &&
      shape.integrityId === integrityId &&
      (shape.keyBits === keyBits || (encryptionId === 28 && keyBits === 0)),
  );
}

function aesGcm(keyBits: number): PacketCipherShape {
  return {
    name: `aes${keyBits}gcm16`,
    encryptionId: 20,
    keyBits,
    integrityId: 0,
    encryptionKeyOctets: keyBits / 8,
    saltOctets: 4,
    integrityKeyOctets: 0,
    ivOctets: 8,
    icvOctets: 16,
    blockOctets: 1,
    randomIv: false,
  };
}

function aesCbcHmac(keyBits: number, hmac: (typeof hmacs)[number]): PacketCipherShape {
  return {
    name: `aes${keyBits}-${hmac.name}`,
    encryptionId: 12,
    keyBits,
    integrityId: hmac.id,
    encryptionKeyOctets: keyBits / 8,
    saltOctets: 0,
    integrityKeyOctets: hmac.keyOctets,
    ivOctets: 16,
    icvOctets: hmac.icvOctets,
    blockOctets: 16,
    randomIv: true,
  };
}

/** How one library makes the two kinds of packet cipher. Lengths are checked before. */
export interface PacketCipherMakers {
  readonly aead: (shape: PacketCipherShape, key: PacketCipherKey) => OpenPacketCipher;
  readonly cbcHmac: (shape: PacketCipherShape, key: PacketCipherKey) => OpenPacketCipher;
}

/** The packet cipher with these IANA numbers, as one library does it. `undefined` for numbers that `packetCipherShapes` lacks. */
export function makePacketCipher(
  makers: PacketCipherMakers,
  encryptionId: number,
  keyBits: number,
  integrityId: number,
): PacketCipher | undefined {
  const shape = packetCipherShape(encryptionId, keyBits, integrityId);
  if (shape === undefined) return undefined;
  return {
    ...shape,
    open(key) {
      checkPacketCipherKey(shape, key);
      return (shape.integrityId === 0 ? makers.aead : makers.cbcHmac)(shape, key);
    },
  };
}

/** @throws RangeError when `key` has not the lengths that `shape` states. */
export function checkPacketCipherKey(shape: PacketCipherShape, key: PacketCipherKey): void {
  if (
    key.encryption.length !== shape.encryptionKeyOctets ||
    key.salt.length !== shape.saltOctets ||
    key.integrity.length !== shape.integrityKeyOctets
  )
    throw new RangeError(`a key of the wrong length for ${shape.name}`);
}
