import type { Random } from '../../crypto/interfaces.ts';
import { desEncrypt } from './challenge-response.ts';
import { rc4 } from './rc4.ts';

/** The longest password that can be sent, in octets of UTF-16. @rfc 2759 8.9 */
export const changedPasswordOctets = 512;

/**
 * The new password, for who knows the hash of the old one: 516 octets. `newPassword` is UTF-16LE of at most 512 octets.
 * @rfc 2759 8.9
 */
export function encryptedPassword(
  newPassword: Uint8Array,
  oldPasswordHash: Uint8Array,
  random: Random,
): Uint8Array {
  const block = new Uint8Array(changedPasswordOctets + 4);
  block.set(random.octets(changedPasswordOctets - newPassword.length));
  block.set(newPassword, changedPasswordOctets - newPassword.length);
  new DataView(block.buffer).setUint32(changedPasswordOctets, newPassword.length, true);
  const encrypted = rc4(oldPasswordHash, block);
  block.fill(0);
  return encrypted;
}

/** The hash of the old password under that of the new one: 16 octets. @rfc 2759 8.12 */
export function encryptedOldHash(oldPasswordHash: Uint8Array, newPasswordHash: Uint8Array): Uint8Array {
  const encrypted = new Uint8Array(16);
  encrypted.set(desEncrypt(newPasswordHash.subarray(0, 7), oldPasswordHash.subarray(0, 8)), 0);
  encrypted.set(desEncrypt(newPasswordHash.subarray(7, 14), oldPasswordHash.subarray(8, 16)), 8);
  return encrypted;
}
