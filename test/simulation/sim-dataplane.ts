import { toHex } from '../../core/base/octets.ts';
import type { PacketCipherKey } from '../../core/crypto/interfaces.ts';
import type { ChildSaParameters } from '../../core/ike/io.ts';
import type { Spi } from '../../core/wire/ike/payload.ts';
import { Violation } from './violation.ts';

/** A packet of the tunnel: which SA it is on, and the key it was sealed with. */
export interface SimPacket {
  readonly spi: Spi;
  readonly key: string;
  readonly number: number;
}

interface Pair {
  readonly inbound: { readonly spi: Spi; readonly key: string };
  readonly outbound: { readonly spi: Spi; readonly key: string };
  standby: boolean;
  used: boolean;
}

/** SPIs and keys of one side; wipes the keys that it is handed, as the real one does. */
export class SimDataplane {
  readonly #side: string;
  readonly #everUsed: Set<Spi>;
  /** By inbound SPI, oldest first. */
  readonly #pairs = new Map<Spi, Pair>();
  #current: Pair | undefined;
  #sent = 0;

  /** `everUsed`: every inbound SPI that this machine ever had. */
  constructor(side: string, everUsed: Set<Spi>) {
    this.#side = side;
    this.#everUsed = everUsed;
  }

  install(child: ChildSaParameters, standby: boolean): void {
    const { inbound, outbound } = child;
    if (this.#everUsed.has(inbound.spi)) {
      throw new Violation('spi-reuse', `${this.#side}: the inbound SPI ${inbound.spi} comes a second time`);
    }
    this.#everUsed.add(inbound.spi);
    const pair = {
      inbound: { spi: inbound.spi, key: takeKey(inbound.key) },
      outbound: { spi: outbound.spi, key: takeKey(outbound.key) },
      standby,
      used: false,
    };
    if (pair.inbound.key === pair.outbound.key)
      throw new Violation('keys-differ', `${this.#side}: one key for both directions`);
    this.#pairs.set(inbound.spi, pair);
    if (!standby) this.#current = pair;
  }

  switchOutbound(inboundSpi: Spi): void {
    const pair = this.#pairs.get(inboundSpi);
    if (pair === undefined)
      throw new Violation('data-plane', `${this.#side}: switches to an SA that is not there`);
    pair.standby = false;
    this.#current = pair;
  }

  remove(inboundSpi: Spi): void {
    const pair = this.#pairs.get(inboundSpi);
    if (pair === undefined)
      throw new Violation('data-plane', `${this.#side}: removes an SA that is not there`);
    this.#pairs.delete(inboundSpi);
    if (this.#current !== pair) return;
    this.#current = [...this.#pairs.values()].findLast(({ standby }) => !standby);
  }

  /** The next packet, on the SA in use; undefined when there is none. */
  send(): SimPacket | undefined {
    if (this.#current === undefined) return undefined;
    const { spi, key } = this.#current.outbound;
    return { spi, key, number: this.#sent++ };
  }

  /** Whether a packet is for us; `first`: nothing came in on its SA before. */
  receive({ spi, key }: SimPacket): 'received' | 'first' | 'unknown' {
    const pair = this.#pairs.get(spi);
    if (pair === undefined) return 'unknown';
    if (pair.inbound.key !== key)
      throw new Violation('keys-differ', `${this.#side}: a packet on SPI ${spi} has another key`);
    if (pair.used) return 'received';
    pair.used = true;
    return 'first';
  }

  get size(): number {
    return this.#pairs.size;
  }

  get carries(): boolean {
    return this.#current !== undefined;
  }

  /** The inbound SPI of the pair in use. */
  get currentSpi(): Spi | undefined {
    return this.#current?.inbound.spi;
  }
}

function takeKey({ encryption, salt, integrity }: PacketCipherKey): string {
  const name = [encryption, salt, integrity].map(toHex).join(':');
  if (/^[0:]*$/.test(name)) throw new Violation('data-plane', 'a key of zeros');
  for (const part of [encryption, salt, integrity]) part.fill(0);
  return name;
}
