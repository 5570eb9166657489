import { readU16 } from '../base/words.ts';
import { type InnerPacket, protocolTcp } from './inner-packet.ts';
import { mendChecksum } from './mend-checksum.ts';

const flagSyn = 0x02;
const optionEnd = 0;
const optionNop = 1;
const optionMss = 2;

/**
 * Lowers the MSS option of a TCP SYN to `mss` where it is larger, and mends the checksum by the difference
 * (@rfc 1624). Other packets stay as they are. True when something was changed. The checksum must be a whole one.
 */
export function clampMss(octets: Uint8Array, packet: InnerPacket, mss: number): boolean {
  if (packet.protocol !== protocolTcp || packet.sourcePort < 0) return false;
  const at = packet.transportAt;
  const end = packet.at + packet.length;
  if (at + 20 > end || ((octets[at + 13] ?? 0) & flagSyn) === 0) return false;
  const optionsEnd = at + ((octets[at + 12] ?? 0) >> 4) * 4;
  if (optionsEnd > end) return false;
  const option = findMss(octets, at + 20, optionsEnd);
  if (option < 0) return false;
  const old = readU16(octets, option + 2);
  if (old <= mss) return false;
  octets[option + 2] = mss >> 8;
  octets[option + 3] = mss & 0xff;
  mendChecksum(octets, at + 16, old, mss, ((option - at) & 1) === 1);
  return true;
}

function findMss(octets: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; ) {
    const kind = octets[at] ?? 0;
    if (kind === optionEnd) return -1;
    if (kind === optionNop) {
      at++;
      continue;
    }
    const length = at + 1 < end ? (octets[at + 1] ?? 0) : 0;
    if (length < 2 || at + length > end) return -1;
    if (kind === optionMss) return length === 4 ? at : -1;
    at += length;
  }
  return -1;
}
