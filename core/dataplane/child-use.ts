import { limits } from '../base/limits.ts';

/** What a direction of a child has carried, as doubles: packets, then octets. */
export const useOctets = 16;

/** When a child is due to be replaced: what `DataplaneChild.rekeyAfter` says, in one direction. */
export interface UseLimits {
  readonly packets: number;
  readonly octets: number;
}

/**
 * How much one direction of a child has carried, and whether it is time to replace it: by packets, by inner octets, or
 * because its 32-bit sequence numbers come to their end. One thread owns it; nothing is allocated per packet.
 */
export class ChildUse {
  /** Packets and octets. A typed array keeps doubles in place where a field would get a new box. */
  readonly #carried: Float64Array;
  readonly #packets: number;
  readonly #octets: number;
  readonly #lastSequence: number;
  #told = false;
  #toldUsedUp = false;

  /** Without limits only the sequence numbers count, and extended ones (`esn`) never end. */
  constructor(
    rekeyAfter: UseLimits | undefined,
    esn: boolean,
    shared: SharedArrayBuffer = new SharedArrayBuffer(useOctets),
  ) {
    this.#carried = new Float64Array(shared);
    this.#lastSequence = esn ? Number.POSITIVE_INFINITY : limits.espRekeySequence;
    this.#packets = rekeyAfter?.packets ?? Number.POSITIVE_INFINITY;
    this.#octets = rekeyAfter?.octets ?? Number.POSITIVE_INFINITY;
  }

  /** One packet of `octets` inner octets went through, under `sequence`. True once: when a limit is reached. */
  count(octets: number, sequence: number): boolean {
    const carried = this.#carried;
    const packets = (carried[0] ?? 0) + 1;
    const sum = (carried[1] ?? 0) + octets;
    carried[0] = packets;
    carried[1] = sum;
    if (this.#told) return false;
    if (packets < this.#packets && sum < this.#octets && sequence < this.#lastSequence) return false;
    this.#told = true;
    return true;
  }

  /** A packet could not be sent because no sequence number is left. True once. */
  usedUp(): boolean {
    const first = !this.#toldUsedUp;
    this.#toldUsedUp = true;
    return first;
  }
}
