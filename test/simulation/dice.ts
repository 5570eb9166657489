import type { Random } from '../../core/crypto/interfaces.ts';
import { seededRandom } from '../../core/crypto/seeded-random.ts';

/** Choices that are the same for the same seed and name; one name for each thing that is decided, so that they don't disturb each other. */
export class Dice {
  readonly #random: Random;

  constructor(seed: number, name: string) {
    const key = new Uint8Array(32);
    new DataView(key.buffer).setFloat64(0, seed);
    key.set(new TextEncoder().encode(name).subarray(0, 24), 8);
    this.#random = seededRandom(key);
  }

  get random(): Random {
    return this.#random;
  }

  /** 0 up to, but not including, 1. */
  roll(): number {
    const octets = this.#random.octets(4);
    return new DataView(octets.buffer).getUint32(0) / 0x1_0000_0000;
  }

  chance(probability: number): boolean {
    return probability > 0 && this.roll() < probability;
  }

  between(low: number, high: number): number {
    return low + this.roll() * (high - low);
  }

  /** `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.roll() * (high - low + 1));
  }

  pick<T>(list: readonly T[]): T {
    const index = Math.floor(this.roll() * list.length);
    for (const value of list.slice(index, index + 1)) return value;
    throw new RangeError('nothing to pick from');
  }
}
