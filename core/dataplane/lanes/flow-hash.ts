import { readU32 } from '../../base/words.ts';
import { type InnerPacket, protocolTcp } from '../../esp/inner-packet.ts';

/**
 * A number of 32 bits that all packets of a flow share: over addresses and protocol, for TCP over ports too. Other protocols
 * leave ports out, as fragments of a datagram have none; so do network cards by default.
 */
export function flowHash(octets: Uint8Array, packet: InnerPacket): number {
  const { sourceAt, transportAt, version } = packet;
  // Source and destination are neighbours in both headers.
  const end = sourceAt + (version === 4 ? 8 : 32);
  let hash = packet.protocol;
  for (let at = sourceAt; at < end; at += 4) hash = mix(hash, readU32(octets, at));
  if (packet.protocol === protocolTcp && !packet.fragment && packet.sourcePort >= 0)
    hash = mix(hash, readU32(octets, transportAt));
  return finish(hash);
}

/** The rounds of MurmurHash3: neighbouring ports end far apart. */
function mix(hash: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const h = hash ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
