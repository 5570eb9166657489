import { PollSet } from '../platform/linux/poll-set.ts';
import type { CommandQueue } from './command-queue.ts';
import type { OpenCommand, WorkerCommand, WorkerStart } from './commands.ts';
import { DirectionCells } from './counters.ts';
import type { SummedMemory } from './offload/summed-memory.ts';
import { type OutboundEvents, OutboundPath } from './outbound-path.ts';
import { wipeKey } from './wipe-key.ts';

/** What an outbound worker does over and over: carry out commands, move packets, wait for more. */
export class OutboundLoop {
  readonly #queue: CommandQueue;
  readonly #path: OutboundPath;
  readonly #waits = new PollSet(2);
  readonly #carryOut = (command: WorkerCommand) => this.carryOut(command);

  /** `memory` is from `allocateOutboundMemory`, and in use during a turn alone. */
  constructor(start: WorkerStart, queue: CommandQueue, open: OpenCommand, memory: SummedMemory) {
    this.#queue = queue;
    const cells = new DirectionCells(start.shared, 'outbound');
    const events: OutboundEvents = {
      onTraffic: () => queue.reportTraffic(),
      onWanted: (child) => queue.report({ kind: 'wanted', child }),
      onRekeyDue: (child, usedUp) => queue.report({ kind: 'rekey-due', child, usedUp }),
      onBusy: () => queue.report({ kind: 'busy' }),
    };
    this.#path = new OutboundPath(open, cells, events, memory);
    this.#waits.watch(0, start.wakeFd);
  }

  /** There is a CHILD SA: the login is done. */
  get ready(): boolean {
    return this.#path.ready;
  }

  carryOut(command: WorkerCommand): void {
    this.#path.carryOut(command);
    wipeKey(command);
    this.#waits.watch(1, this.#path.tunFd);
  }

  /**
   * Moves what there is; when that was all, waits for more, up to `patienceMs` (-1: for ever). False when the worker should end.
   * @throws Error when the TUN device is gone.
   */
  turn(patienceMs: number): boolean {
    if (!this.#queue.drain(this.#carryOut)) return false;
    if (this.#path.step() || !this.#path.fallAsleep()) return true;
    const waits = this.#waits;
    waits.wait(patienceMs);
    if (this.#queue.exiting) return false;
    if (waits.readable(0)) this.#queue.quiet();
    if (waits.broken(1)) throw new Error('the TUN device is gone');
    return true;
  }
}
