/** Octets of struct virtio_net_hdr in front of each packet of a TUN device with IFF_VNET_HDR. */
export const virtioHeaderOctets = 10;

export const gsoNone = 0;
export const gsoTcp4 = 1;
export const gsoTcp6 = 4;
export const gsoUdp = 5;

const needsChecksum = 1;
const ecnBit = 0x80;

/**
 * What the kernel says about a packet: whether its checksum is still to be finished, and into what pieces it is to be
 * cut. All numbers are in the machine's order; offsets count from the packet's first octet.
 *
 * ```
 *  flags | gso_type | hdr_len (16) | gso_size (16) | csum_start (16) | csum_offset (16)
 * ```
 */
export class VirtioHeader {
  needsChecksum = false;
  gsoType = gsoNone;
  gsoSize = 0;
  checksumStart = 0;
  checksumOffset = 0;

  read(octets: Uint8Array, at: number): void {
    this.needsChecksum = ((octets[at] ?? 0) & needsChecksum) !== 0;
    this.gsoType = (octets[at + 1] ?? 0) & ~ecnBit;
    this.gsoSize = readLittle(octets, at + 4);
    this.checksumStart = readLittle(octets, at + 6);
    this.checksumOffset = readLittle(octets, at + 8);
  }
}

/** A header that says nothing: a plain packet with its checksum. */
export function writePlainHeader(octets: Uint8Array, at: number): void {
  for (let i = 0; i < virtioHeaderOctets; i++) octets[at + i] = 0;
}

/** What a merged packet is, and where its transport header has the checksum. */
export interface MergedKind {
  readonly gsoType: number;
  readonly checksumOffset: number;
}

export const mergedKinds = {
  tcp4: { gsoType: gsoTcp4, checksumOffset: 16 },
  tcp6: { gsoType: gsoTcp6, checksumOffset: 16 },
  udp: { gsoType: gsoUdp, checksumOffset: 6 },
} as const satisfies Record<string, MergedKind>;

/** A header for a merged packet whose checksum field holds the pseudo-header's sum. */
export function writeMergedHeader(
  octets: Uint8Array,
  at: number,
  kind: MergedKind,
  ipHeaderLength: number,
  headersLength: number,
  gsoSize: number,
): void {
  octets[at] = needsChecksum;
  octets[at + 1] = kind.gsoType;
  writeLittle(octets, at + 2, headersLength);
  writeLittle(octets, at + 4, gsoSize);
  writeLittle(octets, at + 6, ipHeaderLength);
  writeLittle(octets, at + 8, kind.checksumOffset);
}

function readLittle(octets: Uint8Array, at: number): number {
  return (octets[at] ?? 0) | ((octets[at + 1] ?? 0) << 8);
}

function writeLittle(octets: Uint8Array, at: number, value: number): void {
  octets[at] = value & 0xff;
  octets[at + 1] = value >> 8;
}
