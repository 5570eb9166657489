import type { PacketCalls } from './libc.ts';
import { NativeWords } from './native-words.ts';

/** UIO_MAXIOV is 1024; a packet of 64 KiB in pieces of 64 octets would not be worth gathering. */
const piecesMax = 256;

/** What writing takes of the system's calls. */
export type WriteCalls = Pick<PacketCalls, 'write' | 'writev'>;

/** Writes several pieces of memory as one packet (writev). */
export class GatherWrite {
  readonly capacity = piecesMax;
  readonly #native = new NativeWords(piecesMax * 16);
  readonly #calls: WriteCalls;
  #count = 0;

  constructor(calls: WriteCalls) {
    this.#calls = calls;
  }

  clear(): void {
    this.#count = 0;
  }

  get full(): boolean {
    return this.#count === piecesMax;
  }

  /** @throws RangeError when it is full (a bug: ask first). */
  add(address: number, length: number): void {
    if (this.#count === piecesMax) throw new RangeError('too many pieces');
    this.#native.writeLong(this.#count * 16, address);
    this.#native.writeLong(this.#count * 16 + 8, length);
    this.#count++;
  }

  /** Octets written, or -1 with errno. */
  write(fd: number): number {
    return this.#calls.writev(fd, this.#native.address, this.#count);
  }
}
