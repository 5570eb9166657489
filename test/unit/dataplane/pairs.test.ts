import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { ReferenceReceiver, type ReferenceSa } from '../../../core/esp/reference.ts';
import { libc } from '../../../core/platform/linux/libc.ts';
import { openRig, type Rig, type RigOptions, receive, send, spiHere, spiThere, until } from './rig.ts';
import { cipherNamed, everything, here, keyFor, octetsOf, selector, tcpPacket, there } from './support.ts';

const cipher = cipherNamed('aes256gcm16');
const flows = 12;

/** SAs beside the first one, by pair and how often that was rekeyed. */
function spisOf(pair: number, generation = 0): { readonly here: number; readonly there: number } {
  return { here: 0x5000 + pair * 16 + generation, there: 0x6000 + pair * 16 + generation };
}

async function install(rig: Rig, pair: number, generation = 0, standby = false): Promise<void> {
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
function farSas(
  rig: Rig,
  pair: number,
  generation = 0,
): { inbound: ReferenceReceiver; outbound: ReferenceSa } {
  if (pair === 0) return { inbound: new ReferenceReceiver(rig.farInbound, 32), outbound: rig.farSa };
  const spis = spisOf(pair, generation);
  const half = (spi: number) => ({ spi, shape: cipher, cipher: cipher.open(keyFor(cipher, spi)) });
  return { inbound: new ReferenceReceiver(half(spis.there), 32), outbound: half(spis.here) };
}

async function withRig(options: RigOptions, body: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await openRig(options);
  try {
    await body(rig);
    assert.deepEqual(rig.failures, []);
  } finally {
    await rig.close();
  }
}

function packetOf(flow: number, number: number, from = here, to = there): Uint8Array {
  const ports = { sourcePort: 40_000 + flow, destinationPort: 5_201 };
  return tcpPacket(4, { ...ports, sequence: number, payload: octetsOf(1_000, number) }, from, to);
}

/** Writes packets of all flows by turns; numbers go on from call to call. */
function writeFlows(rig: Rig, from: number, rounds: number): void {
  for (let number = from; number < from + rounds; number++)
    for (let flow = 0; flow < flows; flow++) {
      const packet = packetOf(flow, number);
      assert.equal(libc.write(rig.tun, packet, packet.length), packet.length);
    }
}

/** What leaves: each packet on a known SA, in the order of its flow. The SPIs, in order. */
class FarEnd {
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

test('flows are shared among the CHILD SAs of several pairs, each stays on one, and none is reordered', async () => {
  await withRig({}, async (rig) => {
    for (const pair of [1, 2, 3]) await install(rig, pair);
    const far = new FarEnd(rig);
    for (const pair of [1, 2, 3]) far.know(pair);
    for (let burst = 0; burst < 6; burst++) {
      writeFlows(rig, 1 + burst * 4, 4);
      far.take(flows * 4);
      const shared = [...far.flowsOf.values()].flatMap((each) => [...each]);
      assert.equal(shared.length, flows, 'each flow on one SA');
      assert.equal(far.flowsOf.size, 4, 'all SAs have some');
    }
    const { outbound } = rig.dataplane.counters();
    assert.deepEqual([outbound.packets, outbound.drops], [flows * 24, {}]);
    const perPair = rig.dataplane.pairCounters().map((each) => each.outbound.packets);
    assert.equal(perPair.length, 4);
    assert.ok(perPair.every((packets) => packets > 0));
  });
});

test('what comes in is taken by the pair of its SA, in order, and proves the peer', async () => {
  await withRig({}, async (rig) => {
    await install(rig, 1);
    const { outbound } = farSas(rig, 1);
    for (let number = 1; number <= 50; number++) {
      const inner = packetOf(number % 5, number, there, here);
      const sealed = number % 2 === 0 ? rig.seal(number, inner) : rig.sealWith(outbound, number, inner);
      send(rig.far.fd, sealed, rig.local);
      assert.deepEqual(receive(rig.tun), inner);
    }
    const counters = rig.dataplane.pairCounters().map(({ inbound }) => [inbound.packets, inbound.datagrams]);
    assert.deepEqual(counters, [
      [25, 25],
      [25, 25],
    ]);
    await until(() => rig.firstInbound.length === 2);
    assert.deepEqual(
      rig.firstInbound.toSorted((a, b) => a - b),
      [spiHere, spisOf(1).here],
    );
    send(rig.far.fd, rig.sealWith(outbound, 50, packetOf(0, 99, there, here)), rig.local);
    send(rig.far.fd, rig.sealWith(outbound, 49, packetOf(0, 99, there, here)), rig.local);
    await until(() => rig.dataplane.counters().inbound.drops['replayed'] === 1);
  });
});

test('the peer moves: each pair follows for its own SA', async () => {
  await withRig({ followRemote: true }, async (rig) => {
    const spis = spisOf(1);
    await rig.dataplane.installChild({
      inbound: { spi: spis.here, cipher, key: keyFor(cipher, spis.here) },
      outbound: { spi: spis.there, cipher, key: keyFor(cipher, spis.there) },
      selectors: { local: everything, remote: everything },
      remote: { ...rig.far.local, port: 9 },
      pair: 1,
      followRemote: true,
    });
    send(rig.far.fd, rig.sealWith(farSas(rig, 1).outbound, 1, packetOf(0, 1, there, here)), rig.local);
    await until(() => rig.moved.length === 1);
    assert.deepEqual(rig.moved, [rig.far.local]);
  });
});

test('each SA is rekeyed by itself, with the flows going on in order, and the old one receives meanwhile', async () => {
  await withRig({}, async (rig) => {
    await install(rig, 1);
    const far = new FarEnd(rig);
    far.know(1);
    writeFlows(rig, 1, 4);
    far.take(flows * 4);
    const before = far.flowsOf.get(spisOf(1).there);
    await install(rig, 1, 1, true);
    far.know(1, 1);
    writeFlows(rig, 5, 4);
    far.take(flows * 4);
    assert.deepEqual(far.flowsOf.get(spisOf(1).there), before, 'the new one stands by');
    writeFlows(rig, 9, 4);
    await rig.dataplane.switchOutbound(spisOf(1, 1).here);
    writeFlows(rig, 13, 2);
    far.take(flows * 6);
    writeFlows(rig, 15, 1);
    far.take(flows);
    assert.deepEqual(far.flowsOf.get(spisOf(1, 1).there), before, 'the same flows on the new one');
    for (const [index, generation] of [0, 1].entries()) {
      const inner = packetOf(0, index, there, here);
      send(rig.far.fd, rig.sealWith(farSas(rig, 1, generation).outbound, 1, inner), rig.local);
      assert.deepEqual(receive(rig.tun), inner);
    }
    await rig.dataplane.removeChild(spisOf(1).here);
    writeFlows(rig, 16, 2);
    far.take(flows * 2);
    assert.deepEqual(far.flowsOf.get(spisOf(1, 1).there), before);
    assert.equal(rig.dataplane.pairCounters().length, 2);
  });
});

test('a pair whose last SA goes ends, its flows move on in order, and nothing is lost from the sums', async () => {
  await withRig({}, async (rig) => {
    const threads = readdirSync('/proc/self/task').length;
    await install(rig, 1);
    await install(rig, 2);
    const far = new FarEnd(rig);
    far.know(1);
    far.know(2);
    writeFlows(rig, 1, 4);
    far.take(flows * 4);
    writeFlows(rig, 5, 4);
    await rig.dataplane.removeChild(spisOf(1).here);
    writeFlows(rig, 9, 2);
    far.take(flows * 6);
    await rig.dataplane.removeChild(spisOf(2).here);
    writeFlows(rig, 11, 4);
    far.take(flows * 4);
    assert.deepEqual([...far.flowsOf.keys()], [spiThere]);
    assert.equal(rig.dataplane.pairCounters().length, 1);
    assert.equal(rig.dataplane.counters().outbound.packets, flows * 14);
    await until(() => readdirSync('/proc/self/task').length <= threads);
    await install(rig, 1, 2);
    far.know(1, 2);
    writeFlows(rig, 15, 2);
    far.take(flows * 2);
    assert.equal(far.flowsOf.size, 2, 'it may come back');
  });
});

test('the first SA goes before those of other pairs: all flows leave by them', async () => {
  await withRig({}, async (rig) => {
    await install(rig, 1);
    const far = new FarEnd(rig);
    far.know(1);
    writeFlows(rig, 1, 3);
    await rig.dataplane.removeChild(spiHere);
    writeFlows(rig, 4, 3);
    far.take(flows * 6);
    assert.ok(far.flowsOf.get(spisOf(1).there)?.size === flows);
  });
});

test('an SA of another pair with other selectors takes what is narrower, as one of the same pair would', async () => {
  await withRig({}, async (rig) => {
    const spis = spisOf(1);
    await rig.dataplane.installChild({
      inbound: { spi: spis.here, cipher, key: keyFor(cipher, spis.here) },
      outbound: { spi: spis.there, cipher, key: keyFor(cipher, spis.there) },
      selectors: { local: everything, remote: [selector('10.9.0.2-10.9.0.2')] },
      remote: rig.far.local,
      pair: 1,
    });
    const far = new FarEnd(rig);
    far.know(1);
    writeFlows(rig, 1, 2);
    far.take(flows * 2);
    assert.deepEqual([...far.flowsOf.keys()], [spis.there]);
  });
});

test('a pair beyond the bound is done by the first', async () => {
  await withRig({}, async (rig) => {
    await install(rig, limits.workerPairs);
    assert.equal(rig.dataplane.pairCounters().length, 1);
    writeFlows(rig, 1, 1);
    for (let i = 0; i < flows; i++) assert.ok(receive(rig.far.fd));
  });
});
