import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { libc } from '../platform/linux/libc.ts';
import type { CommandEnvelope, WorkerCommand, WorkerReport, WorkerStart } from './commands.ts';
import { signalExit } from './counters.ts';

/** The worker's end of its commands. */
export class CommandQueue {
  readonly #port: MessagePort;
  readonly #signals: Int32Array;
  readonly #signal: number;
  readonly #wakeFd: number;
  readonly #scratch = new Uint8Array(8);

  /** `signal` is the worker's own cell: the control thread sets it before it writes to the eventfd. */
  constructor(start: WorkerStart, signal: number) {
    this.#port = start.port;
    this.#signals = new Int32Array(start.shared.signals);
    this.#signal = signal;
    this.#wakeFd = start.wakeFd;
  }

  /** Whether the process is about to end: leave the loop at once. */
  get exiting(): boolean {
    return Atomics.load(this.#signals, signalExit) !== 0;
  }

  /** Carries out what has come, in order, and acknowledges each. Cheap when nothing has. False after `stop`. */
  drain(carryOut: (command: WorkerCommand) => void): boolean {
    if (Atomics.exchange(this.#signals, this.#signal, 0) === 0) return true;
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return true;
      const envelope: CommandEnvelope = received.message;
      carryOut(envelope.command);
      this.report({ kind: 'done', id: envelope.id });
      if (envelope.command.kind === 'stop') return false;
    }
  }

  /** Makes the eventfd quiet again, after poll found it readable. */
  quiet(): void {
    libc.read(this.#wakeFd, this.#scratch, 8);
  }

  report(report: WorkerReport): void {
    this.#port.postMessage(report);
  }

  close(): void {
    this.#port.close();
  }
}
