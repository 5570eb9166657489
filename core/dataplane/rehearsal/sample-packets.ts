import { fromHex } from '../../base/octets.ts';

/**
 * What a thin stream of packets is made of, between addresses for documentation (RFC 5737, RFC 3849): a ping of 56 octets, an ACK of TCP, a
 * datagram of 100 octets, an ACK over IPv6. As octets, since whatever makes them would be loaded by every worker.
 */
export function samplePackets(): readonly Uint8Array[] {
  return samples.map(({ hex, zeros }) => {
    const start = fromHex(hex);
    const octets = new Uint8Array(start.length + zeros);
    octets.set(start);
    return octets;
  });
}

const samples = [
  { hex: '45000054000040004001b6a5c0000201c0000202 0800f7fd00010001', zeros: 56 },
  { hex: '45000028000040004006b6ccc0000201c0000202 01bbc3500000000100000001501004 0062c30000', zeros: 0 },
  { hex: '45000080000040004011b669c0000201c0000202 0035c351006cb78b', zeros: 100 },
  {
    hex: `6000000000140640 20010db8000000000000000000000001 20010db8000000000000000000000002
      01bbc35000000001000000015010 04008b520000`,
    zeros: 0,
  },
] as const;
