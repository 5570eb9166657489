import { workerData } from 'node:worker_threads';
import { limits } from '../base/limits.ts';
import { dropIndex } from '../esp/drop-cause.ts';
import { PollSet } from '../platform/linux/poll-set.ts';
import { systemClock } from '../platform/linux/system-clock.ts';
import { Allowance } from './allowance.ts';
import { CommandQueue } from './command-queue.ts';
import type { OpenCommand, WorkerStart } from './commands.ts';
import { DirectionCells, signalInbound, signalQueuedIke } from './counters.ts';
import { type InboundEvents, InboundPath } from './inbound-path.ts';
import { KnownIkeSas } from './known-ike-sas.ts';
import { wipeKey } from './wipe-key.ts';
import { describeCrash } from './worker-crash.ts';

const queueFull = dropIndex('queue-full');

/** The inbound worker: sockets (or lane) to TUN device, IKE to the control thread. It waits for its socket, then blocks in poll(2). */
function run(start: WorkerStart): void {
  const queue = new CommandQueue(start, signalInbound);
  const open = queue.awaitOpen();
  if (open !== undefined) work(start, queue, open);
  queue.close();
}

function work(start: WorkerStart, queue: CommandQueue, open: OpenCommand): void {
  const cells = new DirectionCells(start.shared, 'inbound');
  const path = new InboundPath(open, cells, eventsFor(queue, start, cells));
  const waits = new PollSet(1 + limits.pathsOpen);
  waits.watch(0, start.wakeFd);
  watchSockets(waits, path);
  try {
    while (
      queue.drain((command) => {
        path.carryOut(command);
        if (command.kind === 'listen' || command.kind === 'unlisten') watchSockets(waits, path);
        wipeKey(command);
      })
    ) {
      if (path.step() || !path.fallAsleep()) continue;
      waits.wait(-1);
      if (queue.exiting) break;
      if (waits.readable(0)) queue.quiet();
    }
  } catch (error) {
    path.carryOut({ kind: 'stop' });
    queue.report({ kind: 'broken', error: describeCrash('inbound', error) });
  }
}

function watchSockets(waits: PollSet, path: InboundPath): void {
  const { fds } = path;
  for (let i = 0; i < limits.pathsOpen; i++) waits.watch(1 + i, fds[i] ?? -1);
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

run(workerData);
