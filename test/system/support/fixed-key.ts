import type { CipherShape, PacketCipherKey } from '../../../core/crypto/interfaces.ts';

/** The key of an SA by its SPI: the same at both ends of a tunnel, different per direction. */
export function fixedKey(shape: CipherShape, spi: number): PacketCipherKey {
  const octets = (length: number) => new Uint8Array(length).map((_, i) => (spi >> (8 * (i % 4))) & 0xff);
  return {
    encryption: octets(shape.encryptionKeyOctets),
    salt: octets(shape.saltOctets),
    integrity: octets(shape.integrityKeyOctets),
  };
}
