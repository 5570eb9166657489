import type { InnerPacket } from '../../esp/inner-packet.ts';
import { flowHash } from './flow-hash.ts';
import type { FlowSteering } from './flow-steering.ts';
import type { LaneWriter } from './lane-ring.ts';

/** Where a packet went that was read from the TUN device. */
export type Handover = 'own' | 'given' | 'full';

/** What the worker that reads the TUN device knows of its own work and of the lanes to the others. */
export class OutboundLanes {
  /** Packets that were taken here, and that have left. */
  readonly #own = { pushed: 0, done: 0 };
  /** By pair; the first one is the reader's own. */
  readonly #lanes: (LaneWriter | { pushed: number; done: number } | undefined)[] = [this.#own];
  readonly #writers: (LaneWriter | undefined)[] = [];
  #gave = false;
  /** Whether flows go to other pairs. */
  spread = false;

  open(pair: number, writer: LaneWriter): void {
    this.#lanes[pair] = writer;
    this.#writers[pair] = writer;
  }

  close(pair: number): void {
    this.#lanes[pair] = undefined;
    this.#writers[pair] = undefined;
  }

  /**
   * All that was taken here has left. The others get to work: not sooner, as each waking costs more than a packet. Whether they were
   * given anything since the last time.
   */
  settle(): boolean {
    this.#own.done = this.#own.pushed;
    for (const lane of this.#writers) lane?.wakeReader();
    const gave = this.#gave;
    this.#gave = false;
    return gave;
  }

  /**
   * Finds the one of `pairs` for the packet and hands it over, unless it is the reader's own: the `length` octets at `from`, of which
   * `headOctets` are the virtio header. `flush` sends what the reader has gathered, before it waits for another.
   */
  hand(
    steering: FlowSteering,
    pairs: readonly number[],
    packet: InnerPacket,
    octets: Uint8Array,
    from: number,
    length: number,
    headOctets: number,
    flush: () => void,
  ): Handover {
    const hash = flowHash(octets, packet);
    let to = steering.choose(hash, pairs, this.#lanes, length, this.spread);
    if (!pairs.includes(to)) to = this.#await(hash, length, to, steering, pairs, flush);
    if (to === 0) {
      this.#own.pushed++;
      steering.given(hash, this.#own);
      return 'own';
    }
    const lane = this.#writers[to];
    if (lane === undefined || !this.#hasRoom(lane, length, flush)) return 'full';
    lane.push(octets, from, length, headOctets, 0);
    this.#gave = true;
    steering.given(hash, lane);
    return 'given';
  }

  /** The pair that the flow is on has no SA for it any more: it goes on when its last packet has left. */
  #await(
    hash: number,
    length: number,
    on: number,
    steering: FlowSteering,
    pairs: readonly number[],
    flush: () => void,
  ): number {
    flush();
    const lane = this.#writers[on];
    while (lane !== undefined && !lane.drained && lane.awaitProgress()) {}
    const to = steering.choose(hash, pairs, this.#lanes, length, this.spread);
    if (pairs.includes(to)) return to;
    steering.forget(hash);
    return steering.choose(hash, pairs, this.#lanes, length, this.spread);
  }

  #hasRoom(lane: LaneWriter, length: number, flush: () => void): boolean {
    if (lane.fits(length)) return true;
    flush();
    return lane.makeRoom(length);
  }
}
