import { limits } from '../base/limits.ts';
import { dropIndex } from '../esp/drop-cause.ts';
import { PollSet } from '../platform/linux/poll-set.ts';
import { systemClock } from '../platform/linux/system-clock.ts';
import { Allowance } from './allowance.ts';
import type { CommandQueue } from './command-queue.ts';
import type { OpenCommand, WorkerCommand, WorkerStart } from './commands.ts';
import { DirectionCells, signalQueuedIke } from './counters.ts';
import { type InboundEvents, InboundPath } from './inbound-path.ts';
import { KnownIkeSas } from './known-ike-sas.ts';
import type { SummedMemory } from './offload/summed-memory.ts';
import { wipeKey } from './wipe-key.ts';

const queueFull = dropIndex('queue-full');

/** What an inbound worker does over and over: carry out commands, move packets, hand up IKE messages, wait for more. */
export class InboundLoop {
  readonly #queue: CommandQueue;
  readonly #path: InboundPath;
  readonly #waits = new PollSet(1 + limits.pathsOpen);
  readonly #carryOut = (command: WorkerCommand) => this.carryOut(command);

  /** `memory` is from `allocateInboundMemory`, and in use during a turn alone. */
  constructor(start: WorkerStart, queue: CommandQueue, open: OpenCommand, memory: SummedMemory) {
    this.#queue = queue;
    const cells = new DirectionCells(start.shared, 'inbound');
    this.#path = new InboundPath(open, cells, eventsFor(queue, start, cells), memory);
    this.#waits.watch(0, start.wakeFd);
    this.#watchSockets();
  }

  /** There is a CHILD SA: the login is done. */
  get ready(): boolean {
    return this.#path.ready;
  }

  carryOut(command: WorkerCommand): void {
    this.#path.carryOut(command);
    if (command.kind === 'listen' || command.kind === 'unlisten') this.#watchSockets();
    wipeKey(command);
  }

  /**
   * Moves what there is; when that was all, waits for more, up to `patienceMs` (-1: for ever). False when the worker should end.
   * @throws Error when a socket is gone.
   */
  turn(patienceMs: number): boolean {
    if (!this.#queue.drain(this.#carryOut)) return false;
    if (this.#path.step() || !this.#path.fallAsleep()) return true;
    this.#waits.wait(patienceMs);
    if (this.#queue.exiting) return false;
    if (this.#waits.readable(0)) this.#queue.quiet();
    return true;
  }

  #watchSockets(): void {
    const { fds } = this.#path;
    for (let i = 0; i < limits.pathsOpen; i++) this.#waits.watch(1 + i, fds[i] ?? -1);
  }
}

/** A flood of IKE must not fill the memory of a busy control thread. */
function eventsFor(queue: CommandQueue, start: WorkerStart, cells: DirectionCells): InboundEvents {
  const signals = new Int32Array(start.shared.signals);
  const known = new KnownIkeSas(start.shared.ikeSas);
  const strangers = new Allowance(limits.strangeIkePerSecond);
  return {
    takesIke: (octets, at) => known.has(octets, at) || strangers.take(systemClock.now()),
    onIke: (octets, from, marker, path) => {
      if (Atomics.load(signals, signalQueuedIke) >= limits.queuedIkeDatagrams) {
        cells.drop(queueFull);
        return;
      }
      Atomics.add(signals, signalQueuedIke, 1);
      queue.report({ kind: 'ike', octets, from, marker, path });
    },
    onTraffic: () => queue.reportTraffic(),
    onMoved: (child, remote) => queue.report({ kind: 'moved', child, remote }),
    onFirst: (child) => queue.report({ kind: 'first-inbound', child }),
    onRekeyDue: (child) => queue.report({ kind: 'rekey-due', child, usedUp: false }),
    onBusy: () => queue.report({ kind: 'busy' }),
  };
}
