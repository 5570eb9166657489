import type { PacketCipherKey } from '../interfaces.ts';
import { checkPacketCipherKey, type PacketCipherShape } from '../packet-ciphers.ts';
import { AeadOpener, AeadSealer } from './aead.ts';
import type { BulkOpener, BulkSealer } from './bulk-interfaces.ts';
import { CbcHmacOpener, CbcHmacSealer } from './cbc-hmac.ts';
import type { PacketMemory } from './packet-memory.ts';

export type { BulkOpener, BulkSealer } from './bulk-interfaces.ts';
export { adoptPacketMemory, allocatePacketMemory, type PacketMemory } from './packet-memory.ts';

/** @throws RangeError when the key has not the length that `cipher` states; Error when OpenSSL lacks the cipher. */
export function openBulkSealer(
  cipher: PacketCipherShape,
  key: PacketCipherKey,
  memory: PacketMemory,
): BulkSealer {
  checkPacketCipherKey(cipher, key);
  return cipher.integrityId === 0
    ? new AeadSealer(cipher, key, memory)
    : new CbcHmacSealer(cipher, key, memory);
}

/** @throws as `openBulkSealer`. */
export function openBulkOpener(
  cipher: PacketCipherShape,
  key: PacketCipherKey,
  memory: PacketMemory,
): BulkOpener {
  checkPacketCipherKey(cipher, key);
  return cipher.integrityId === 0
    ? new AeadOpener(cipher, key, memory)
    : new CbcHmacOpener(cipher, key, memory);
}
