import type { Endpoint } from '../base/address.ts';
import { concat, equalConstantTime } from '../base/octets.ts';
import type { CryptoProvider, Random } from '../crypto/interfaces.ts';
import { spiOctets } from '../ike/keymat.ts';
import type { IkeSpi } from '../wire/ike/payload.ts';

/**
 * Cookies without state: a hash of a secret and of what the client must send again. The secret lives as long as the gateway,
 * which is short here. @rfc 7296 2.6
 */
export class CookieJar {
  readonly #crypto: CryptoProvider;
  readonly #secret: Uint8Array;

  constructor(crypto: CryptoProvider, random: Random) {
    this.#crypto = crypto;
    this.#secret = random.octets(32);
  }

  /** 32 octets. */
  bake(initiatorSpi: IkeSpi, nonce: Uint8Array, from: Endpoint): Uint8Array {
    const port = Uint8Array.of(from.port >> 8, from.port & 0xff);
    const input = concat(this.#secret, nonce, from.address.octets, port, spiOctets(initiatorSpi));
    return this.#crypto.hash('sha256', input);
  }

  accepts(cookie: Uint8Array, initiatorSpi: IkeSpi, nonce: Uint8Array, from: Endpoint): boolean {
    return equalConstantTime(cookie, this.bake(initiatorSpi, nonce, from));
  }
}
