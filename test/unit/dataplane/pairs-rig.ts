import assert from 'node:assert/strict';
import { ReferenceReceiver, type ReferenceSa } from '../../../core/esp/reference.ts';
import { libc } from '../../../core/platform/linux/libc.ts';
import { openRig, type Rig, type RigOptions, receive, spiThere } from './rig.ts';
import { cipherNamed, everything, here, keyFor, octetsOf, tcpPacket, there } from './support.ts';

export const cipher = cipherNamed('aes256gcm16');
export const flows = 12;

/** SAs beside the first one, by pair and how often that was rekeyed. */
export function spisOf(pair: number, generation = 0): { readonly here: number; readonly there: number } {
  return { here: 0x5000 + pair * 16 + generation, there: 0x6000 + pair * 16 + generation };
}

export async function install(rig: Rig, pair: number, generation = 0, standby = false): Promise<void> {
  const spis = spisOf(pair, generation);
  await rig.dataplane.installChild({
    inbound: { spi: spis.here, cipher, key: keyFor(cipher, spis.here) },
    outbound: { spi: spis.there, cipher, key: keyFor(cipher, spis.there) },
    selectors: { local: everything, remote: everything },
    remote: rig.far.local,
    pair,
    standby,
  });
}

/** Both halves of an SA as the far end has them. */
export function farSas(
  rig: Rig,
  pair: number,
  generation = 0,
): { inbound: ReferenceReceiver; outbound: ReferenceSa } {
  if (pair === 0) return { inbound: new ReferenceReceiver(rig.farInbound, 32), outbound: rig.farSa };
  const spis = spisOf(pair, generation);
  const half = (spi: number) => ({ spi, shape: cipher, cipher: cipher.open(keyFor(cipher, spi)) });
  return { inbound: new ReferenceReceiver(half(spis.there), 32), outbound: half(spis.here) };
}

export async function withRig(options: RigOptions, body: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await openRig({ spread: 'always', ...options });
  try {
    await body(rig);
    assert.deepEqual(rig.failures, []);
  } finally {
    await rig.close();
  }
}

export function packetOf(flow: number, number: number, from = here, to = there): Uint8Array {
  const ports = { sourcePort: 40_000 + flow, destinationPort: 5_201 };
  return tcpPacket(4, { ...ports, sequence: number, payload: octetsOf(1_000, number) }, from, to);
}

/** Writes packets of all flows by turns; numbers go on from call to call. */
export function writeFlows(rig: Rig, from: number, rounds: number): void {
  for (let number = from; number < from + rounds; number++)
    for (let flow = 0; flow < flows; flow++) {
      const packet = packetOf(flow, number);
      assert.equal(libc.write(rig.tun, packet, packet.length), packet.length);
    }
}

/** What leaves: each packet on a known SA, in the order of its flow. The SPIs, in order. */
export class FarEnd {
  readonly #rig: Rig;
  readonly #inbound = new Map<number, ReferenceReceiver>();
  readonly #last = new Map<number, number>();
  readonly flowsOf = new Map<number, Set<number>>();

  constructor(rig: Rig) {
    this.#rig = rig;
    this.#inbound.set(spiThere, farSas(rig, 0).inbound);
  }

  know(pair: number, generation = 0): void {
    this.#inbound.set(spisOf(pair, generation).there, farSas(this.#rig, pair, generation).inbound);
  }

  /** Takes `count` packets. */
  take(count: number): void {
    this.flowsOf.clear();
    for (let i = 0; i < count; i++) {
      const sealed = receive(this.#rig.far.fd);
      assert.ok(sealed, `packet ${i} of ${count}`);
      const spi = new DataView(sealed.buffer).getUint32(0);
      const opened = this.#inbound.get(spi)?.open(sealed);
      assert.ok(opened?.ok, `SPI ${spi.toString(16)}: a window of 32 takes it`);
      const inner = new DataView(opened.value.payload.buffer, opened.value.payload.byteOffset);
      const [flow, number] = [inner.getUint16(20) - 40_000, inner.getUint32(24)];
      assert.equal(number, (this.#last.get(flow) ?? 0) + 1, `flow ${flow} in order`);
      this.#last.set(flow, number);
      const known = this.flowsOf.get(spi) ?? new Set();
      this.flowsOf.set(spi, known.add(flow));
    }
  }
}
