import type { OpenPacketCipher, PacketCipher, Random } from '../crypto/interfaces.ts';
import type { IkeKeys } from './keymat.ts';

/** The two directions of an IKE SA's SK payloads, as seen by the initiator. @rfc 7296 3.14 */
export interface Protection {
  readonly outbound: OpenPacketCipher;
  readonly inbound: OpenPacketCipher;
  readonly cipher: PacketCipher;
  /** A fresh IV for one outbound message: random for CBC, a counter for an AEAD (never the same twice). @rfc 5282 3.1 */
  nextIv(): Uint8Array;
  wipe(): void;
}

export function createProtection(cipher: PacketCipher, keys: IkeKeys, random: Random): Protection {
  const outbound = cipher.open(keys.initiator);
  const inbound = cipher.open(keys.responder);
  let sent = 0n;
  return {
    outbound,
    inbound,
    cipher,
    nextIv: () => (cipher.randomIv ? random.octets(cipher.ivOctets) : counterIv(cipher.ivOctets, sent++)),
    wipe() {
      outbound.wipe();
      inbound.wipe();
    },
  };
}

function counterIv(length: number, count: bigint): Uint8Array {
  const iv = new Uint8Array(length);
  new DataView(iv.buffer).setBigUint64(length - 8, count);
  return iv;
}
