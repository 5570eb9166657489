/** A small, quick generator; the same numbers for the same seed. (mulberry32) */
export class Numbers {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 up to, but not including, `below`. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * below);
  }

  pick<T>(list: readonly T[], otherwise: T): T {
    return list[this.below(list.length)] ?? otherwise;
  }
}

const oddOctets = [0x00, 0x01, 0x04, 0x7f, 0x80, 0x82, 0x84, 0xfe, 0xff, 0x20, 0x22, 0x2c, 0x5c, 0x7b];
const oddWords = [0, 1, 3, 4, 7, 8, 20, 28, 255, 256, 0x7fff, 0x8000, 0xfffe, 0xffff];
const mostOctets = 4_096;
const empty = new Uint8Array(0);

/** Octets that begin as `octets`, changed in one to eight places, perhaps with parts of `other`. */
export function mutate(octets: Uint8Array, other: Uint8Array, numbers: Numbers): Uint8Array {
  let result: Uint8Array = octets.slice();
  for (let count = 1 + numbers.below(numbers.below(8) + 1); count > 0; count--)
    result = change(result, other, numbers);
  return result.length > mostOctets ? result.slice(0, mostOctets) : result;
}

function change(octets: Uint8Array, other: Uint8Array, numbers: Numbers): Uint8Array {
  const at = numbers.below(octets.length + 1);
  const length = numbers.below(Math.min(64, octets.length - at) + 1);
  switch (numbers.below(10)) {
    case 0:
      return octets.slice(0, at);
    case 1:
      return join(octets.subarray(0, at), octets.subarray(at + length));
    case 2:
      return join(octets.subarray(0, at), noise(1 + numbers.below(16), numbers), octets.subarray(at));
    case 3: // again, so that lists grow
      return join(octets.subarray(0, at + length), octets.subarray(at));
    case 4: {
      const from = numbers.below(other.length + 1);
      return join(
        octets.subarray(0, at),
        other.subarray(from, from + numbers.below(200)),
        octets.subarray(at + length),
      );
    }
    case 5:
      return setWord(octets, at, numbers.pick(oddWords, 0));
    case 6:
      return setWord(octets, at, octets.length - numbers.below(8));
    case 7:
      return setOctet(octets, at, numbers.pick(oddOctets, 0));
    case 8:
      return setOctet(octets, at, (octets[at] ?? 0) + numbers.below(9) - 4);
    default:
      return setOctet(octets, at, (octets[at] ?? 0) ^ (1 << numbers.below(8)));
  }
}

function noise(length: number, numbers: Numbers): Uint8Array {
  return Uint8Array.from({ length }, () => numbers.below(256));
}

function setOctet(octets: Uint8Array, at: number, value: number): Uint8Array {
  if (at < octets.length) octets[at] = value;
  return octets;
}

function setWord(octets: Uint8Array, at: number, value: number): Uint8Array {
  return setOctet(setOctet(octets, at, value >> 8), at + 1, value);
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 0 ? empty : new Uint8Array(Buffer.concat(parts));
}
