import { test } from 'node:test';
import { send, toTun, until, withRig } from './rig.ts';
import { here, octetsOf, there, udpPacket } from './support.ts';

test('the next packet that passes is told once, whichever way it goes, and only when that was asked for', async () => {
  await withRig({}, async (rig) => {
    const out = (): void => toTun(rig, udpPacket(4, octetsOf(20)));
    const counted = (direction: 'outbound' | 'inbound', packets: number) =>
      until(() => rig.dataplane.counters()[direction].packets === packets);
    out();
    await counted('outbound', 1);
    rig.dataplane.awaitTraffic();
    out();
    out();
    await until(() => rig.traffic() === 1);
    await counted('outbound', 3);
    rig.dataplane.awaitTraffic();
    send(rig.far.fd, rig.seal(1, udpPacket(4, octetsOf(20), there, here)).with(40, 0), rig.local);
    send(rig.far.fd, rig.seal(2, udpPacket(4, octetsOf(20), there, here)), rig.local);
    await counted('inbound', 1);
    await until(() => rig.traffic() === 2);
    // Reports come in their order: this one would be behind a third.
    rig.dataplane.awaitTraffic();
    out();
    await until(() => rig.traffic() === 3);
  });
});
