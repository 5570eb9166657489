import { limits } from '../base/limits.ts';
import { socketAddressOctets } from '../platform/linux/socket-address.ts';

const slotOctets = 2_048;

/** Where a datagram came from. */
export interface DatagramOrigin {
  /** DSCP and ECN around it. */
  outerClass: number;
  /** The sender's sockaddr is there, at `nameAt`. */
  name: Uint8Array;
  nameAt: number;
  /** -1: by a lane. */
  path: number;
}

/** Valid until the next is kept. */
export interface EarlyDatagram {
  readonly octets: Uint8Array;
  readonly from: DatagramOrigin;
}

/**
 * Datagrams of SPIs that no child has. A peer sends on a CHILD SA as soon as it has made it, so its packets may come before the
 * IKE message that makes the child here; they wait for it. The newest are kept, in memory that does not grow: what nobody asks
 * for is overwritten. Nothing in here is believed: the ICV decides when the child is there.
 *
 * @rfc 7296 2.8
 */
export class EarlyDatagrams {
  #octets = new Uint8Array(0);
  readonly #names = new Uint8Array(limits.earlyDatagrams * socketAddressOctets);
  /** 0 for a slot that holds nothing. */
  readonly #spis = new Uint32Array(limits.earlyDatagrams);
  readonly #lengths = new Uint16Array(limits.earlyDatagrams);
  readonly #outerClasses = new Uint8Array(limits.earlyDatagrams);
  readonly #paths = new Int32Array(limits.earlyDatagrams);
  /** How many were kept since the start. */
  #kept = 0;

  /** Copies the datagram at `at`, unless it is longer than a slot. */
  keep(spi: number, octets: Uint8Array, at: number, length: number, from: DatagramOrigin): void {
    if (length > slotOctets) return;
    if (this.#octets.length === 0) this.#octets = new Uint8Array(limits.earlyDatagrams * slotOctets);
    const slot = this.#kept % limits.earlyDatagrams;
    this.#kept += 1;
    this.#spis[slot] = spi;
    this.#lengths[slot] = length;
    this.#outerClasses[slot] = from.outerClass;
    this.#paths[slot] = from.path;
    const name = from.name.subarray(from.nameAt, from.nameAt + socketAddressOctets);
    this.#names.set(name, slot * socketAddressOctets);
    this.#octets.set(octets.subarray(at, at + length), slot * slotOctets);
  }

  /** Those of `spi`, in the order of their arrival. They are kept no longer. */
  *take(spi: number): Generator<EarlyDatagram> {
    const oldest = Math.max(0, this.#kept - limits.earlyDatagrams);
    for (let index = oldest; index < this.#kept; index++) {
      const slot = index % limits.earlyDatagrams;
      if (this.#spis[slot] !== spi) continue;
      this.#spis[slot] = 0;
      const at = slot * slotOctets;
      yield {
        octets: this.#octets.subarray(at, at + (this.#lengths[slot] ?? 0)),
        from: {
          outerClass: this.#outerClasses[slot] ?? 0,
          name: this.#names,
          nameAt: slot * socketAddressOctets,
          path: this.#paths[slot] ?? 0,
        },
      };
    }
  }
}
