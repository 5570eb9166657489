import { workerData } from 'node:worker_threads';
import { PollSet } from '../platform/linux/poll-set.ts';
import { CommandQueue } from './command-queue.ts';
import type { OpenCommand, WorkerStart } from './commands.ts';
import { DirectionCells, signalOutbound } from './counters.ts';
import { OutboundPath } from './outbound-path.ts';
import { wipeKey } from './wipe-key.ts';
import { describeCrash } from './worker-crash.ts';

/** The outbound worker: TUN device (or lane) to socket. It waits for its socket, blocks in poll(2) and ends when it is told to. */
function run(start: WorkerStart): void {
  const queue = new CommandQueue(start, signalOutbound);
  const open = queue.awaitOpen();
  if (open !== undefined) work(start, queue, open);
  queue.close();
}

function work(start: WorkerStart, queue: CommandQueue, open: OpenCommand): void {
  const path = new OutboundPath(open, new DirectionCells(start.shared, 'outbound'), {
    onTraffic: () => queue.reportTraffic(),
    onWanted: (child) => queue.report({ kind: 'wanted', child }),
    onRekeyDue: (child, usedUp) => queue.report({ kind: 'rekey-due', child, usedUp }),
    onBusy: () => queue.report({ kind: 'busy' }),
  });
  const waits = new PollSet(2);
  waits.watch(0, start.wakeFd);
  try {
    while (
      queue.drain((command) => {
        path.carryOut(command);
        wipeKey(command);
        waits.watch(1, path.tunFd);
      })
    ) {
      if (path.step() || !path.fallAsleep()) continue;
      waits.wait(-1);
      if (queue.exiting) break;
      if (waits.readable(0)) queue.quiet();
      if (waits.broken(1)) throw new Error('the TUN device is gone');
    }
  } catch (error) {
    path.carryOut({ kind: 'stop' });
    queue.report({ kind: 'broken', error: describeCrash('outbound', error) });
  }
}

run(workerData);
