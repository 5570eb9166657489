import { workerData } from 'node:worker_threads';
import { closeCallRunner } from '../crypto/openssl/call-runner.ts';
import { CommandQueue } from './command-queue.ts';
import type { WorkerStart } from './commands.ts';
import { signalInbound } from './counters.ts';
import { InboundLoop } from './inbound-loop.ts';
import { allocateInboundMemory } from './inbound-path.ts';
import { rehearseInbound } from './rehearsal/rehearse-inbound.ts';
import { describeCrash } from './worker-crash.ts';

/** The inbound worker: sockets (or lane) to TUN device, IKE to the control thread. It waits for its socket, then blocks in poll(2). */
function run(start: WorkerStart): void {
  const queue = new CommandQueue(start, signalInbound);
  const memory = allocateInboundMemory();
  const rehearsal = rehearseInbound(memory);
  const open = queue.awaitOpen(rehearsal);
  if (open !== undefined) {
    const loop = new InboundLoop(start, queue, open, memory);
    try {
      while (loop.turn(open.rehearse && loop.ready && rehearsal.step() ? 0 : -1)) {}
    } catch (error) {
      loop.carryOut({ kind: 'stop' });
      queue.report({ kind: 'broken', error: describeCrash('inbound', error) });
    }
  }
  rehearsal.end();
  closeCallRunner();
  queue.close();
}

run(workerData);
