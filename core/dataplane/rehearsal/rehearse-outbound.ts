import { CommandQueue } from '../command-queue.ts';
import { signalOutbound } from '../counters.ts';
import type { SummedMemory } from '../offload/summed-memory.ts';
import { virtioHeaderOctets } from '../offload/virtio-header.ts';
import { OutboundLoop } from '../outbound-loop.ts';
import { Rehearsal, type Scene } from './rehearsal.ts';
import { samplePackets } from './sample-packets.ts';
import { installEvery, Stage } from './stage.ts';

/** Packets from the TUN device to the socket. The memory is the worker's own, which holds nothing between two of its turns. */
export function rehearseOutbound(memory: SummedMemory): Rehearsal {
  return new Rehearsal(() => Stage.open((stage) => openOutboundScene(stage, memory)));
}

/** Owns the stage from now on. */
export function openOutboundScene(stage: Stage, memory: SummedMemory): Scene {
  const { start } = stage;
  const loop = new OutboundLoop(start, new CommandQueue(start, signalOutbound), stage.openCommand, memory);
  const packets = samplePackets().map((packet) => {
    const octets = new Uint8Array(virtioHeaderOctets + packet.length);
    octets.set(packet, virtioHeaderOctets);
    return octets;
  });
  return {
    play: (turn) => {
      if (turn % installEvery === 0) for (const command of stage.commands) loop.carryOut(command);
      const packet = packets[turn % packets.length];
      if (packet !== undefined) stage.writeTun(packet);
      loop.turn(0);
      stage.hearItself();
    },
    close: () => {
      loop.carryOut({ kind: 'stop' });
      stage.close();
    },
  };
}
