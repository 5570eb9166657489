import { type Endpoint, sameEndpoint } from '../../core/base/address.ts';
import type { IkePort } from '../../core/ike/io.ts';
import { Dice } from './dice.ts';
import { natAddress } from './parties.ts';
import type { SimPacket } from './sim-dataplane.ts';
import { goodWeather, type Story, type Weather } from './story.ts';

/** What flies: an IKE message, or a packet of the tunnel, and whether it is as it was sent. */
export type Cargo =
  | {
      readonly kind: 'ike';
      readonly octets: Uint8Array;
      readonly via: IkePort;
      readonly intact: boolean;
      readonly whole?: boolean;
    }
  | { readonly kind: 'esp'; readonly packet: SimPacket };

/** IPv4, UDP and the non-ESP marker. */
const headers = 20 + 8 + 4;

/** The network between the client's NAT and the gateway. It says when what arrives; somebody else waits for it. */
export class Air {
  readonly #story: Story;
  readonly #dice: Dice;
  #address = natAddress;
  #ports = { ike: 40_000, 'nat-traversal': 40_001 };
  #outageUntil = 0;

  constructor(story: Story) {
    this.#story = story;
    this.#dice = new Dice(story.seed, 'air');
  }

  /** The NAT forgets: the client's datagrams come from other ports now. */
  rebind(): void {
    const port = this.#dice.whole(1_024, 60_000);
    this.#ports = { ike: port, 'nat-traversal': port + 1 };
  }

  /** The client goes to another network, behind another NAT. */
  move(): void {
    this.#address = { family: 4, octets: Uint8Array.of(203, 0, 113, this.#dice.whole(1, 254)) };
    this.rebind();
  }

  outage(until: number): void {
    this.#outageUntil = Math.max(this.#outageUntil, until);
  }

  /** Where the gateway sees the client's datagrams come from. */
  outside(via: IkePort): Endpoint {
    return { address: this.#address, port: this.#ports[via] };
  }

  reachesClient(to: Endpoint, via: IkePort): boolean {
    return sameEndpoint(to, this.outside(via));
  }

  /** The copies of it that arrive, each after so many milliseconds. */
  send(cargo: Cargo, now: number): { readonly cargo: Cargo; readonly afterMs: number }[] {
    if (now < this.#outageUntil) return [];
    if (cargo.kind === 'ike' && cargo.octets.length > this.#story.largestDatagram) return [];
    if (cargo.kind === 'ike' && cargo.whole === true && cargo.octets.length + headers > this.#story.pathMtu)
      return [];
    const weather = now < this.#story.ms || this.#story.calm ? this.#story.weather : goodWeather;
    const dice = this.#dice;
    if (dice.chance(weather.loss)) return [];
    const copies = dice.chance(weather.duplicate) ? dice.whole(2, 3) : 1;
    return Array.from({ length: copies }, () => ({
      cargo: this.#damage(cargo, weather),
      afterMs: weather.delayMs + (weather.jitterMs > 0 ? dice.between(0, weather.jitterMs) : 0),
    })).filter((copy): copy is { cargo: Cargo; afterMs: number } => copy.cargo !== undefined);
  }

  /** A packet of the tunnel that is damaged is as good as lost. */
  #damage(cargo: Cargo, { flip, cut }: Weather): Cargo | undefined {
    const dice = this.#dice;
    const [flips, cuts] = [dice.chance(flip), dice.chance(cut)];
    if (!flips && !cuts) return cargo;
    if (cargo.kind === 'esp') return undefined;
    const octets = cuts
      ? cargo.octets.slice(0, dice.whole(0, cargo.octets.length - 1))
      : cargo.octets.slice();
    if (flips && octets.length > 0) {
      const at = dice.whole(0, octets.length - 1);
      octets[at] = (octets[at] ?? 0) ^ (1 << dice.whole(0, 7));
    }
    return { ...cargo, octets, intact: false };
  }
}
