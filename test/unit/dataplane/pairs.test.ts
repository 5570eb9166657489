import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import {
  cipher,
  FarEnd,
  farSas,
  flows,
  install,
  packetOf,
  spisOf,
  withRig,
  writeFlows,
} from './pairs-rig.ts';
import { receive, send, spiHere, spiThere, until } from './rig.ts';
import { everything, here, keyFor, selector, there } from './support.ts';

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

test('while no processor is known to be idle all flows stay with the first pair, and what comes in is taken by the pair of its SA', async () => {
  await withRig({ spread: 'idle' }, async (rig) => {
    await install(rig, 1);
    const far = new FarEnd(rig);
    far.know(1);
    writeFlows(rig, 1, 4);
    far.take(flows * 4);
    assert.deepEqual([...far.flowsOf.keys()], [spiThere]);
    const inner = packetOf(0, 1, there, here);
    send(rig.far.fd, rig.sealWith(farSas(rig, 1).outbound, 1, inner), rig.local);
    assert.deepEqual(receive(rig.tun), inner);
    await rig.dataplane.removeChild(spiHere);
    writeFlows(rig, 5, 2);
    far.take(flows * 2);
    assert.deepEqual([...far.flowsOf.keys()], [spisOf(1).there], 'where the first pair has none');
  });
});
