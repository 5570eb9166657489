import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { ReferenceReceiver } from '../../../core/esp/reference.ts';
import {
  installNewer,
  newerSa,
  type Rig,
  receive,
  send,
  spiHere,
  spiNewHere,
  spiNewThere,
  spiThere,
  until,
  withRig,
  toTun as writeToTun,
} from './rig.ts';
import { here, octetsOf, there, udpPacket } from './support.ts';

const toFar = udpPacket(4, octetsOf(100));
const fromFar = udpPacket(4, octetsOf(100), there, here);

function toTun(rig: Rig, count = 1): void {
  for (let i = 0; i < count; i++) writeToTun(rig, toFar);
}

/** The outbound SPI that the next packet left on, and its sequence number. */
function nextOut(rig: Rig): readonly [number, number] {
  const sealed = receive(rig.far.fd);
  assert.ok(sealed);
  const view = new DataView(sealed.buffer);
  return [view.getUint32(0), view.getUint32(4)];
}

test('a child in standby receives but sends nothing, and takes over when it is told to', async () => {
  await withRig({}, async (rig) => {
    await installNewer(rig, true);
    toTun(rig);
    assert.deepEqual(nextOut(rig), [spiThere, 1]);
    // Both children are known to the far end by the same address: its packets may come on either.
    send(rig.far.fd, rig.sealWith(newerSa(rig), 1, fromFar), rig.local);
    assert.deepEqual(receive(rig.tun), fromFar);
    toTun(rig);
    assert.deepEqual(nextOut(rig), [spiThere, 2]);
    await rig.dataplane.switchOutbound(spiNewHere);
    toTun(rig, 2);
    assert.deepEqual(
      [nextOut(rig), nextOut(rig)],
      [
        [spiNewThere, 1],
        [spiNewThere, 2],
      ],
    );
    send(rig.far.fd, rig.seal(1, fromFar), rig.local);
    assert.deepEqual(receive(rig.tun), fromFar, 'the old one still receives');
    await rig.dataplane.removeChild(spiHere);
    toTun(rig);
    assert.deepEqual(nextOut(rig), [spiNewThere, 3]);
    assert.deepEqual(rig.dataplane.counters().outbound.drops, {});
  });
});

test('switching back and to an unknown child loses nothing', async () => {
  await withRig({}, async (rig) => {
    await installNewer(rig, true);
    await rig.dataplane.switchOutbound(0xdead);
    toTun(rig);
    assert.deepEqual(nextOut(rig), [spiThere, 1]);
    await rig.dataplane.switchOutbound(spiNewHere);
    await rig.dataplane.switchOutbound(spiHere);
    toTun(rig);
    assert.deepEqual(nextOut(rig), [spiThere, 2]);
    await rig.dataplane.removeChild(spiHere);
    toTun(rig);
    assert.deepEqual(nextOut(rig), [spiNewThere, 1]);
  });
});

test('a standby child that is removed, or alone, sends nothing', async () => {
  await withRig({ child: { standby: true } }, async (rig) => {
    toTun(rig);
    await until(() => rig.dataplane.counters().outbound.drops['no-child'] === 1);
    await installNewer(rig, true);
    await rig.dataplane.removeChild(spiNewHere);
    await rig.dataplane.switchOutbound(spiNewHere);
    toTun(rig);
    await until(() => rig.dataplane.counters().outbound.drops['no-child'] === 2);
    await rig.dataplane.switchOutbound(spiHere);
    toTun(rig);
    assert.deepEqual(nextOut(rig), [spiThere, 1]);
  });
});

test('packets queued while the keys are switched leave in order, the old key first', async () => {
  await withRig({}, async (rig) => {
    await installNewer(rig, true);
    const rounds = 40;
    const seen: (readonly [number, number])[] = [];
    for (let i = 0; i < rounds; i++) {
      toTun(rig, 5);
      const to = i % 2 === 0 ? spiNewHere : spiHere;
      const switched = rig.dataplane.switchOutbound(to);
      toTun(rig, 5);
      await switched;
      for (let packet = 0; packet < 10; packet++) seen.push(nextOut(rig));
    }
    const last = new Map<number, number>();
    for (const [spi, sequence] of seen) {
      assert.equal(sequence, (last.get(spi) ?? 0) + 1, 'no gap and no reordering in an SA');
      last.set(spi, sequence);
    }
    assert.equal((last.get(spiThere) ?? 0) + (last.get(spiNewThere) ?? 0), 10 * rounds);
    // In each round one SA follows the other: never back and forth.
    for (let i = 0; i < rounds; i++) {
      const spis = seen.slice(10 * i, 10 * i + 10).map(([spi]) => spi);
      const changes = spis.filter((spi, at) => at > 0 && spi !== spis[at - 1]).length;
      assert.ok(changes <= 1, `round ${i} changed ${changes} times`);
    }
  });
});

test('the first authentic packet of a child is told once, a forged one never', async () => {
  await withRig({}, async (rig) => {
    const forged = rig.seal(1, fromFar);
    forged[40] = (forged[40] ?? 0) ^ 1;
    send(rig.far.fd, forged, rig.local);
    await until(() => rig.dataplane.counters().inbound.drops['bad-tag'] === 1);
    for (let i = 1; i <= 3; i++) {
      send(rig.far.fd, rig.seal(i, fromFar), rig.local);
      assert.ok(receive(rig.tun));
    }
    // An acknowledgement comes behind all that the worker had to say before.
    await rig.dataplane.setRemote(spiHere, rig.far.local);
    assert.deepEqual(rig.firstInbound, [spiHere]);
  });
});

const amounts = [
  { what: 'packets', rekeyAfter: { packets: 3, octets: 1e9 } },
  { what: 'octets', rekeyAfter: { packets: 1e9, octets: 2 * toFar.length + 1 } },
] as const;
for (const { what, rekeyAfter } of amounts) {
  test(`a child that has carried its ${what} is due, told once for both directions`, async () => {
    await withRig({ child: { rekeyAfter } }, async (rig) => {
      toTun(rig, 2);
      for (let i = 1; i <= 2; i++) send(rig.far.fd, rig.seal(i, fromFar), rig.local);
      for (let i = 1; i <= 2; i++) assert.ok(receive(rig.tun));
      for (let i = 1; i <= 2; i++) nextOut(rig);
      await rig.dataplane.setRemote(spiHere, rig.far.local);
      assert.deepEqual(rig.rekeyDue, []);
      toTun(rig);
      nextOut(rig);
      await until(() => rig.rekeyDue.length > 0);
      for (let i = 3; i <= 5; i++) send(rig.far.fd, rig.seal(i, fromFar), rig.local);
      for (let i = 3; i <= 5; i++) assert.ok(receive(rig.tun));
      await rig.dataplane.setRemote(spiHere, rig.far.local);
      assert.deepEqual(rig.rekeyDue, [spiHere]);
    });
  });
}

test('what comes in makes a child due too', async () => {
  await withRig({ child: { rekeyAfter: { packets: 2, octets: 1e9 } } }, async (rig) => {
    for (let i = 1; i <= 2; i++) send(rig.far.fd, rig.seal(i, fromFar), rig.local);
    await until(() => rig.rekeyDue.length > 0);
    assert.deepEqual(rig.rekeyDue, [spiHere]);
  });
});

test('a child is due long before its sequence numbers end, whoever sends', async () => {
  await withRig({ sequence: limits.espRekeySequence - 2 }, async (rig) => {
    toTun(rig);
    nextOut(rig);
    await rig.dataplane.setRemote(spiHere, rig.far.local);
    assert.deepEqual(rig.rekeyDue, []);
    toTun(rig);
    await until(() => rig.rekeyDue.length > 0);
  });
  await withRig({}, async (rig) => {
    send(rig.far.fd, rig.seal(limits.espRekeySequence, fromFar), rig.local);
    await until(() => rig.rekeyDue.length > 0);
    assert.deepEqual(rig.rekeyDue, [spiHere]);
  });
});

test('used up sequence numbers never wrap: nothing more is sent, and that is told once more', async () => {
  await withRig({ sequence: 0xffff_fffe }, async (rig) => {
    toTun(rig, 3);
    assert.deepEqual(nextOut(rig), [spiThere, 0xffff_ffff]);
    await until(() => rig.dataplane.counters().outbound.drops['sequence-exhausted'] === 2);
    await rig.dataplane.setRemote(spiHere, rig.far.local);
    assert.deepEqual(rig.rekeyDue, [spiHere, spiHere]);
    assert.equal(receive(rig.far.fd, 20), undefined);
    await installNewer(rig, false);
    toTun(rig);
    assert.deepEqual(nextOut(rig), [spiNewThere, 1]);
  });
});

test('extended sequence numbers pass 2^32 both ways, and nothing is due because of them', async () => {
  const start = 2 ** 32 - 3;
  await withRig({ sequence: start, esn: true }, async (rig) => {
    const receiver = new ReferenceReceiver(rig.farInbound, 32);
    receiver.skipTo(start);
    for (let i = 1; i <= 6; i++) {
      toTun(rig);
      const sealed = receive(rig.far.fd);
      assert.ok(sealed);
      const view = new DataView(sealed.buffer);
      assert.equal(view.getUint32(4), (start + i) % 2 ** 32);
      assert.equal(view.getBigUint64(8), BigInt(start + i), 'the IV is unique: the whole number');
      assert.ok(receiver.open(sealed).ok);
      send(rig.far.fd, rig.seal(start + i, fromFar), rig.local);
      assert.deepEqual(receive(rig.tun), fromFar);
    }
    // The same low half under the next high half: a number that the receiver doesn't guess has a wrong ICV.
    send(rig.far.fd, rig.seal(start + 6 + 2 ** 32, fromFar), rig.local);
    await until(() => rig.dataplane.counters().inbound.drops['replayed'] === 1);
    send(rig.far.fd, rig.seal(start + 7 + 2 ** 32, fromFar), rig.local);
    await until(() => rig.dataplane.counters().inbound.drops['bad-tag'] === 1);
    assert.deepEqual(rig.rekeyDue, []);
  });
});
