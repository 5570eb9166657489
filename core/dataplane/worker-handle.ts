import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { libc } from '../platform/linux/libc.ts';
import type { CommandEnvelope, WorkerCommand, WorkerReport, WorkerStart } from './commands.ts';
import { wakeUp } from './lanes/open-lane.ts';

/** The control thread's end of one worker. */
export class WorkerHandle {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #signals: Int32Array;
  readonly #signal: number;
  readonly #wakeFd: number;
  readonly #waiting = new Map<number, () => void>();
  readonly #ended: Promise<void>;
  #nextId = 1;
  #gone = false;

  /** `onReport` gets all but acknowledgements; `onCrash` an exception that the worker did not catch. */
  constructor(
    file: URL,
    start: Omit<WorkerStart, 'port'>,
    signal: number,
    onReport: (report: Exclude<WorkerReport, { kind: 'done' }>) => void,
    onCrash: (error: unknown) => void,
  ) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#signals = new Int32Array(start.shared.signals);
    this.#signal = signal;
    this.#wakeFd = start.wakeFd;
    const workerData: WorkerStart = { ...start, port: port2 };
    // It makes no garbage in steady state: a large young generation would only fill with what is long dead.
    const resourceLimits = { maxYoungGenerationSizeMb: 2 };
    this.#worker = new Worker(file, { workerData, transferList: [port2], resourceLimits });
    const take = (report: WorkerReport): void => {
      if (report.kind === 'done') this.#settle(report.id);
      else onReport(report);
    };
    port1.on('message', take);
    this.#worker.on('error', onCrash);
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#gone = true;
        // Its end is told by another road, and may overtake its last words: why it ended.
        for (let last = receiveMessageOnPort(port1); last !== undefined; last = receiveMessageOnPort(port1))
          take(last.message);
        port1.close();
        for (const id of [...this.#waiting.keys()]) this.#settle(id);
        resolve();
      });
    });
  }

  /** Settles when the worker has carried it out, or when there is no worker any more. */
  command(command: WorkerCommand): Promise<void> {
    if (this.#gone) return Promise.resolve();
    const id = this.#nextId++;
    const envelope: CommandEnvelope = { id, command };
    const done = new Promise<void>((resolve) => this.#waiting.set(id, resolve));
    this.#port.postMessage(envelope);
    this.wake();
    return done;
  }

  /** Whether the worker keeps the process alive. */
  ref(): void {
    this.#worker.ref();
    this.#port.ref();
  }

  unref(): void {
    this.#worker.unref();
    this.#port.unref();
  }

  /** Gets the worker out of poll(2). */
  wake(): void {
    Atomics.store(this.#signals, this.#signal, 1);
    libc.write(this.#wakeFd, wakeUp, wakeUp.length);
  }

  /** Ends the worker and waits until its thread is gone. */
  async stop(): Promise<void> {
    // The caller waits for the end: it must come, whatever else goes on in the process.
    this.ref();
    void this.command({ kind: 'stop' });
    await this.#ended;
  }

  #settle(id: number): void {
    this.#waiting.get(id)?.();
    this.#waiting.delete(id);
  }
}
