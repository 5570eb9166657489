import { readU16 } from '../base/words.ts';
/**
 * Mends the checksum at `at` for one 16-bit word under it that became `after` from `before`: HC' = ~(~HC + ~m + m'). `odd`: the
 * word lies at an odd offset of what is summed, so its octets count the other way round. @rfc 1624 3
 */
export function mendChecksum(
  octets: Uint8Array,
  at: number,
  before: number,
  after: number,
  odd = false,
): void {
  const from = odd ? swap(before) : before;
  const to = odd ? swap(after) : after;
  let sum = (~readU16(octets, at) & 0xffff) + (~from & 0xffff) + to;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  const checksum = ~sum & 0xffff;
  octets[at] = checksum >> 8;
  octets[at + 1] = checksum & 0xff;
}

function swap(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8);
}
