import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  installNewer,
  type Rig,
  receive,
  send,
  spiHere,
  spiNewHere,
  spiNewThere,
  until,
  withRig,
  toTun as writeToTun,
} from './rig.ts';
import { here, octetsOf, there, udpPacket } from './support.ts';

function toTun(rig: Rig, size: number): void {
  writeToTun(rig, udpPacket(4, octetsOf(size)));
}

test('a child that sleeps: no packet leaves or comes, the first one is told and kept for its successor', async () => {
  await withRig({}, async (rig) => {
    const { wanted } = rig;
    toTun(rig, 50);
    assert.ok(receive(rig.far.fd));
    assert.deepEqual([...rig.dataplane.carried()], [[spiHere, 1]]);
    await rig.dataplane.sleepChild(spiHere);
    send(rig.far.fd, rig.seal(1, udpPacket(4, octetsOf(100), there, here)), rig.local);
    await until(() => rig.dataplane.counters().inbound.drops['unknown-spi'] === 1);
    toTun(rig, 60);
    await until(() => wanted.length > 0);
    toTun(rig, 70);
    await until(() => rig.dataplane.counters().outbound.drops['no-child'] === 1);
    assert.deepEqual(wanted, [spiHere], 'told once');
    await installNewer(rig);
    await rig.dataplane.removeChild(spiHere);
    const sealed = receive(rig.far.fd);
    assert.ok(sealed);
    const view = new DataView(sealed.buffer);
    assert.deepEqual([view.getUint32(0), view.getUint32(4)], [spiNewThere, 1]);
    assert.deepEqual([...rig.dataplane.carried()], [[spiNewHere, 1]]);
    assert.equal(receive(rig.far.fd, 100), undefined, 'the kept packet leaves once');
    await rig.dataplane.removeChild(spiNewHere);
    toTun(rig, 80);
    await until(() => rig.dataplane.counters().outbound.drops['no-child'] === 2);
    assert.deepEqual(wanted, [spiHere], 'what is removed is not wanted');
  });
});
