import type { PacketCipherKey } from '../interfaces.ts';
import { checkPacketCipherKey, type PacketCipherShape } from '../packet-ciphers.ts';
import { AeadOpener, AeadSealer } from './aead.ts';
import type { BulkOpener, BulkSealer } from './bulk-interfaces.ts';
import { type CallRunner, callRunner } from './call-runner.ts';
import { CbcHmacOpener, CbcHmacSealer } from './cbc-hmac.ts';
import type { PacketMemory } from './packet-memory.ts';

export type { BulkBatch, BulkOpener, BulkSealer } from './bulk-interfaces.ts';
export { adoptPacketMemory, allocatePacketMemory, type PacketMemory } from './packet-memory.ts';

/** What runs a batch; without one packets are sealed and opened one by one. */
export type RunnerSource = () => CallRunner | undefined;

/** @throws RangeError when the key has not the length that `cipher` states; Error when OpenSSL lacks the cipher. */
export function openBulkSealer(
  cipher: PacketCipherShape,
  key: PacketCipherKey,
  memory: PacketMemory,
  runner: RunnerSource = callRunner,
): BulkSealer {
  checkPacketCipherKey(cipher, key);
  return cipher.integrityId === 0
    ? new AeadSealer(cipher, key, memory, runner())
    : new CbcHmacSealer(cipher, key, memory);
}

/** @throws as `openBulkSealer`. */
export function openBulkOpener(
  cipher: PacketCipherShape,
  key: PacketCipherKey,
  memory: PacketMemory,
  runner: RunnerSource = callRunner,
): BulkOpener {
  checkPacketCipherKey(cipher, key);
  return cipher.integrityId === 0
    ? new AeadOpener(cipher, key, memory, runner())
    : new CbcHmacOpener(cipher, key, memory);
}
