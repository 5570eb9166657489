import { type Failure, failure } from '../../../base/errors.ts';
import { ok, type Result } from '../../../base/result.ts';
import { closeOnExec, nonBlocking } from '../descriptor-flags.ts';
import { call, libc } from '../libc.ts';
import { PollSet } from '../poll-set.ts';

/** The number 1, as eventfd(2) wants it. */
const eventfdOne = new Uint8Array(BigUint64Array.of(1n).buffer);
/** poll(2) fails for no lasting reason but a wrong descriptor. */
const failuresMax = 100;

export interface WatchedDescriptor {
  /** Closed by the watch when it ends. */
  readonly fd: number;
  /** Takes all that is there. False: it is of no more use, and not looked at again. */
  readonly onReadable: () => boolean;
}

/**
 * Waits for descriptors that libuv does not know, on one thread of its pool: no thread with a JavaScript engine of its own,
 * and no wake-ups while nothing happens. It keeps the process alive until it is closed.
 */
export class DescriptorWatch {
  readonly #watched: readonly WatchedDescriptor[];
  readonly #set: PollSet;
  readonly #wake: number;
  readonly #ended: Promise<void>;
  readonly #onFailure: (error: Failure) => void;
  readonly #onExit = () => this.#stop();
  #closing = false;

  /** Owns the descriptors from now on, also when it fails. Fails with `system.call`. */
  static open(
    watched: readonly WatchedDescriptor[],
    onFailure: (error: Failure) => void,
  ): Result<DescriptorWatch, Failure> {
    const wake = call('eventfd', 0, closeOnExec | nonBlocking);
    if (wake.ok) return ok(new DescriptorWatch(watched, wake.value, onFailure));
    for (const { fd } of watched) libc.close(fd);
    return wake;
  }

  private constructor(
    watched: readonly WatchedDescriptor[],
    wake: number,
    onFailure: (error: Failure) => void,
  ) {
    this.#watched = watched;
    this.#wake = wake;
    this.#onFailure = onFailure;
    this.#set = new PollSet(watched.length + 1);
    for (const [i, { fd }] of watched.entries()) this.#set.watch(i, fd);
    this.#set.watch(watched.length, wake);
    // Node waits for the threads of the pool when the process exits, and this one sleeps in the kernel.
    process.on('exit', this.#onExit);
    this.#ended = this.#run();
  }

  /** Resolves when the descriptors are closed; nothing is called after this. Idempotent. */
  close(): Promise<void> {
    this.#closing = true;
    this.#stop();
    return this.#ended;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#closing) {
      const ready = await this.#set.waitAside(-1);
      failures = ready < 0 ? failures + 1 : 0;
      if (failures > failuresMax) {
        this.#onFailure(failure('system.call', { call: 'poll', errno: 'unknown' }));
        break;
      }
      if (!this.#closing && ready > 0) this.#look();
    }
    process.off('exit', this.#onExit);
    for (const { fd } of this.#watched) libc.close(fd);
    libc.close(this.#wake);
  }

  #look(): void {
    for (const [i, { onReadable }] of this.#watched.entries()) {
      if (this.#closing || !(this.#set.readable(i) || this.#set.broken(i))) continue;
      if (!onReadable()) this.#set.watch(i, -1);
    }
  }

  #stop(): void {
    libc.write(this.#wake, eventfdOne, eventfdOne.length);
  }
}
