import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { openRig, type Rig, receive, send, until } from './rig.ts';
import { cipherNamed, everything, here, keyFor, octetsOf, there, udpPacket } from './support.ts';

const spiNewHere = 0x3003;
const spiNewThere = 0x4004;
const cipher = cipherNamed('aes256-sha512');
const numbered = (number: number) => udpPacket(4, octetsOf(100 + number), there, here);

/** The gateway has made a child and sends on it; here it is not known yet. */
function sendEarly(rig: Rig, sequence: number): void {
  const newer = { ...rig.farSa, spi: spiNewHere, shape: cipher, cipher: cipher.open(keyFor(cipher, 7)) };
  send(rig.far.fd, rig.sealWith(newer, sequence, numbered(sequence)), rig.local);
}

function install(rig: Rig, standby = false): Promise<void> {
  return rig.dataplane.installChild({
    inbound: { spi: spiNewHere, cipher, key: keyFor(cipher, 7) },
    outbound: { spi: spiNewThere, cipher, key: keyFor(cipher, 8) },
    selectors: { local: everything, remote: everything },
    remote: rig.far.local,
    standby,
  });
}

const unknown = (rig: Rig): number => rig.dataplane.counters().inbound.drops['unknown-spi'] ?? 0;

test('what comes for a child before the child does is delivered in its order as soon as the child is there', async () => {
  const rig = await openRig({});
  try {
    for (const sequence of [1, 2, 3]) sendEarly(rig, sequence);
    await until(() => unknown(rig) === 3);
    const before = rig.dataplane.counters().inbound;
    await install(rig);
    for (const sequence of [1, 2, 3]) assert.deepEqual(receive(rig.tun), numbered(sequence));
    assert.equal(unknown(rig), 0, 'they were not dropped after all');
    assert.equal(rig.dataplane.counters().inbound.packets, before.packets + 3);
    assert.deepEqual(rig.firstInbound, [spiNewHere]);
    // Seen once: the same ones are replays now.
    sendEarly(rig, 2);
    await until(() => rig.dataplane.counters().inbound.drops['replayed'] === 1);
    assert.deepEqual(rig.failures, []);
  } finally {
    await rig.close();
  }
});

test('of a flood for unknown SPIs the newest are kept, and what is forged comes to nothing', async () => {
  const rig = await openRig({});
  try {
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
    await install(rig);
    assert.deepEqual(receive(rig.tun), numbered(2));
    await until(() => rig.dataplane.counters().inbound.drops['bad-tag'] === 1);
    assert.equal(receive(rig.tun, 0), undefined, 'the first one has been overwritten');
    assert.deepEqual(rig.failures, []);
  } finally {
    await rig.close();
  }
});
