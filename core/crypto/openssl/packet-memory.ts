import type { PacketMemory } from '../../base/packet-memory.ts';
import { addressOf } from './evp.ts';

export type { PacketMemory } from '../../base/packet-memory.ts';

/** `count` zeroed octets, for as long as `octets` is referenced. */
export function allocatePacketMemory(count: number): PacketMemory {
  return adoptPacketMemory(new Uint8Array(new ArrayBuffer(count)));
}

/** Memory that exists already, e.g. over a SharedArrayBuffer. See `addressOf` for what may be adopted. */
export function adoptPacketMemory(octets: Uint8Array): PacketMemory {
  return { octets, address: addressOf(octets) };
}

/** A wrong offset would let OpenSSL write anywhere in the process: this check is what keeps a bug a mere exception. */
export function checkPlaces(
  memory: PacketMemory,
  associatedAt: number,
  associatedLength: number,
  ivAt: number,
  ivLength: number,
  dataAt: number,
  dataLength: number,
): void {
  const end = memory.octets.length;
  if (
    !(associatedAt >= 0 && associatedLength >= 0 && associatedAt + associatedLength <= end) ||
    !(ivAt >= 0 && ivAt + ivLength <= end) ||
    !(dataAt >= 0 && dataLength >= 0 && dataAt + dataLength <= end)
  )
    throw new RangeError('a packet outside its memory');
}
