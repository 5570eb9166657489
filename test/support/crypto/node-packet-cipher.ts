import {
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createHmac,
  timingSafeEqual,
} from 'node:crypto';
import { concat } from '../../../core/base/octets.ts';
import type { OpenPacketCipher, PacketCipher, PacketCipherKey } from '../../../core/crypto/interfaces.ts';
import { makePacketCipher, type PacketCipherShape } from '../../../core/crypto/packet-ciphers.ts';

/** The packet ciphers through node:crypto, as a second opinion on those of the product. `undefined` for numbers that `packetCipherShapes` lacks. */
export function nodePacketCipher(
  encryptionId: number,
  keyBits: number,
  integrityId: number,
): PacketCipher | undefined {
  return makePacketCipher({ aead: openAead, cbcHmac: openCbcHmac }, encryptionId, keyBits, integrityId);
}

function openAead(shape: PacketCipherShape, key: PacketCipherKey): OpenPacketCipher {
  const encryption = key.encryption.slice();
  const salt = key.salt.slice();
  // Node's types know ChaCha20-Poly1305 under another overload with the same methods.
  const name = (
    shape.encryptionId === 28 ? 'chacha20-poly1305' : `aes-${shape.keyBits}-gcm`
  ) as CipherGCMTypes;
  const options = { authTagLength: shape.icvOctets };
  return {
    seal(associated, iv, plaintext) {
      const cipher = createCipheriv(name, encryption, concat(salt, iv), options);
      cipher.setAAD(associated, { plaintextLength: plaintext.length });
      return concat(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
    },
    unseal(associated, iv, sealed) {
      const length = sealed.length - shape.icvOctets;
      if (length < 0 || iv.length !== shape.ivOctets) return undefined;
      const cipher = createDecipheriv(name, encryption, concat(salt, iv), options);
      cipher.setAAD(associated, { plaintextLength: length });
      cipher.setAuthTag(sealed.subarray(length));
      const plaintext = cipher.update(sealed.subarray(0, length));
      try {
        cipher.final();
      } catch {
        return undefined;
      }
      return new Uint8Array(plaintext);
    },
    wipe() {
      encryption.fill(0);
      salt.fill(0);
    },
  };
}

function openCbcHmac(shape: PacketCipherShape, key: PacketCipherKey): OpenPacketCipher {
  const encryption = key.encryption.slice();
  const integrity = key.integrity.slice();
  const hash = shape.integrityId === 12 ? 'sha256' : shape.integrityId === 13 ? 'sha384' : 'sha512';
  const name = `aes-${shape.keyBits}-cbc`;
  const icv = (associated: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array) => {
    const mac = createHmac(hash, integrity).update(associated).update(iv).update(ciphertext).digest();
    return mac.subarray(0, shape.icvOctets);
  };
  return {
    seal(associated, iv, plaintext) {
      if (plaintext.length % shape.blockOctets !== 0) throw new RangeError('plaintext that is not padded');
      const cipher = createCipheriv(name, encryption, iv).setAutoPadding(false);
      const ciphertext = concat(cipher.update(plaintext), cipher.final());
      return concat(ciphertext, icv(associated, iv, ciphertext));
    },
    unseal(associated, iv, sealed) {
      const length = sealed.length - shape.icvOctets;
      if (length < 0 || length % shape.blockOctets !== 0 || iv.length !== shape.ivOctets) return undefined;
      const ciphertext = sealed.subarray(0, length);
      if (!timingSafeEqual(icv(associated, iv, ciphertext), sealed.subarray(length))) return undefined;
      const cipher = createDecipheriv(name, encryption, iv).setAutoPadding(false);
      return concat(cipher.update(ciphertext), cipher.final());
    },
    wipe() {
      encryption.fill(0);
      integrity.fill(0);
    },
  };
}
