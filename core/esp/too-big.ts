import { readU16, writeU16 } from '../base/words.ts';
/**
 * The answer to a packet from the inside that is larger than the tunnel takes. The tunnel is the router that says so.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   Type = 3    |   Code = 4    |           Checksum            |   ICMP
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           unused = 0          |         Next-Hop MTU          |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |      Internet Header + as much of the packet as fits
 *
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   Type = 2    |   Code = 0    |           Checksum            |   ICMPv6
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                              MTU                              |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |      As much of the packet as fits
 *
 * @rfc 1191 4 @rfc 1812 4.3.2 @rfc 4443 3.2
 */
import { fold, pseudoHeaderSum, writeIpv4Checksum } from './checksum.ts';
import { type InnerPacket, protocolIcmp, protocolIcmpV6 } from './inner-packet.ts';

/** The most that an answer takes. @rfc 4443 2.4 */
export const tooBigOctets = 1_280;
const answerOctets4 = 576;
/** No link that carries IPv6 takes less: what is smaller is not answered but cut outside, around the ESP packet. @rfc 8200 5 */
const leastForIpv6 = 1_280;

const dontFragment = 0x40;
const offsetBits = 0x1fff;
const icmpOctets = 8;
/** Internetwork control. @rfc 1812 4.3.2.5 */
const controlClass = 0xc0;
const hops = 64;
const query4 = [0, 8, 9, 10, 13, 14, 15, 16, 17, 18, 42, 43];
const firstInformational6 = 128;
const redirect6 = 137;

/** The largest packet of this version that is sent as it is, where the tunnel's MTU is `mtu`. */
export function largestInner(mtu: number, version: 4 | 6): number {
  return version === 4 ? mtu : Math.max(mtu, leastForIpv6);
}

/** Whether routers may cut this packet. */
export function mayFragment(octets: Uint8Array, packet: InnerPacket): boolean {
  return packet.version === 4 && ((octets[packet.at + 6] ?? 0) & dontFragment) === 0;
}

/**
 * Writes the answer to `packet` at `at`, where `tooBigOctets` are free: "fragmentation needed" or "packet too big" with
 * `mtu`, from where the packet was going, so that no check of the way back takes it for forged. Answers its octets, or 0
 * where none may be sent: to an ICMP error, to a later fragment of IPv4, to or from what is not one host.
 * @rfc 1122 3.2.2 @rfc 4443 2.4
 */
export function writeTooBig(octets: Uint8Array, packet: InnerPacket, mtu: number, at: number): number {
  if (isIcmpError(octets, packet)) return 0;
  return packet.version === 4 ? write4(octets, packet, mtu, at) : write6(octets, packet, mtu, at);
}

function write4(octets: Uint8Array, packet: InnerPacket, mtu: number, at: number): number {
  const laterFragment = (readU16(octets, packet.at + 6) & offsetBits) !== 0;
  if (laterFragment || !isHost4(octets, packet.sourceAt) || !isHost4(octets, packet.destinationAt)) return 0;
  const quoted = Math.min(packet.length, answerOctets4 - 20 - icmpOctets);
  const length = 20 + icmpOctets + quoted;
  octets.fill(0, at, at + 20 + icmpOctets);
  octets[at] = 0x45;
  octets[at + 1] = controlClass;
  writeU16(octets, at + 2, length);
  octets[at + 6] = dontFragment;
  octets[at + 8] = hops;
  octets[at + 9] = protocolIcmp;
  octets.copyWithin(at + 12, packet.destinationAt, packet.destinationAt + 4);
  octets.copyWithin(at + 16, packet.sourceAt, packet.sourceAt + 4);
  writeIpv4Checksum(octets, at, 20);
  const icmp = at + 20;
  octets[icmp] = 3;
  octets[icmp + 1] = 4;
  writeU16(octets, icmp + 6, mtu);
  octets.copyWithin(icmp + icmpOctets, packet.at, packet.at + quoted);
  finishChecksum(octets, icmp, at + length, 0);
  return length;
}

function write6(octets: Uint8Array, packet: InnerPacket, mtu: number, at: number): number {
  const { sourceAt, destinationAt } = packet;
  if (octets[sourceAt] === 0xff || isZero(octets, sourceAt, 16)) return 0;
  const quoted = Math.min(packet.length, tooBigOctets - 40 - icmpOctets);
  octets.fill(0, at, at + 40 + icmpOctets);
  octets[at] = 0x60;
  writeU16(octets, at + 4, icmpOctets + quoted);
  octets[at + 6] = protocolIcmpV6;
  octets[at + 7] = hops;
  if (octets[destinationAt] === 0xff) {
    // A group cannot be a sender, and is to be answered all the same: the router has no other address than this.
    octets[at + 8] = 0xfe;
    octets[at + 9] = 0x80;
    octets[at + 23] = 1;
  } else octets.copyWithin(at + 8, destinationAt, destinationAt + 16);
  octets.copyWithin(at + 24, sourceAt, sourceAt + 16);
  const icmp = at + 40;
  octets[icmp] = 2;
  writeU16(octets, icmp + 6, mtu);
  octets.copyWithin(icmp + icmpOctets, packet.at, packet.at + quoted);
  const pseudo = pseudoHeaderSum(octets, 6, at + 8, protocolIcmpV6, icmpOctets + quoted);
  finishChecksum(octets, icmp, icmp + icmpOctets + quoted, pseudo);
  return 40 + icmpOctets + quoted;
}

/** What cannot be read counts as an error: better no answer than one too many. */
function isIcmpError(octets: Uint8Array, packet: InnerPacket): boolean {
  const icmp = packet.version === 4 ? protocolIcmp : protocolIcmpV6;
  if (packet.protocol !== icmp) return false;
  const hasType = packet.transportAt < packet.at + packet.length && packet.sourcePort >= 0;
  const type = octets[packet.transportAt] ?? 0;
  if (!hasType) return true;
  return packet.version === 4 ? !query4.includes(type) : type < firstInformational6 || type === redirect6;
}

/** Not a group, a broadcast, this host or nobody. Broadcasts of a subnet look like hosts. */
function isHost4(octets: Uint8Array, at: number): boolean {
  const first = octets[at] ?? 0;
  return first !== 0 && first !== 127 && first < 224;
}

function isZero(octets: Uint8Array, at: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (octets[at + i] !== 0) return false;
  return true;
}

/** `sum` is that of the pseudo-header, the field of the checksum at `start + 2` is zero. */
function finishChecksum(octets: Uint8Array, start: number, end: number, sum: number): void {
  let total = sum;
  for (let at = start; at < end; at += 2) {
    total += ((octets[at] ?? 0) << 8) | (at + 1 < end ? (octets[at + 1] ?? 0) : 0);
  }
  writeU16(octets, start + 2, ~fold(total) & 0xffff);
}
