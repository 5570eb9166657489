import assert from 'node:assert/strict';
import { test } from 'node:test';
import { libc } from '../../../core/platform/linux/libc.ts';
import { openRig, type Rig, receive, send, spiHere, until } from './rig.ts';
import { cipherNamed, everything, here, keyFor, octetsOf, there, udpPacket } from './support.ts';

const spiNewHere = 0x3003;
const spiNewThere = 0x4004;

function toTun(rig: Rig, size: number): void {
  const packet = udpPacket(4, octetsOf(size));
  assert.equal(libc.write(rig.tun, packet, packet.length), packet.length);
}

async function installNew(rig: Rig): Promise<void> {
  const cipher = cipherNamed('aes256-sha512');
  await rig.dataplane.installChild({
    inbound: { spi: spiNewHere, cipher, key: keyFor(cipher, 7) },
    outbound: { spi: spiNewThere, cipher, key: keyFor(cipher, 8) },
    selectors: { local: everything, remote: everything },
    remote: rig.far.local,
  });
}

test('a child that sleeps: no packet leaves or comes, the first one is told and kept for its successor', async () => {
  const rig = await openRig();
  const { wanted } = rig;
  try {
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
    await installNew(rig);
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
    assert.deepEqual(rig.failures, []);
  } finally {
    await rig.close();
  }
});
