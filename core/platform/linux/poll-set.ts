import { packetCalls, pollAside } from './libc.ts';
import { NativeWords } from './native-words.ts';

const readable = 1;
/** POLLERR, POLLHUP, POLLNVAL. */
const broken = 8 | 16 | 32;

/** A few descriptors that are waited for together, without allocation. A descriptor below 0 is left out. */
export class PollSet {
  readonly #native: NativeWords;
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
    this.#native = new NativeWords(size * 8);
    for (let i = 0; i < size; i++) this.watch(i, -1);
  }

  watch(i: number, fd: number): void {
    // struct pollfd: fd, events (16 bits), revents (16 bits).
    this.#native.writeInt(i * 8, fd);
    this.#native.writeInt(i * 8 + 4, readable);
  }

  /** Waits until one is readable or broken; the count of those, 0 after `timeoutMs`, -1 with errno. */
  wait(timeoutMs: number): number {
    return packetCalls.poll(this.#native.address, this.#size, timeoutMs);
  }

  /** The same beside the event loop; the set must not change meanwhile. */
  waitAside(timeoutMs: number): Promise<number> {
    return pollAside(this.#native.address, this.#size, timeoutMs);
  }

  readable(i: number): boolean {
    return ((this.#native.readInt(i * 8 + 4) >>> 16) & readable) !== 0;
  }

  broken(i: number): boolean {
    return ((this.#native.readInt(i * 8 + 4) >>> 16) & broken) !== 0;
  }
}
