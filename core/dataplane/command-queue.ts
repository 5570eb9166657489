import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { libc } from '../platform/linux/libc.ts';
import { PollSet } from '../platform/linux/poll-set.ts';
import type { CommandEnvelope, OpenCommand, WorkerCommand, WorkerReport, WorkerStart } from './commands.ts';
import { signalExit, signalTraffic } from './counters.ts';
import type { Rehearsal } from './rehearsal/rehearsal.ts';

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

  /** Rehearses, then blocks, until there is something to work on; `undefined` when the worker should end instead. */
  awaitOpen(rehearsal: Rehearsal): OpenCommand | undefined {
    const waits = new PollSet(1);
    waits.watch(0, this.#wakeFd);
    while (!this.exiting) {
      // The signal stays: `drain` looks for what came with the first command.
      const received =
        Atomics.load(this.#signals, this.#signal) === 0 ? undefined : receiveMessageOnPort(this.#port);
      if (received !== undefined) {
        const { id, command }: CommandEnvelope = received.message;
        this.report({ kind: 'done', id });
        return command.kind === 'open' ? command : undefined;
      }
      if (rehearsal.step()) continue;
      waits.wait(-1);
      this.quiet();
    }
    return undefined;
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

  /** Packets passed: tells it when the control thread waits for that. Cheap when it does not. */
  reportTraffic(): void {
    if (Atomics.load(this.#signals, signalTraffic) === 0) return;
    if (Atomics.exchange(this.#signals, signalTraffic, 0) === 1) this.report({ kind: 'traffic' });
  }

  close(): void {
    this.#port.close();
  }
}
