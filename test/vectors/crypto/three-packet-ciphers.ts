import assert from 'node:assert/strict';
import type { OpenPacketCipher, PacketCipher } from '../../../core/crypto/interfaces.ts';
import { noblePacketCipher } from '../../../core/crypto/noble/packet-cipher.ts';
import {
  allocatePacketMemory,
  openBulkOpener,
  openBulkSealer,
} from '../../../core/crypto/openssl/bulk-cipher.ts';
import { type PacketCipherShape, packetCipherShape } from '../../../core/crypto/packet-ciphers.ts';
import { nodePacketCipher } from '../../support/crypto/node-packet-cipher.ts';

/** Every implementation of one packet cipher, by name: each vector runs through all. */
export function threePacketCiphers(
  encryptionId: number,
  keyBits: number,
  integrityId: number,
): readonly (readonly [string, PacketCipher])[] {
  const noble = noblePacketCipher(encryptionId, keyBits, integrityId);
  const node = nodePacketCipher(encryptionId, keyBits, integrityId);
  const shape = packetCipherShape(encryptionId, keyBits, integrityId);
  assert.ok(noble && node && shape);
  return [
    ['noble', noble],
    ['node', node],
    ['openssl', bulkAsPacketCipher(shape)],
  ];
}

const memory = allocatePacketMemory(8192);

/** The bulk cipher behind the interface of the others: copies into packet memory and back. */
function bulkAsPacketCipher(shape: PacketCipherShape): PacketCipher {
  return {
    ...shape,
    open(key): OpenPacketCipher {
      const sealer = openBulkSealer(shape, key, memory);
      const opener = openBulkOpener(shape, key, memory);
      const place = (associated: Uint8Array, iv: Uint8Array, data: Uint8Array) => {
        memory.octets.set(associated, 0);
        memory.octets.set(iv, associated.length);
        memory.octets.set(data, associated.length + iv.length);
        return associated.length + iv.length;
      };
      return {
        seal(associated, iv, plaintext) {
          const at = place(associated, iv, plaintext);
          sealer.seal(0, associated.length, associated.length, at, plaintext.length);
          return memory.octets.slice(at, at + plaintext.length + shape.icvOctets);
        },
        unseal(associated, iv, sealed) {
          const at = place(associated, iv, sealed);
          const length = sealed.length - shape.icvOctets;
          if (!opener.open(0, associated.length, associated.length, at, length)) return undefined;
          return memory.octets.slice(at, at + length);
        },
        wipe() {
          sealer.close();
          opener.close();
        },
      };
    },
  };
}
