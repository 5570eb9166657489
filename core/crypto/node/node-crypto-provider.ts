import type { CryptoProvider } from '../interfaces.ts';
import { noblePacketCipher } from '../noble/packet-cipher.ts';
import { nodeHash, nodePrf } from './hash.ts';
import { nodeKeyExchange } from './key-exchanges.ts';
import { nodeSignatures } from './signatures.ts';

/** The algorithms for the control plane on Node: packet ciphers from noble, everything else from node:crypto. */
export function nodeCryptoProvider(): CryptoProvider {
  return {
    prf: nodePrf,
    packetCipher: noblePacketCipher,
    keyExchange: nodeKeyExchange,
    hash: nodeHash,
    signatures: nodeSignatures,
  };
}
