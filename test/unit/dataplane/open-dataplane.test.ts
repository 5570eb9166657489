import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { allocatePacketMemory } from '../../../core/crypto/openssl/bulk-cipher.ts';
import { packetCipherShapes } from '../../../core/crypto/packet-ciphers.ts';
import { writeIpv4Checksum } from '../../../core/esp/checksum.ts';
import { ReferenceReceiver } from '../../../core/esp/reference.ts';
import { libc } from '../../../core/platform/linux/libc.ts';
import { receiveSlotOctets, UdpReceiveBatch } from '../../../core/platform/linux/udp-receive-batch.ts';
import { trafficClassOption } from '../../../core/platform/linux/udp-socket.ts';
import {
  openLoopback,
  openRig,
  type Rig,
  receive,
  send,
  spiHere,
  toTun,
  until,
  withHeader,
  withRig,
} from './rig.ts';
import {
  cipherNamed,
  everything,
  here,
  keyFor,
  octetsOf,
  selector,
  tcpPacket,
  there,
  udpPacket,
} from './support.ts';

/** From the peer: a packet that must arrive, after all that was sent before it. */
function farToHere(rig: Rig, octets: Uint8Array): void {
  send(rig.far.fd, octets, rig.local);
}

/** The same IPv4 packet with another DSCP and ECN. */
function withClass(packet: Uint8Array, trafficClass: number): Uint8Array {
  const copy = packet.with(1, trafficClass);
  writeIpv4Checksum(copy, 0, 20);
  return copy;
}

/** What the far end's datagrams have in their outer header from now on. */
function outerClass(rig: Rig, trafficClass: number): void {
  const { level, name } = trafficClassOption[4];
  assert.equal(libc.setsockopt(rig.far.fd, level, name, Uint8Array.of(trafficClass, 0, 0, 0), 4), 0);
}

const fromFar = udpPacket(4, octetsOf(100), there, here);

for (const { name } of packetCipherShapes) {
  test(`${name}: packets of both families go out and come in`, async () => {
    await withRig({ cipher: name }, async (rig) => {
      const receiver = new ReferenceReceiver(rig.farInbound, 32);
      for (const packet of [
        udpPacket(4, octetsOf(1)),
        udpPacket(6, octetsOf(1300)),
        udpPacket(4, octetsOf(15)),
      ]) {
        toTun(rig, packet);
        const sealed = receive(rig.far.fd);
        assert.ok(sealed);
        const opened = receiver.open(sealed);
        assert.deepEqual(opened, {
          ok: true,
          value: { payload: packet, nextHeader: packet.length > 1000 ? 41 : 4 },
        });
      }
      for (const [i, inner] of [fromFar, udpPacket(6, octetsOf(1301), there, here)].entries()) {
        farToHere(rig, rig.seal(i + 1, inner));
        assert.deepEqual(receive(rig.tun), inner);
      }
    });
  });
}

test('what must not come in is dropped and counted by its cause, and the tunnel lives', async () => {
  const selectors = { local: [selector('10.9.0.1-10.9.0.1')], remote: [selector('10.9.0.0-10.9.0.255')] };
  await withRig({ selectors, cipher: 'aes128-sha256' }, async (rig) => {
    const good = rig.seal(1, fromFar);
    const tampered = rig.seal(2, fromFar);
    tampered[40] = (tampered[40] ?? 0) ^ 1;
    const unknown = rig.seal(3, fromFar);
    unknown[0] = 9;
    const lying = fromFar.with(3, 200);
    const wrong: readonly (readonly [string, Uint8Array])[] = [
      ['bad-tag', tampered],
      ['unknown-spi', unknown],
      ['selector', rig.seal(4, udpPacket(4, octetsOf(9), here, there))],
      ['next-header', rig.seal(5, fromFar, { nextHeader: 6 })],
      ['malformed', rig.seal(6, fromFar, { nextHeader: 41 })],
      ['malformed', rig.seal(7, lying)],
      ['dummy', rig.seal(8, octetsOf(50), { nextHeader: 59 })],
      ['padding', rig.seal(9, fromFar.slice(0, 40), { padding: octetsOf(6) })],
      ['truncated', good.subarray(0, 20)],
      ['truncated', good.subarray(0, good.length - 4)],
      ['truncated', Uint8Array.of(1, 2)],
    ];
    farToHere(rig, good);
    farToHere(rig, good);
    for (const [, octets] of wrong) farToHere(rig, octets);
    farToHere(rig, rig.seal(20, fromFar, { extra: octetsOf(64) }));
    assert.deepEqual(receive(rig.tun), fromFar);
    assert.deepEqual(receive(rig.tun), fromFar, 'padding for traffic flow confidentiality is cut off');
    assert.equal(receive(rig.tun, 50), undefined);
    const { inbound } = rig.dataplane.counters();
    const expected: Record<string, number> = { replayed: 2 };
    for (const [cause] of wrong) expected[cause] = (expected[cause] ?? 0) + 1;
    // The shortened copy of a packet that was seen is a replay before it is anything else.
    expected['truncated'] = 2;
    assert.deepEqual(inbound.drops, expected);
    assert.equal(inbound.packets, 2);
    assert.equal(inbound.octets, 2 * fromFar.length);
  });
});

test('DSCP and ECN leave on the outer header, and congestion met outside comes in', async () => {
  await withRig({}, async (rig) => {
    const receiver = new UdpReceiveBatch(rig.far.fd, allocatePacketMemory(receiveSlotOctets), 0, 1);
    const expedited = withClass(udpPacket(4, octetsOf(10)), 0xb9);
    toTun(rig, expedited);
    await until(() => receiver.receive() === 1);
    assert.equal(receiver.trafficClass(0), 0xb9);
    const [notCapable, capable0, experienced] = [0, 2, 3];
    const capable = withClass(fromFar, 0x50 | capable0);
    outerClass(rig, experienced);
    farToHere(rig, rig.seal(1, withClass(fromFar, notCapable)));
    farToHere(rig, rig.seal(2, capable));
    assert.deepEqual(receive(rig.tun), withClass(fromFar, 0x50 | experienced));
    outerClass(rig, 0);
    farToHere(rig, rig.seal(3, capable));
    assert.deepEqual(receive(rig.tun), capable);
    assert.deepEqual(rig.dataplane.counters().inbound.drops, { congestion: 1 });
  });
});

test('replayWindowPackets: a packet that is overtaken by so many others is taken, by one more it is not', async () => {
  await withRig({}, async (rig) => {
    const newest = 10 + limits.replayWindowPackets;
    farToHere(rig, rig.seal(newest, fromFar));
    farToHere(rig, rig.seal(11, fromFar));
    farToHere(rig, rig.seal(10, fromFar));
    for (let i = 0; i < 2; i++) assert.deepEqual(receive(rig.tun), fromFar);
    await until(() => rig.dataplane.counters().inbound.drops['replayed'] === 1);
  });
});

test('only authentic packets that are not replays prove that the peer lives', async () => {
  await withRig({}, async (rig) => {
    const packet = rig.seal(1, fromFar);
    const forged = rig.seal(2, fromFar);
    forged[30] = (forged[30] ?? 0) ^ 1;
    farToHere(rig, forged);
    await until(() => rig.dataplane.counters().inbound.drops['bad-tag'] === 1);
    assert.equal(rig.dataplane.lastInbound(), undefined);
    farToHere(rig, packet);
    const proven = await until(() => rig.dataplane.lastInbound());
    farToHere(rig, packet);
    await until(() => rig.dataplane.counters().inbound.drops['replayed'] === 1);
    assert.equal(rig.dataplane.lastInbound(), proven);
  });
});

test('ten thousand datagrams of garbage change nothing', async () => {
  await withRig({}, async (rig) => {
    for (let i = 0; i < 10_000; i++) farToHere(rig, octetsOf(i % 97, i));
    await until(() => {
      farToHere(rig, rig.seal(Math.floor(performance.now()), fromFar));
      return receive(rig.tun, 20) !== undefined;
    });
    assert.ok((rig.dataplane.counters().inbound.drops['unknown-spi'] ?? 0) > 0);
  });
});

test('what no child takes does not leave', async () => {
  const selectors = {
    local: [selector('10.9.0.1-10.9.0.1', { protocol: 17 })],
    remote: [selector('10.9.0.0-10.9.0.255', { protocol: 17, startPort: 53, endPort: 53 })],
  };
  await withRig({ selectors }, async (rig) => {
    toTun(rig, tcpPacket(4, { payload: octetsOf(10) }));
    toTun(rig, udpPacket(6, octetsOf(10)));
    toTun(rig, octetsOf(60));
    toTun(rig, udpPacket(4, octetsOf(10)));
    assert.ok(receive(rig.far.fd));
    assert.equal(receive(rig.far.fd, 50), undefined);
    assert.deepEqual(rig.dataplane.counters().outbound.drops, { 'no-child': 2, malformed: 1 });
  });
});

test('sequence numbers leave in order', async () => {
  await withRig({}, async (rig) => {
    for (let i = 0; i < 200; i++) toTun(rig, udpPacket(4, octetsOf(10 + (i % 3))));
    for (let i = 1; i <= 200; i++) assert.equal(receive(rig.far.fd)?.[7], i);
  });
});

test('IKE goes up, with its marker and without, and down', async () => {
  await withRig({}, async (rig) => {
    const message = octetsOf(40);
    message[17] = 0x20;
    message.set([0, 0, 0, 40], 24);
    farToHere(rig, message);
    farToHere(rig, new Uint8Array([0, 0, 0, 0, ...message]));
    farToHere(rig, Uint8Array.of(0xff));
    farToHere(rig, new Uint8Array(10));
    const [plain, marked] = await until(() => (rig.ike.length === 2 ? rig.ike : undefined));
    assert.deepEqual(plain, { octets: message, from: rig.far.local, marker: false });
    assert.deepEqual(marked, { octets: message, from: rig.far.local, marker: true });
    await until(() => rig.dataplane.counters().inbound.drops['truncated'] === 1);
    rig.dataplane.sendIke(message, rig.far.local, true);
    assert.deepEqual(receive(rig.far.fd), new Uint8Array([0, 0, 0, 0, ...message]));
    rig.dataplane.sendIke(message, rig.far.local, false);
    assert.deepEqual(receive(rig.far.fd), message);
  });
});

test('a flood of IKE while the control thread is busy stays within its bound', async () => {
  await withRig({}, async (rig) => {
    const message = new Uint8Array([0, 0, 0, 0, ...octetsOf(40)]);
    rig.dataplane.sendIke(message.subarray(4), rig.far.local, true);
    // Each wait below blocks this thread, the control thread.
    for (let i = 0; i < 600; i++) farToHere(rig, message);
    farToHere(rig, rig.seal(1, fromFar));
    assert.deepEqual(receive(rig.tun), fromFar);
    const { queuedIkeDatagrams } = limits;
    await until(() => rig.ike.length === queuedIkeDatagrams);
    assert.equal(rig.dataplane.counters().inbound.drops['queue-full'], 600 - queuedIkeDatagrams);
    farToHere(rig, message);
    await until(() => rig.ike.length === queuedIkeDatagrams + 1);
  });
});

test('a flood of IKE for IKE SAs that we do not speak on: a few a second go up, and ours are not held back', async () => {
  await withRig({}, async (rig) => {
    const strange = new Uint8Array([0, 0, 0, 0, ...octetsOf(40, 9)]);
    const ours = new Uint8Array([0, 0, 0, 0, ...octetsOf(40)]);
    rig.dataplane.sendIke(ours.subarray(4), rig.far.local, true);
    for (let i = 0; i < 600; i++) farToHere(rig, strange);
    farToHere(rig, ours);
    await until(() => rig.ike.some(({ octets }) => octets[0] === ours[4] && octets[39] === ours[43]));
    const dropped = rig.dataplane.counters().inbound.drops['unknown-spi'] ?? 0;
    assert.equal(dropped + rig.ike.length, 601);
    assert.ok(rig.ike.length >= 65 && rig.ike.length < 300, `${rig.ike.length} went up`);
  });
});

test('keepalives go out when nothing else does', async () => {
  await withRig({}, async (rig) => {
    rig.dataplane.setKeepalive(rig.far.local, 40);
    assert.deepEqual(await until(() => receive(rig.far.fd, 0)), Uint8Array.of(0xff));
    rig.dataplane.setKeepalive(rig.far.local, undefined);
  });
});

test('ESP follows a peer that moved, but not a replayed or forged packet', async () => {
  await withRig({ followRemote: true }, async (rig) => {
    const elsewhere = openLoopback(false);
    const old = rig.seal(4, fromFar);
    farToHere(rig, rig.seal(5, fromFar));
    assert.ok(receive(rig.tun));
    const forged = rig.seal(6, fromFar);
    forged[30] = (forged[30] ?? 0) ^ 1;
    for (const octets of [forged, old]) send(elsewhere.fd, octets, rig.local);
    assert.ok(receive(rig.tun), 'late, but authentic and new');
    // An acknowledgement comes behind whatever the worker had to say before.
    await rig.dataplane.setRemote(0xdead, rig.far.local);
    assert.deepEqual(rig.moved, []);
    send(elsewhere.fd, rig.seal(7, fromFar), rig.local);
    await until(() => rig.moved.length === 1);
    assert.deepEqual(rig.moved, [elsewhere.local]);
    toTun(rig, udpPacket(4, octetsOf(10)));
    assert.ok(receive(elsewhere.fd));
    libc.close(elsewhere.fd);
  });
});

test('without followRemote only setRemote moves the peer', async () => {
  await withRig({}, async (rig) => {
    const elsewhere = openLoopback(false);
    send(elsewhere.fd, rig.seal(1, fromFar), rig.local);
    assert.ok(receive(rig.tun));
    toTun(rig, udpPacket(4, octetsOf(10)));
    assert.ok(receive(rig.far.fd));
    await rig.dataplane.setRemote(spiHere, elsewhere.local);
    toTun(rig, udpPacket(4, octetsOf(10)));
    assert.ok(receive(elsewhere.fd));
    libc.close(elsewhere.fd);
  });
});

test('a rekeyed child takes over at once, and the old one still receives until it is removed', async () => {
  await withRig({}, async (rig) => {
    const cipher = cipherNamed('aes256-sha512');
    const inbound = { spi: 0x3003, cipher, key: keyFor(cipher, 7) };
    const outbound = { spi: 0x4004, cipher, key: keyFor(cipher, 8) };
    const selectors = { local: everything, remote: everything };
    await rig.dataplane.installChild({ inbound, outbound, selectors, remote: rig.far.local });
    for (const part of [inbound.key, outbound.key].flatMap((key) => [
      key.encryption,
      key.salt,
      key.integrity,
    ]))
      assert.ok(
        part.every((octet) => octet === 0),
        'the keys are wiped',
      );
    toTun(rig, udpPacket(4, octetsOf(10)));
    assert.equal(receive(rig.far.fd)?.[2], 0x40);
    farToHere(rig, rig.seal(1, fromFar));
    assert.ok(receive(rig.tun));
    await rig.dataplane.removeChild(spiHere);
    farToHere(rig, rig.seal(2, fromFar));
    await until(() => rig.dataplane.counters().inbound.drops['unknown-spi'] === 1);
    await rig.dataplane.removeChild(0x3003);
    toTun(rig, udpPacket(4, octetsOf(10)));
    await until(() => rig.dataplane.counters().outbound.drops['no-child'] === 1);
  });
});

test('the MSS of a SYN is lowered to what the tunnel carries, both ways', async () => {
  await withRig({}, async (rig) => {
    const options = Uint8Array.of(2, 4, 0x05, 0xb4); // 1460
    const clamped = Uint8Array.of(2, 4, 0x05, 0x50); // 1360
    const receiver = new ReferenceReceiver(rig.farInbound, 32);
    toTun(rig, tcpPacket(4, { flags: 2, options }));
    const sealed = receive(rig.far.fd);
    assert.ok(sealed);
    const opened = receiver.open(sealed);
    assert.ok(opened.ok);
    assert.deepEqual(opened.value.payload, tcpPacket(4, { flags: 2, options: clamped }));
    farToHere(rig, rig.seal(1, tcpPacket(6, { flags: 0x12, options }, there, here)));
    const mss6 = Uint8Array.of(2, 4, 0x05, 0x3c); // 1340
    assert.deepEqual(receive(rig.tun), tcpPacket(6, { flags: 0x12, options: mss6 }, there, here));
  });
});

const gsoSize = 1348;
const superPayload = octetsOf(40_000);
/** NEEDS_CSUM, TCPv4; hdr_len and csum_* as the kernel sets them. */
const tcp4Header = [1, 1, 52, 0, gsoSize & 0xff, gsoSize >> 8, 20, 0, 16, 0];

function expectedSegments(): Uint8Array[] {
  return Array.from({ length: Math.ceil(superPayload.length / gsoSize) }, (_, i) =>
    tcpPacket(
      4,
      { payload: superPayload.slice(i * gsoSize, (i + 1) * gsoSize), sequence: 1000 + i * gsoSize },
      undefined,
      undefined,
      100 + i,
    ),
  );
}

async function sendsSegments(rig: Rig): Promise<void> {
  const receiver = new ReferenceReceiver(rig.farInbound, 32);
  for (let round = 0; round < 2; round++) {
    toTun(rig, withHeader(tcpPacket(4, { payload: superPayload }), tcp4Header));
    for (const segment of expectedSegments()) {
      const sealed = receive(rig.far.fd);
      assert.ok(sealed);
      assert.deepEqual(receiver.open(sealed), { ok: true, value: { payload: segment, nextHeader: 4 } });
    }
  }
  // The counters are brought up to date after the packets have left.
  await until(() => rig.dataplane.counters().outbound.datagrams === 2 * expectedSegments().length);
  const { outbound } = rig.dataplane.counters();
  assert.deepEqual(outbound.drops, {});
  assert.equal(outbound.merged, 2);
}

test('a super-packet leaves as its segments', async () => {
  await withRig({ vnetHeader: true }, sendsSegments);
});

test('the same without UDP segmentation', async () => {
  await withRig({ vnetHeader: true, offload: false }, sendsSegments);
});

test('the same when the kernel refuses UDP segmentation at run time', async () => {
  // SO_NO_CHECK makes the kernel answer EINVAL to UDP_SEGMENT.
  const prepare = (fd: number) => assert.equal(libc.setsockopt(fd, 1, 11, Uint8Array.of(1, 0, 0, 0), 4), 0);
  await withRig({ vnetHeader: true, prepare }, sendsSegments);
});

test('segments that come together are written as one packet', async () => {
  await withRig({ vnetHeader: true }, async (rig) => {
    const segments = Array.from({ length: 8 }, (_, i) =>
      tcpPacket(4, { payload: octetsOf(1000, i), sequence: i * 1000 }, there, here, i),
    );
    // In what portions the worker finds them is up to the system: all octets must come, in fewer packets.
    await until(() => {
      const base = 1 + 8 * Math.floor(performance.now());
      for (const [i, segment] of segments.entries()) farToHere(rig, rig.seal(base + i, segment));
      let payload = 0;
      let packets = 0;
      while (payload < 8000) {
        const packet = receive(rig.tun);
        assert.ok(packet);
        payload += packet.length - 10 - 52;
        packets++;
      }
      assert.equal(payload, 8000);
      return packets < 8;
    });
    await until(() => rig.dataplane.counters().inbound.merged > 0);
  });
});

test('a virtio header that lies is dropped and counted', async () => {
  await withRig({ vnetHeader: true }, async (rig) => {
    const packet = tcpPacket(4, { payload: superPayload });
    toTun(rig, withHeader(packet, [1, 4, 52, 0, gsoSize & 0xff, gsoSize >> 8, 20, 0, 16, 0]));
    toTun(rig, withHeader(packet, [1, 1, 52, 0, 0, 0, 20, 0, 16, 0]));
    toTun(rig, withHeader(packet, [1, 1, 52, 0, 1, 0, 20, 0, 16, 0]));
    toTun(rig, withHeader(udpPacket(4, octetsOf(5)), [1, 0, 0, 0, 0, 0, 255, 255, 16, 0]));
    toTun(rig, withHeader(udpPacket(4, octetsOf(5))));
    assert.ok(receive(rig.far.fd));
    const { outbound } = rig.dataplane.counters();
    assert.deepEqual(outbound.drops, { malformed: 3, 'too-big': 40_000 });
  });
});

test('a TUN device that vanishes is a failure, told once, and closing still works', async () => {
  const rig = await openRig();
  try {
    libc.close(rig.tun);
    await until(() => rig.failures.length > 0);
    assert.equal(rig.failures[0]?.code, 'dataplane.stopped');
    await rig.dataplane.removeChild(spiHere);
  } finally {
    await rig.dataplane.close();
    await rig.dataplane.close();
    libc.close(rig.far.fd);
  }
  assert.equal(rig.failures.length, 1);
});
