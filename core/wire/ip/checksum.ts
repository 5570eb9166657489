import type { IpAddress } from '../../base/address.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import { readU16 } from '../../base/words.ts';

/** The one's complement of the one's complement sum of all 16-bit words; an odd last octet counts as a high one. @rfc 1071 */
export function internetChecksum(octets: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < octets.length; i += 2) {
    sum += readU16(octets, i);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return ~sum & 0xffff;
}

/**
 * The pseudo header and the transport's octets behind it. Over a packet with a right checksum in place the sum is 0;
 * over one whose checksum field is zero it is the checksum. @rfc 8200 8.1 @rfc 768
 */
export function transportChecksum(
  source: IpAddress,
  destination: IpAddress,
  protocol: number,
  octets: Uint8Array,
): number {
  const writer = new ByteWriter(40 + octets.length).bytes(source.octets).bytes(destination.octets);
  if (source.family === 4) writer.u8(0).u8(protocol).u16(octets.length);
  else writer.u32(octets.length).u24(0).u8(protocol);
  return internetChecksum(writer.bytes(octets).finish());
}
