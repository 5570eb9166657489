import { limits } from '../base/limits.ts';
import { readU32 } from '../base/words.ts';

const wordsPerSpi = 2;
const headerOctets = 8;

export function createKnownIkeSas(): SharedArrayBuffer {
  return new SharedArrayBuffer(limits.knownIkeSas * wordsPerSpi * 4);
}

/**
 * The IKE SAs that we speak on, by their first SPI, in memory of two threads: the control thread notes each one that it sends on,
 * the inbound worker asks. A few of the latest are kept. A half-written SPI is unknown for a moment, which costs nothing.
 */
export class KnownIkeSas {
  readonly #words: Uint32Array;
  #next = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Uint32Array(memory);
  }

  /** `message`: an IKE message that we send, without the non-ESP marker. */
  note(message: Uint8Array): void {
    if (message.length < headerOctets || this.has(message, 0)) return;
    this.#words[this.#next] = readU32(message, 0);
    this.#words[this.#next + 1] = readU32(message, 4);
    this.#next = (this.#next + wordsPerSpi) % this.#words.length;
  }

  /** Whether the IKE message at `at` names one of them. Allocates nothing. */
  has(octets: Uint8Array, at: number): boolean {
    const words = this.#words;
    const high = readU32(octets, at);
    const low = readU32(octets, at + 4);
    for (let i = 0; i < words.length; i += wordsPerSpi) {
      if (words[i] === high && words[i + 1] === low) return true;
    }
    return false;
  }
}
