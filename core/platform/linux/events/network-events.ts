import { Worker } from 'node:worker_threads';
import { type Failure, failure } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import { programFile } from '../../program-file.ts';
import { call, libc } from '../libc.ts';
import { joinGroup, openNetlink, setReceiveBuffer } from '../netlink/netlink-socket.ts';
import type { ChangeFilter, NetworkChange } from './network-change.ts';

/** RTNLGRP_ LINK, IPV4_IFADDR, IPV4_ROUTE, IPV4_RULE, IPV6_IFADDR, IPV6_ROUTE, IPV6_RULE. */
const groups = [1, 5, 7, 8, 9, 11, 19] as const;
const eventfdFlags = 0o2000000 | 0o4000; // EFD_CLOEXEC, EFD_NONBLOCK
const receiveBufferOctets = 1_048_576;

export interface NetworkEventsOptions {
  /** Everything that changed since the last call, oldest first. */
  readonly onChange: (changes: readonly NetworkChange[]) => void;
  /** Nothing more will come; the object must still be closed. */
  readonly onFailure: (error: Failure) => void;
  /** Our own doing: the TUN device and the tunnel's table. */
  readonly ignoreDevices?: readonly string[];
  readonly ignoreTables?: readonly number[];
  /** Changes are told once nothing happened for `quietMs`, or `longestMs` after the first one. */
  readonly quietMs?: number;
  readonly longestMs?: number;
}

/** To the thread. */
export interface EventsOrder {
  readonly socket: number;
  readonly wake: number;
  readonly filter: ChangeFilter;
  readonly quietMs: number;
  readonly longestMs: number;
}

/** From the thread. */
export type EventsReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'changes'; readonly changes: readonly NetworkChange[] }
  | { readonly kind: 'failed'; readonly error: Failure };

/**
 * Tells when links, addresses, routes or rules of this network namespace change. A thread of its own sleeps on the
 * socket: neither the event loop nor a processor waits for anything. It does not keep the process alive.
 */
export class NetworkEvents {
  readonly #worker: Worker;
  readonly #wake: number;
  readonly #ended: Promise<void>;
  readonly #onExit = () => this.#stop();
  #closing: Promise<void> | undefined;

  private constructor(worker: Worker, socket: number, wake: number) {
    this.#worker = worker;
    this.#wake = wake;
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        process.off('exit', this.#onExit);
        libc.close(socket);
        libc.close(wake);
        resolve();
      });
    });
    // Node waits for its threads when the process exits, and this one sleeps in the kernel.
    process.on('exit', this.#onExit);
  }

  /** Resolves once changes are being noticed. */
  static async open(options: NetworkEventsOptions): Promise<Result<NetworkEvents, Failure>> {
    const socket = subscribe();
    if (!socket.ok) return socket;
    const wake = call('eventfd', 0, eventfdFlags);
    if (!wake.ok) {
      libc.close(socket.value);
      return wake;
    }
    const order: EventsOrder = {
      socket: socket.value,
      wake: wake.value,
      filter: { ignoreDevices: options.ignoreDevices ?? [], ignoreTables: options.ignoreTables ?? [] },
      quietMs: options.quietMs ?? 100,
      longestMs: options.longestMs ?? 500,
    };
    const program = programFile('network-events-worker', import.meta.url);
    const worker = new Worker(program, { workerData: order, name: 'network-events' });
    const events = new NetworkEvents(worker, socket.value, wake.value);
    return await events.#start(options);
  }

  /** Resolves when the thread has ended and its descriptors are closed; no callback comes after that. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.#worker.removeAllListeners('message');
    this.#worker.ref();
    this.#stop();
    await this.#ended;
  }

  async #start(options: NetworkEventsOptions): Promise<Result<NetworkEvents, Failure>> {
    const { promise, resolve } = Promise.withResolvers<Result<NetworkEvents, Failure>>();
    let ready = false;
    const fail = (error: Failure) => {
      if (ready && this.#closing === undefined) options.onFailure(error);
      resolve(err(error));
    };
    this.#worker.on('message', (report: EventsReport) => {
      if (report.kind === 'changes') return options.onChange(report.changes);
      if (report.kind === 'failed') return fail(report.error);
      ready = true;
      resolve(ok(this));
    });
    this.#worker.on('error', (error) =>
      fail(
        failure('misuse', {
          reason: `network events: ${error instanceof Error ? error.message : 'unknown'}`,
        }),
      ),
    );
    const started = await promise;
    if (started.ok) this.#worker.unref();
    return started;
  }

  #stop(): void {
    libc.write(this.#wake, eventfdOne, eventfdOne.length);
  }
}

/** The number 1, as eventfd(2) wants it. */
const eventfdOne = new Uint8Array(BigUint64Array.of(1n).buffer);

function subscribe(): Result<number, Failure> {
  const socket = openNetlink(true);
  if (!socket.ok) return socket;
  setReceiveBuffer(socket.value, receiveBufferOctets);
  for (const group of groups) {
    const joined = joinGroup(socket.value, group);
    // A kernel without IPv6 or without rules lacks the group, and with it the events.
    if (!joined.ok && group === 1) {
      libc.close(socket.value);
      return joined;
    }
  }
  return socket;
}
