import { nonEspMarkerOctets } from '../../wire/ike/non-esp-marker.ts';

/**
 * Whole IP packets, in octets, from the one that nearly every path takes to the one that every path must take. Over IPv6 both
 * are 1280. @rfc 7383 2.5.1
 */
const packetOctets = { 4: [1280, 1024, 576], 6: [1280] } as const;
const ipHeaderOctets = { 4: 20, 6: 40 } as const;
const udpHeaderOctets = 8;

/**
 * How large an IKE message may be before it is cut into fragments, on the path of one connection; all its IKE SAs share
 * one, so that what was learned outlives a rekey. Until `allow` nothing is cut: both sides must have said
 * IKEV2_FRAGMENTATION_SUPPORTED. Sizes are octets of the IKE message in one datagram, without the non-ESP marker.
 *
 * @rfc 7383 2.3
 * @rfc 7383 2.5.1
 */
export class FragmentSizes {
  #steps: readonly number[] = [];
  #current = 0;

  /** Both sides take fragments, and packets go over this family. Call it again when the path changes: it starts at the top. */
  allow(family: 4 | 6): void {
    const overhead = ipHeaderOctets[family] + udpHeaderOctets + nonEspMarkerOctets;
    this.#steps = packetOctets[family].map((octets) => octets - overhead);
    this.#current = 0;
  }

  get allowed(): boolean {
    return this.#steps.length > 0;
  }

  /** The largest message on this path as far as known; `undefined`: there are no fragments. */
  get largest(): number | undefined {
    return this.#steps[this.#current];
  }

  /** The next size under this one; itself when there is none. */
  below(largest: number | undefined): number | undefined {
    return this.#steps.find((step) => step < (largest ?? 0)) ?? largest;
  }

  /** For the answer to a request whose largest fragment had `octets`: no larger than the requester itself dares to send. */
  notAbove(octets: number): number | undefined {
    const fits = this.#steps.slice(this.#current).find((step) => step <= octets);
    return fits ?? this.#steps[this.#steps.length - 1];
  }

  /** A message got through in datagrams of this size, after larger ones had not: later ones begin with it. */
  learn(largest: number): void {
    const step = this.#steps.indexOf(largest);
    if (step > this.#current) this.#current = step;
  }
}
