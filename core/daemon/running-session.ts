import type { Duration, Instant } from '../base/time.ts';
import type { DataplaneCounters, PairCounters } from '../dataplane/dataplane.ts';
import type { TunnelState } from '../tunnel/io.ts';
import type { Doubt } from './session-deeds.ts';

/** One running connection, as the controller sees it. */
export interface RunningSession {
  connect(): void;
  disconnect(): void;
  /** Settles when nothing of it is left. */
  readonly finished: Promise<void>;
  provenAt(): Instant | undefined;
  counters(): DataplaneCounters;
  pairCounters(): readonly PairCounters[];
  /** Packets went through the tunnel a moment ago. */
  busy(): boolean;
  /** IKE datagrams that were dropped, by cause. */
  ikeDrops(): Readonly<Record<string, number>>;
  /** The last measured round trip that nobody has taken yet. */
  takeRoundTrip(): Duration | undefined;
  doubt(): Doubt | undefined;
  /** Asks the gateway whether it is there. */
  probe(): void;
}

/** What a session tells. */
export interface SessionEvents {
  readonly onState: (state: TunnelState) => void;
  /** Packets go through the tunnel again after a rest. */
  readonly onBusy: () => void;
}
