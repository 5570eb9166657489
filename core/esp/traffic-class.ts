import type { InnerPacket } from './inner-packet.ts';
import { mendChecksum } from './mend-checksum.ts';

const notCapable = 0;
const capable1 = 1;
const capable0 = 2;
const experienced = 3;

/** DSCP and ECN of an inner packet: what the outer header has too. @rfc 6040 4.1 @rfc 4301 5.1.2 */
export function trafficClassOf(octets: Uint8Array, packet: InnerPacket): number {
  const { at } = packet;
  if (packet.version === 4) return octets[at + 1] ?? 0;
  return (((octets[at] ?? 0) & 0x0f) << 4) | ((octets[at + 1] ?? 0) >> 4);
}

/**
 * Brings congestion that the outer packet met (`outer`: its traffic class) into the inner one, whose DSCP stays as it is.
 * False when the packet must be dropped: it met congestion, and its sender would not understand the mark.
 * @rfc 6040 4.2
 */
export function bringInCongestion(octets: Uint8Array, packet: InnerPacket, outer: number): boolean {
  const mark = outer & 3;
  // By far the most packets.
  if (mark === notCapable || mark === capable0) return true;
  const own = trafficClassOf(octets, packet) & 3;
  if (own === notCapable) return mark !== experienced;
  if (own === experienced || mark === own || (mark === capable1 && own !== capable0)) return true;
  setCongestion(octets, packet, mark);
  return true;
}

function setCongestion(octets: Uint8Array, packet: InnerPacket, mark: number): void {
  const at = packet.at + 1;
  if (packet.version === 6) {
    octets[at] = ((octets[at] ?? 0) & 0xcf) | (mark << 4);
    return;
  }
  const before = octets[at] ?? 0;
  const after = (before & 0xfc) | mark;
  octets[at] = after;
  // The words of which these are the low octets have the same high one.
  mendChecksum(octets, packet.at + 10, before, after);
}
