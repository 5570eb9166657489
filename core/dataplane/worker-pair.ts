import { type Failure, failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { closeOnExec, nonBlocking } from '../platform/linux/descriptor-flags.ts';
import { call, libc } from '../platform/linux/libc.ts';
import { programFile } from '../platform/program-file.ts';
import type { WorkerReport } from './commands.ts';
import {
  createSharedCells,
  type SharedCells,
  signalExit,
  signalInbound,
  signalOutbound,
} from './counters.ts';
import { WorkerHandle } from './worker-handle.ts';

export interface WorkerPairEvents {
  onReport(report: Exclude<WorkerReport, { kind: 'done' }>): void;
  /** A worker can't go on. */
  onCrash(error: Failure): void;
}

export interface WorkerPairWork {
  /** Pair 0 reads the TUN device and the sockets. */
  readonly pair: number;
  /** The other pairs get from it what is theirs. */
  readonly lanes?: { readonly outbound: SharedArrayBuffer; readonly inbound: SharedArrayBuffer };
  readonly udpFd: number;
  readonly segmentation: boolean;
}

/**
 * Two threads of a data plane and what they share with the control thread. They load their code at once, then wait
 * for `open`. Until then they keep no process alive.
 */
export class WorkerPair {
  readonly shared: SharedCells = createSharedCells();
  readonly signals = new Int32Array(this.shared.signals);
  readonly outbound: WorkerHandle;
  readonly inbound: WorkerHandle;
  /** What makes them look, by direction. */
  readonly wakeFds: { readonly outbound: number; readonly inbound: number };
  readonly #onExit = () => this.#leaveNow();
  #events: WorkerPairEvents | undefined;
  #crash: Failure | undefined;
  #stopping: Promise<void> | undefined;

  /** Fails with `system.call` when the system has no descriptor left. */
  static create(): Result<WorkerPair, Failure> {
    const wakeFds: number[] = [];
    for (let i = 0; i < 2; i++) {
      const created = call('eventfd', 0, nonBlocking | closeOnExec);
      if (!created.ok) {
        for (const fd of wakeFds) libc.close(fd);
        return err(created.error);
      }
      wakeFds.push(created.value);
    }
    return ok(new WorkerPair(wakeFds));
  }

  private constructor(wakeFds: readonly number[]) {
    const [outbound = -1, inbound = -1] = wakeFds;
    this.wakeFds = { outbound, inbound };
    this.outbound = this.#start('outbound', outbound, signalOutbound);
    this.inbound = this.#start('inbound', inbound, signalInbound);
    // Without this, process.exit would wait for ever for threads that block in poll(2).
    process.on('exit', this.#onExit);
  }

  /** Whether both threads are fit for `open`. */
  get healthy(): boolean {
    return this.#crash === undefined && this.#stopping === undefined;
  }

  /** Sets the threads to work; once. */
  open({ lanes, ...common }: WorkerPairWork, events: WorkerPairEvents): void {
    this.#events = events;
    for (const direction of ['outbound', 'inbound'] as const) {
      this[direction].ref();
      const lane = lanes === undefined ? {} : { lane: lanes[direction] };
      void this[direction].command({ kind: 'open', ...common, ...lane });
    }
    if (this.#crash !== undefined) events.onCrash(this.#crash);
  }

  /** Ends both threads and waits until they are gone. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    await Promise.all([this.outbound.stop(), this.inbound.stop()]);
    process.off('exit', this.#onExit);
    for (const fd of [this.wakeFds.outbound, this.wakeFds.inbound]) libc.close(fd);
  }

  #start(worker: 'outbound' | 'inbound', wakeFd: number, signal: number): WorkerHandle {
    const handle = new WorkerHandle(
      programFile(`${worker}-worker`, import.meta.url),
      { wakeFd, shared: this.shared },
      signal,
      (report) => this.#events?.onReport(report),
      (error) => this.#crashed(worker, error),
    );
    handle.unref();
    return handle;
  }

  #crashed(worker: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#crash = failure('dataplane.stopped', { worker, reason });
    this.#events?.onCrash(this.#crash);
  }

  #leaveNow(): void {
    Atomics.store(this.signals, signalExit, 1);
    this.outbound.wake();
    this.inbound.wake();
  }
}
