import type { FragmentSizes } from './fragment-sizes.ts';
import { type PlainMessage, type Sealer, sealDatagrams, sealedOctets } from './seal-datagrams.ts';

/**
 * The first size goes out twice: a lost datagram is more likely than a path that is too narrow, and the peer keeps what it has.
 * After that the path is the suspect, and there are few tries.
 */
const transmissionsOfFirstSize = 2;

/**
 * A request on the wire: what is sent for it now, and again. While nothing answers, a message too large for the next smaller size
 * is cut anew, into more fragments; the peer then forgets those it has. Of one size the octets are always the same.
 *
 * @rfc 7383 2.5.2
 */
export class OutgoingRequest {
  #message: PlainMessage;
  readonly #sealer: Sealer;
  readonly #sizes: FragmentSizes;
  #largest: number | undefined;
  #datagrams: readonly Uint8Array[];
  #transmissions = 1;
  #whole: boolean;

  /** Owns `message.octets` from here on. `whole`: padding alone, to be sent in one piece, however large, until it is cut. */
  constructor(message: PlainMessage, sealer: Sealer, sizes: FragmentSizes, whole = false) {
    this.#whole = whole;
    this.#message = message;
    this.#sealer = sealer;
    this.#sizes = sizes;
    this.#largest = sizes.largest;
    this.#datagrams = sealDatagrams(message, sealer, whole ? undefined : this.#largest);
  }

  /** It is to go in one piece, and has not been cut yet. */
  get whole(): boolean {
    return this.#whole;
  }

  /**
   * The padding goes, and what is left asks for an answer alone: small enough for any path. Fragments would not do in its place:
   * charon with its mediation extension takes an INFORMATIONAL request in fragments for another protocol, and never answers.
   */
  cut(): void {
    if (!this.#whole) return;
    this.#whole = false;
    this.wipe();
    this.#message = { header: this.#message.header, first: 0, octets: new Uint8Array(0) };
    this.#datagrams = sealDatagrams(this.#message, this.#sealer);
  }

  /** To be sent in this order. */
  get datagrams(): readonly Uint8Array[] {
    return this.#datagrams;
  }

  /** What the next transmission sends. */
  again(): readonly Uint8Array[] {
    const smaller = this.#sizes.below(this.#largest);
    const isLarge = smaller !== undefined && sealedOctets(this.#message, this.#sealer) > smaller;
    this.#transmissions += 1;
    if (this.#whole) {
      if (this.#transmissions > transmissionsOfFirstSize) this.cut();
      return this.#datagrams;
    }
    if (this.#transmissions <= transmissionsOfFirstSize || !isLarge || smaller === this.#largest) {
      return this.#datagrams;
    }
    this.#largest = smaller;
    this.#datagrams = sealDatagrams(this.#message, this.#sealer, smaller, this.#datagrams.length + 1);
    return this.#datagrams;
  }

  /** An authentic answer came: nothing is sent any more, and its plaintext is wiped. */
  answered(): void {
    if (this.#largest !== undefined && !this.#whole) this.#sizes.learn(this.#largest);
    this.wipe();
  }

  wipe(): void {
    this.#message.octets.fill(0);
  }
}
