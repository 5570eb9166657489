import type { CryptoProvider, PacketCipherKey, Random } from '../../../core/crypto/interfaces.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';

/** A crypto provider that remembers the keys that ciphers were opened with, and which key exchanges were wiped. */
export function watchedCrypto() {
  const real = nodeCryptoProvider();
  const keys: PacketCipherKey[] = [];
  const exchanges = { made: 0, wiped: 0 };
  const crypto: CryptoProvider = {
    ...real,
    packetCipher: (...numbers) => {
      const cipher = real.packetCipher(...numbers);
      if (cipher === undefined) return undefined;
      const open = (key: PacketCipherKey) => {
        keys.push(key);
        return cipher.open(key);
      };
      return { ...cipher, open };
    },
    keyExchange: (id) => {
      const group = real.keyExchange(id);
      if (group === undefined) return undefined;
      const generate = (random: Random) => {
        const secret = group.generate(random);
        exchanges.made += 1;
        const wipe = () => {
          exchanges.wiped += 1;
          secret.wipe();
        };
        return { publicValue: secret.publicValue, agree: (theirs: Uint8Array) => secret.agree(theirs), wipe };
      };
      return { ...group, generate };
    },
  };
  return { crypto, keys, exchanges };
}

export function isWiped(key: PacketCipherKey): boolean {
  return key.encryption.every((octet) => octet === 0);
}
