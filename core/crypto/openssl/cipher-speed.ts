import { type PacketCipherShape, packetCipherShape } from '../packet-ciphers.ts';
import { allocatePacketMemory, openBulkSealer } from './bulk-cipher.ts';

/** As many octets as a full packet has. */
const octets = 1_408;
const packets = 64;
/** The quickest of several runs: what else the machine did meanwhile only makes a run slower. */
const runs = 5;

let known: boolean | undefined;

/**
 * Whether ChaCha20-Poly1305 is quicker here than AES-GCM, as it is on processors without AES instructions. Measured when it
 * is first asked for, in about a millisecond.
 */
export function isChaChaQuicker(): boolean {
  known ??= microseconds(cipher(28, 256)) < microseconds(cipher(20, 256));
  return known;
}

/** For one packet. */
function microseconds(shape: PacketCipherShape): number {
  const memory = allocatePacketMemory(octets + 64);
  const key = {
    encryption: new Uint8Array(shape.encryptionKeyOctets),
    salt: new Uint8Array(shape.saltOctets),
    integrity: new Uint8Array(0),
  };
  const sealer = openBulkSealer(shape, key, memory);
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const begun = performance.now();
    for (let i = 0; i < packets; i++) sealer.seal(0, 8, 8, 16, octets);
    best = Math.min(best, performance.now() - begun);
  }
  sealer.close();
  return (best * 1_000) / packets;
}

function cipher(encryption: number, bits: number): PacketCipherShape {
  const shape = packetCipherShape(encryption, bits, 0);
  if (shape === undefined) throw new Error(`no cipher ${encryption}`);
  return shape;
}
