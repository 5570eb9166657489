import { limits } from '../base/limits.ts';

/** What a sockaddr takes, of either family. */
const nameOctets = 28;
const slotOctets = 2_048;

/**
 * Datagrams of SPIs that no child has. A peer sends on a CHILD SA as soon as it has made it, so its packets may come before the
 * IKE message that makes the child here; they wait for it. The newest are kept, in memory that does not grow: what is never
 * asked for is overwritten. Nothing in here is believed: the child's ICV decides. @rfc 7296 2.8
 */
export class EarlyDatagrams {
  #octets = new Uint8Array(0);
  readonly #spis = new Uint32Array(limits.earlyDatagrams);
  readonly #lengths = new Uint16Array(limits.earlyDatagrams);
  readonly #outerClasses = new Uint8Array(limits.earlyDatagrams);
  readonly #paths = new Int32Array(limits.earlyDatagrams);
  /** How many were kept since the start. */
  #kept = 0;

  /** Copies it. `name`: the sender's sockaddr at `nameAt`. False: too long to be kept. */
  keep(
    spi: number,
    octets: Uint8Array,
    at: number,
    length: number,
    outerClass: number,
    path: number,
    name: Uint8Array,
    nameAt: number,
  ): boolean {
    if (length > slotOctets - nameOctets) return false;
    if (this.#octets.length === 0) this.#octets = new Uint8Array(limits.earlyDatagrams * slotOctets);
    const slot = this.#kept % limits.earlyDatagrams;
    this.#kept += 1;
    this.#spis[slot] = spi;
    this.#lengths[slot] = length;
    this.#outerClasses[slot] = outerClass;
    this.#paths[slot] = path;
    this.#octets.set(name.subarray(nameAt, nameAt + nameOctets), slot * slotOctets);
    this.#octets.set(octets.subarray(at, at + length), slot * slotOctets + nameOctets);
    return true;
  }

  /** Those of `spi`, in the order of their arrival. They are forgotten here. */
  *take(spi: number): Generator<EarlyDatagram> {
    if (spi === 0 || this.#kept === 0) return;
    const from = Math.max(0, this.#kept - limits.earlyDatagrams);
    for (let index = from; index < this.#kept; index++) {
      const slot = index % limits.earlyDatagrams;
      if (this.#spis[slot] !== spi) continue;
      this.#spis[slot] = 0;
      const at = slot * slotOctets;
      const length = this.#lengths[slot] ?? 0;
      yield {
        octets: this.#octets.subarray(at + nameOctets, at + nameOctets + length),
        name: this.#octets.subarray(at, at + nameOctets),
        outerClass: this.#outerClasses[slot] ?? 0,
        path: this.#paths[slot] ?? 0,
      };
    }
  }
}

/** Valid until the next is kept. */
export interface EarlyDatagram {
  readonly octets: Uint8Array;
  /** The sender's sockaddr. */
  readonly name: Uint8Array;
  /** DSCP and ECN around it. */
  readonly outerClass: number;
  readonly path: number;
}
