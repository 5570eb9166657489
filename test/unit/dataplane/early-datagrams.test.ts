import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { installNewer, newerSa, type Rig, receive, send, spiNewHere, until, withRig } from './rig.ts';
import { here, octetsOf, there, udpPacket } from './support.ts';

const numbered = (number: number) => udpPacket(4, octetsOf(100 + number), there, here);

/** The gateway has made a child and sends on it; here it is not known yet. */
function sendEarly(rig: Rig, sequence: number): void {
  send(rig.far.fd, rig.sealWith(newerSa(rig), sequence, numbered(sequence)), rig.local);
}

const unknown = (rig: Rig): number => rig.dataplane.counters().inbound.drops['unknown-spi'] ?? 0;

test('what comes for a child before the child does is delivered in its order as soon as the child is there', async () => {
  await withRig({}, async (rig) => {
    for (const sequence of [1, 2, 3]) sendEarly(rig, sequence);
    await until(() => unknown(rig) === 3);
    const before = rig.dataplane.counters().inbound;
    await installNewer(rig);
    for (const sequence of [1, 2, 3]) assert.deepEqual(receive(rig.tun), numbered(sequence));
    assert.equal(unknown(rig), 0, 'they were not dropped after all');
    assert.equal(rig.dataplane.counters().inbound.packets, before.packets + 3);
    assert.deepEqual(rig.firstInbound, [spiNewHere]);
    // Seen once: the same ones are replays now.
    sendEarly(rig, 2);
    await until(() => rig.dataplane.counters().inbound.drops['replayed'] === 1);
  });
});

test('of a flood for unknown SPIs the newest are kept, and what is forged comes to nothing', async () => {
  await withRig({}, async (rig) => {
    sendEarly(rig, 1);
    const forged = new Uint8Array(120).fill(7);
    for (let i = 0; i < limits.earlyDatagrams; i++) {
      send(rig.far.fd, forged, rig.local);
      if (i % 32 === 0) await until(() => unknown(rig) === i + 2);
    }
    new DataView(forged.buffer).setUint32(0, spiNewHere);
    send(rig.far.fd, forged, rig.local);
    sendEarly(rig, 2);
    await until(() => unknown(rig) === limits.earlyDatagrams + 3);
    await installNewer(rig);
    assert.deepEqual(receive(rig.tun), numbered(2));
    await until(() => rig.dataplane.counters().inbound.drops['bad-tag'] === 1);
    assert.equal(receive(rig.tun, 0), undefined, 'the first one has been overwritten');
  });
});
