import { allocatePacketMemory, openBulkSealer } from '../../crypto/openssl/bulk-cipher.ts';
import { OutboundSa } from '../../esp/outbound-sa.ts';
import { CommandQueue } from '../command-queue.ts';
import { signalInbound } from '../counters.ts';
import { InboundLoop } from '../inbound-loop.ts';
import type { SummedMemory } from '../offload/summed-memory.ts';
import { Rehearsal, type Scene } from './rehearsal.ts';
import { samplePackets } from './sample-packets.ts';
import { installEvery, Stage } from './stage.ts';

/** An IKE message in place of every so many packets: a login has some. */
const ikeEvery = 64;

/** Datagrams from the socket to the TUN device. The memory is the worker's own, which holds nothing between two of its turns. */
export function rehearseInbound(memory: SummedMemory): Rehearsal {
  return new Rehearsal(() => Stage.open((stage) => openInboundScene(stage, memory)));
}

/** Owns the stage from now on. */
export function openInboundScene(stage: Stage, memory: SummedMemory): Scene {
  const { start } = stage;
  const loop = new InboundLoop(start, new CommandQueue(start, signalInbound), stage.openCommand, memory);
  const peer = new Peer(stage);
  const packets = samplePackets();
  const ike = ikeMessage();
  return {
    play: (turn) => {
      if (turn % installEvery === 0) for (const command of stage.commands) loop.carryOut(command);
      const packet = packets[turn % packets.length];
      if (packet === undefined || turn % ikeEvery === 0) stage.sendToItself(ike);
      else stage.sendToItself(peer.seal(packet));
      loop.turn(0);
      stage.readTun();
    },
    close: () => {
      loop.carryOut({ kind: 'stop' });
      peer.close();
      stage.close();
    },
  };
}

/** The other end of the CHILD SA. */
class Peer {
  readonly #memory = allocatePacketMemory(2_048);
  readonly #sa: OutboundSa;

  constructor(stage: Stage) {
    const { spi, shape, key } = stage.sa;
    const sealer = openBulkSealer(shape, key, this.#memory);
    this.#sa = new OutboundSa(spi, shape, this.#memory.octets, sealer, () => undefined);
  }

  /** Valid until the next call. */
  seal(packet: Uint8Array): Uint8Array {
    const { octets } = this.#memory;
    octets.set(packet, this.#sa.headroom);
    const length = this.#sa.encapsulate(0, packet.length, (packet[0] ?? 0) >> 4 === 6 ? 6 : 4);
    this.#sa.finish();
    return octets.subarray(0, length);
  }

  close(): void {
    this.#sa.close();
  }
}

/** A header of version 2 and nothing in it, behind the Non-ESP Marker. @rfc 7296 3.1 @rfc 3948 2.2 */
function ikeMessage(): Uint8Array {
  const octets = new Uint8Array(32);
  octets[4 + 17] = 0x20;
  octets[4 + 27] = 28;
  return octets;
}
