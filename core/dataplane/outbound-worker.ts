import { workerData } from 'node:worker_threads';
import { closeCallRunner } from '../crypto/openssl/call-runner.ts';
import { CommandQueue } from './command-queue.ts';
import type { WorkerStart } from './commands.ts';
import { signalOutbound } from './counters.ts';
import { OutboundLoop } from './outbound-loop.ts';
import { allocateOutboundMemory } from './outbound-path.ts';
import { rehearseOutbound } from './rehearsal/rehearse-outbound.ts';
import { describeCrash } from './worker-crash.ts';

/** The outbound worker: TUN device (or lane) to socket. It waits for its socket, blocks in poll(2) and ends when it is told to. */
function run(start: WorkerStart): void {
  const queue = new CommandQueue(start, signalOutbound);
  const memory = allocateOutboundMemory();
  const rehearsal = rehearseOutbound(memory);
  const open = queue.awaitOpen(rehearsal);
  if (open !== undefined) {
    const loop = new OutboundLoop(start, queue, open, memory);
    try {
      while (loop.turn(open.rehearse && loop.ready && rehearsal.step() ? 0 : -1)) {}
    } catch (error) {
      loop.carryOut({ kind: 'stop' });
      queue.report({ kind: 'broken', error: describeCrash('outbound', error) });
    }
  }
  rehearsal.end();
  closeCallRunner();
  queue.close();
}

run(workerData);
