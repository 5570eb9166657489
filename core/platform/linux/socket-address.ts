import { type Endpoint, ipAddress } from '../../base/address.ts';
import { readU16 } from '../../base/words.ts';
import { addressOf } from './libc.ts';

/** AF_INET and AF_INET6. */
export const addressFamilies = { 4: 2, 6: 10 } as const;

/** Room for a sockaddr_in (16 octets) or sockaddr_in6 (28). */
export const socketAddressOctets = 32;

/** Octets that the kernel reads and writes for one family. */
function socketAddressLength(family: 4 | 6): number {
  return family === 4 ? 16 : 28;
}

/** Writes a sockaddr of the endpoint's family at `at` and answers its length. */
export function writeSocketAddress(octets: Uint8Array, at: number, endpoint: Endpoint): number {
  const { family } = endpoint.address;
  const length = socketAddressLength(family);
  octets.fill(0, at, at + length);
  octets[at] = addressFamilies[family];
  octets[at + 2] = endpoint.port >> 8;
  octets[at + 3] = endpoint.port & 0xff;
  octets.set(endpoint.address.octets, at + (family === 4 ? 4 : 8));
  return length;
}

/** The endpoint of the sockaddr at `at`; `undefined` for another family. */
export function readSocketAddress(octets: Uint8Array, at: number): Endpoint | undefined {
  const port = readU16(octets, at + 2);
  if (octets[at] === addressFamilies[4]) return { address: ipAddress(octets.subarray(at + 4, at + 8)), port };
  if (octets[at] === addressFamilies[6])
    return { address: ipAddress(octets.subarray(at + 8, at + 24)), port };
  return undefined;
}

/** A sockaddr in memory that does not move, for system calls on the packet path. */
export class SocketAddress {
  readonly octets = new Uint8Array(new ArrayBuffer(128));
  readonly address: number = addressOf(this.octets);
  #length = 0;
  #family: 4 | 6 = 4;

  constructor(endpoint: Endpoint) {
    this.set(endpoint);
  }

  get length(): number {
    return this.#length;
  }

  get family(): 4 | 6 {
    return this.#family;
  }

  set(endpoint: Endpoint): void {
    this.#family = endpoint.address.family;
    this.#length = writeSocketAddress(this.octets, 0, endpoint);
  }

  /** Whether the sockaddr at `at` names the same address and port. */
  equals(octets: Uint8Array, at: number): boolean {
    if (octets[at] !== this.octets[0]) return false;
    // Flow label and scope (4 to 7, 24 to 27 of sockaddr_in6) do not name a peer.
    const v4 = this.octets[0] === addressFamilies[4];
    for (let i = 2; i < 4; i++) if (octets[at + i] !== this.octets[i]) return false;
    const from = v4 ? 4 : 8;
    const to = v4 ? 8 : 24;
    for (let i = from; i < to; i++) if (octets[at + i] !== this.octets[i]) return false;
    return true;
  }
}
