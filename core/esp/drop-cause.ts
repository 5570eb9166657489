/**
 * Why a packet was dropped. The order is the layout of the counters; index 0 is "not dropped". A packet path reports
 * a cause as its index, so that nothing is allocated.
 */
export const dropCauses = [
  'none',
  /** Shorter than any ESP packet, or not cut to whole blocks. */
  'truncated',
  'unknown-spi',
  /** A sequence number seen before, or left of the window. @rfc 4303 3.4.3 */
  'replayed',
  'bad-tag',
  /** The padding is not 1, 2, 3, … or longer than the packet. @rfc 4303 2.4 */
  'padding',
  /** Next Header is neither IPv4, IPv6 nor the dummy's 59: tunnel mode has no others. */
  'next-header',
  /** A dummy packet of traffic flow confidentiality: nothing is wrong. @rfc 4303 2.6 */
  'dummy',
  /** The inner IP header contradicts the packet around it. */
  'malformed',
  /** The inner addresses, protocol or ports are outside the SA's traffic selectors. */
  'selector',
  /** It met congestion on the way, and its sender does not know the mark for that. @rfc 6040 4.2 */
  'congestion',
  /** No child SA takes this destination. */
  'no-child',
  /** The sequence numbers are used up: the SA must be replaced. @rfc 4303 3.3.3 */
  'sequence-exhausted',
  /** No room: the packet, or the socket's queue, is full. */
  'queue-full',
  /** Larger than the path takes, or (inbound) than any IKE message. */
  'too-big',
  /** The network or the TUN device refused the packet. */
  'refused',
] as const;

export type DropCause = (typeof dropCauses)[number];

/** The index of a cause, for use in constants. */
export function dropIndex(cause: DropCause): number {
  return dropCauses.indexOf(cause);
}
