import { cbc, gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { concat, equalConstantTime } from '../../base/octets.ts';
import type { OpenPacketCipher, PacketCipher, PacketCipherKey } from '../interfaces.ts';
import { makePacketCipher, type PacketCipherShape } from '../packet-ciphers.ts';

/**
 * The packet ciphers in plain TypeScript: the same in every runtime, 25 to 100 us a packet. Used for IKE's SK payload
 * and as the oracle of the fast ones. `undefined` for numbers that `packetCipherShapes` lacks.
 */
export function noblePacketCipher(
  encryptionId: number,
  keyBits: number,
  integrityId: number,
): PacketCipher | undefined {
  return makePacketCipher({ aead: openAead, cbcHmac: openCbcHmac }, encryptionId, keyBits, integrityId);
}

function openAead(shape: PacketCipherShape, key: PacketCipherKey): OpenPacketCipher {
  const encryption = key.encryption.slice();
  const salt = key.salt.slice();
  const cipher = (associated: Uint8Array, iv: Uint8Array) =>
    (shape.encryptionId === 28 ? chacha20poly1305 : gcm)(encryption, concat(salt, iv), associated);
  return {
    seal: (associated, iv, plaintext) => cipher(associated, iv).encrypt(plaintext),
    unseal(associated, iv, sealed) {
      if (sealed.length < shape.icvOctets || iv.length !== shape.ivOctets) return undefined;
      try {
        return cipher(associated, iv).decrypt(sealed);
      } catch {
        // With the lengths checked, a wrong tag is the only thing left that throws.
        return undefined;
      }
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
  const hash = shape.integrityId === 12 ? sha256 : shape.integrityId === 13 ? sha384 : sha512;
  const icv = (associated: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array) =>
    hmac(hash, integrity, concat(associated, iv, ciphertext)).subarray(0, shape.icvOctets);
  return {
    seal(associated, iv, plaintext) {
      const ciphertext = cbc(encryption, iv, { disablePadding: true }).encrypt(plaintext);
      return concat(ciphertext, icv(associated, iv, ciphertext));
    },
    unseal(associated, iv, sealed) {
      const length = sealed.length - shape.icvOctets;
      if (length < 0 || length % shape.blockOctets !== 0 || iv.length !== shape.ivOctets) return undefined;
      const ciphertext = sealed.subarray(0, length);
      if (!equalConstantTime(icv(associated, iv, ciphertext), sealed.subarray(length))) return undefined;
      if (length === 0) return new Uint8Array(0);
      return cbc(encryption, iv, { disablePadding: true }).decrypt(ciphertext);
    },
    wipe() {
      encryption.fill(0);
      integrity.fill(0);
    },
  };
}
