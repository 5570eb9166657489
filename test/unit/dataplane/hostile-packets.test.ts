import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocatePacketMemory } from '../../../core/crypto/openssl/bulk-cipher.ts';
import { ReferenceReceiver } from '../../../core/esp/reference.ts';
import { libc } from '../../../core/platform/linux/libc.ts';
import { SocketAddress } from '../../../core/platform/linux/socket-address.ts';
import { UdpSendBatch } from '../../../core/platform/linux/udp-send-batch.ts';
import { encodeIpv4, ipv4Packet } from '../../../core/wire/ip/ipv4.ts';
import { type Rig, receive, send, toTun, until, withHeader, withRig } from './rig.ts';
import { here, octetsOf, tcpPacket, there, udpPacket } from './support.ts';

/** The same numbers each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function sum(drops: Readonly<Record<string, number>>): number {
  return Object.values(drops).reduce((total, count) => total + count, 0);
}

test('hostile virtio headers and packets from the device: each one leaves or is counted, and the next good one leaves', async () => {
  await withRig({ vnetHeader: true }, async (rig) => {
    const next = numbers(7);
    const packets = [4, 6].flatMap((version) => [
      tcpPacket(version === 4 ? 4 : 6, { payload: octetsOf(900), flags: 0x12 }),
      udpPacket(version === 4 ? 4 : 6, octetsOf(700)),
    ]);
    const headers = [
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [1, 1, 52, 0, 200, 0, 20, 0, 16, 0],
      [1, 4, 72, 0, 200, 0, 40, 0, 16, 0],
      [1, 5, 28, 0, 100, 0, 20, 0, 6, 0],
    ];
    for (let i = 0; i < 2_000; i++) {
      const octets = withHeader(packets[i % packets.length] ?? octetsOf(20), headers[next(headers.length)]);
      // Mostly in what is decided by: the virtio header and the first octets of IP.
      for (let flips = next(4); flips >= 0; flips--)
        octets[next(next(3) === 0 ? octets.length : 60)] = next(256);
      const cut = next(5) === 0 ? octets.subarray(0, next(octets.length)) : octets;
      await until(() => cut.length === 0 || libc.write(rig.tun, cut, cut.length) > 0);
      while (receive(rig.far.fd, 0) !== undefined || receive(rig.tun, 0) !== undefined);
    }
    await until(() => {
      toTun(rig, withHeader(udpPacket(4, octetsOf(33))));
      const sealed = receive(rig.far.fd);
      return sealed !== undefined && sealed.length < 130;
    });
    const { outbound } = rig.dataplane.counters();
    assert.ok(sum(outbound.drops) > 300 && outbound.packets > 300, JSON.stringify(outbound));
    assert.deepEqual(
      Object.keys(outbound.drops).filter((cause) => !['malformed', 'too-big'].includes(cause)),
      [],
    );
  });
});

/** Sends a run of datagrams of `size` octets and a shorter one behind them, so that the kernel hands them over as one. */
function sendRun(rig: Rig, octets: Uint8Array, size: number): void {
  const memory = allocatePacketMemory(65_536);
  memory.octets.set(octets);
  const batch = new UdpSendBatch(rig.far.fd, memory, 4, true);
  batch.add(0, octets.length, size, new SocketAddress(rig.local), 0);
  batch.flush();
  assert.deepEqual([batch.queueFull, batch.tooBig, batch.refused], [0, 0, 0]);
}

test('datagrams that the kernel merged, with all kinds of tails: whole ones come in, the rest is counted', async () => {
  await withRig({}, async (rig) => {
    let sequence = 1;
    const inner = udpPacket(4, octetsOf(200), there, here);
    const short = udpPacket(4, octetsOf(20), there, here);
    const tails: readonly Uint8Array[] = [
      Uint8Array.of(0xff),
      octetsOf(3),
      octetsOf(9),
      rig.seal(100, short).subarray(0, -1),
      rig.seal(101, short),
    ];
    for (const tail of tails) {
      const packets = [0, 1, 2].map(() => rig.seal(sequence++, inner));
      sendRun(rig, new Uint8Array(Buffer.concat([...packets, tail])), packets[0]?.length ?? 0);
      for (const _ of packets) assert.deepEqual(receive(rig.tun), inner);
    }
    assert.deepEqual(receive(rig.tun), short);
    const { inbound } = rig.dataplane.counters();
    assert.equal(inbound.packets, 16);
    assert.equal(inbound.datagrams, 20);
    // The octet FF is a keepalive; nine octets are no SPI of ours.
    assert.deepEqual(inbound.drops, { truncated: 1, 'unknown-spi': 1, 'bad-tag': 1 });
  });
});

test('a socket that refuses segmentation in the middle: the very batch leaves on the plain path, whole and in order', async () => {
  const fds: number[] = [];
  await withRig({ vnetHeader: true, prepare: (fd) => fds.push(fd) }, async (rig) => {
    const receiver = new ReferenceReceiver(rig.farInbound, 32);
    const header = [1, 1, 52, 0, 1_000 & 0xff, 1_000 >> 8, 20, 0, 16, 0];
    const passes = (): void => {
      toTun(rig, withHeader(tcpPacket(4, { payload: octetsOf(8_000) }), header));
      for (let i = 0; i < 8; i++) {
        const sealed = receive(rig.far.fd);
        assert.ok(sealed);
        const opened = receiver.open(sealed);
        assert.ok(opened.ok && opened.value.payload.length === 1_052, `segment ${i} came`);
      }
    };
    passes();
    // SO_NO_CHECK makes the kernel answer EINVAL to UDP_SEGMENT.
    assert.equal(libc.setsockopt(fds[0] ?? -1, 1, 11, Uint8Array.of(1, 0, 0, 0), 4), 0);
    passes();
    passes();
    await until(() => rig.dataplane.counters().outbound.datagrams === 24);
    assert.deepEqual(rig.dataplane.counters().outbound.drops, {});
  });
});

test('overlapping fragments and odd options from the gateway reach the system as they are, one by one', async () => {
  await withRig({}, async (rig) => {
    const piece = (fragmentOffset: number, moreFragments: boolean, options = new Uint8Array(0)) =>
      encodeIpv4({
        ...ipv4Packet(there[4], here[4], 6, octetsOf(160, fragmentOffset)),
        ...{ dontFragment: false, fragmentOffset, moreFragments, options },
      });
    const packets = [
      piece(0, true),
      piece(80, true),
      piece(0, false),
      piece(65_528, true),
      piece(0, false, Uint8Array.of(131, 7, 4, 0, 0, 0, 0, 0)),
      piece(0, false, Uint8Array.of(68, 0, 0, 0)),
    ];
    for (const [i, packet] of packets.entries()) send(rig.far.fd, rig.seal(i + 1, packet), rig.local);
    for (const packet of packets) assert.deepEqual(receive(rig.tun), packet);
    assert.deepEqual(rig.dataplane.counters().inbound.drops, {});
  });
});
