import type { Duration } from '../../base/time.ts';

/** What was learnt in a network, and is good to know when this machine comes there again. Each part may be wrong by then. */
export interface NetworkLore {
  /** The largest IP packet that reached this gateway in one piece, in octets. */
  readonly pathMtu?: number;
  /** The gateway's packet came in after so much silence of ours: the NAT remembers us that long. */
  readonly heldMs?: Duration;
  /** After so much silence the NAT had forgotten us. */
  readonly lostMs?: Duration;
}

/** A network by a name that the driver made, and what it knows of it; no name: it will not be known again. */
export interface KnownNetwork {
  readonly network: string | undefined;
  readonly lore: NetworkLore;
}
