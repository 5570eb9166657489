import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { libc } from '../../../core/platform/linux/libc.ts';
import { FarEnd, farSas, flows, install, packetOf, spisOf, withRig, writeFlows } from './pairs-rig.ts';
import { openLoopback, type Rig, receive, send, spiHere, spiThere, until } from './rig.ts';
import { here, there } from './support.ts';

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

test('a child of another pair is retired: its flows move on in order, and what comes in on it is taken', async () => {
  await withRig({}, async (rig) => {
    await install(rig, 1);
    const far = new FarEnd(rig);
    far.know(1);
    writeFlows(rig, 1, 4);
    await rig.dataplane.retireChild(spisOf(1).here);
    await rig.dataplane.retireChild(spiHere);
    writeFlows(rig, 5, 4);
    far.take(flows * 8);
    writeFlows(rig, 9, 2);
    far.take(flows * 2);
    assert.deepEqual([...far.flowsOf.keys()], [spiThere]);
    const inner = packetOf(0, 1, there, here);
    send(rig.far.fd, rig.sealWith(farSas(rig, 1).outbound, 1, inner), rig.local);
    assert.deepEqual(receive(rig.tun), inner);
    await rig.dataplane.removeChild(spisOf(1).here);
    assert.equal(rig.dataplane.pairCounters().length, 1);
  });
});

test('a child of another pair sleeps: that pair ends, and the first packet is told and kept for its successor', async () => {
  await withRig({}, async (rig) => {
    await install(rig, 1);
    await rig.dataplane.removeChild(spiHere);
    await rig.dataplane.sleepChild(spisOf(1).here);
    assert.equal(rig.dataplane.pairCounters().length, 1);
    const packet = packetOf(0, 1);
    libc.write(rig.tun, packet, packet.length);
    assert.deepEqual(await until(() => rig.wanted.length > 0 && rig.wanted), [spisOf(1).here]);
    await install(rig, 0, 1);
    await rig.dataplane.removeChild(spisOf(1).here);
    const sealed = receive(rig.far.fd);
    assert.ok(sealed);
    assert.equal(new DataView(sealed.buffer).getUint32(0), spisOf(0, 1).there);
  });
});

test('the path changes: the SAs of all pairs leave by it, also of one that started meanwhile', async () => {
  await withRig({}, async (rig) => {
    await install(rig, 1);
    const other = openLoopback(false);
    const elsewhere = openLoopback(false);
    await rig.dataplane.openPath(7, other.fd);
    const second = install(rig, 2);
    await rig.dataplane.usePath(7, elsewhere.local);
    await second;
    const far = new FarEnd(movedTo(rig, elsewhere));
    for (const pair of [1, 2]) far.know(pair);
    for (let burst = 0; burst < 4; burst++) {
      writeFlows(rig, 1 + burst * 2, 2);
      far.take(flows * 2);
    }
    assert.equal(far.flowsOf.size, 3, 'all SAs have some');
    libc.close(elsewhere.fd);
  });
});

function movedTo(rig: Rig, far: Rig['far']): Rig {
  return { ...rig, far };
}
