import { type IpAddress, type IpPrefix, networkOf } from '../base/address.ts';
import { toHex } from '../base/octets.ts';

/**
 * Inner addresses out of one prefix. The first address (the gateway's own by habit), the network's and an IPv4 network's
 * broadcast address are never given. Only addresses in use take memory, so an IPv6 /64 is as good as an IPv4 /24.
 */
export class AddressPool {
  readonly #network: IpPrefix;
  /** Host numbers that may be given: 2 to `#last`. */
  readonly #last: bigint;
  readonly #used = new Set<string>();
  /** Goes round, so that an address rests as long as possible before somebody else has it. */
  #next = 2n;

  constructor(prefix: IpPrefix) {
    this.#network = networkOf(prefix);
    const hostBits = BigInt(prefix.address.octets.length * 8 - prefix.length);
    this.#last = (1n << hostBits) - (prefix.address.family === 4 ? 2n : 1n);
  }

  get family(): 4 | 6 {
    return this.#network.address.family;
  }

  /** An address that nobody has, or `undefined` when all are given. */
  take(): IpAddress | undefined {
    if (BigInt(this.#used.size) >= this.#last - 1n) return undefined;
    for (;;) {
      if (this.#next > this.#last) this.#next = 2n;
      const address = this.#address(this.#next++);
      const key = toHex(address.octets);
      if (this.#used.has(key)) continue;
      this.#used.add(key);
      return address;
    }
  }

  release(address: IpAddress): void {
    this.#used.delete(toHex(address.octets));
  }

  #address(host: bigint): IpAddress {
    const octets = this.#network.address.octets.slice();
    for (let at = octets.length - 1, rest = host; at >= 0 && rest > 0n; at--, rest >>= 8n) {
      octets[at] = (octets[at] ?? 0) | Number(rest & 0xffn);
    }
    return { family: this.family, octets };
  }
}
