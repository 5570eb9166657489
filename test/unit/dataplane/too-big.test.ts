import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { ReferenceReceiver } from '../../../core/esp/reference.ts';
import { libc } from '../../../core/platform/linux/libc.ts';
import { decodeIpPacket, type IpPacket } from '../../../core/wire/ip/ip-packet.ts';
import { encodeIpv4, ipv4Packet } from '../../../core/wire/ip/ipv4.ts';
import { encodeUdp } from '../../../core/wire/ip/udp.ts';
import { type Rig, receive, toTun, until, withHeader, withRig } from './rig.ts';
import { everything, here, octetsOf, selector, tcpPacket, there, udpPacket } from './support.ts';

const plain = { 4: 'TUN without a virtio header', 10: 'TUN with a virtio header' } as const;

function packetOf(octets: Uint8Array | undefined): IpPacket {
  assert.ok(octets, 'a packet came');
  const packet = decodeIpPacket(octets);
  assert.ok(packet.ok);
  return packet.value;
}

/** IPv4 and UDP without Don't Fragment. */
function mayBeCut(payload: Uint8Array): Uint8Array {
  const transport = encodeUdp({ sourcePort: 40_000, destinationPort: 53, payload }, here[4], there[4]);
  return encodeIpv4({ ...ipv4Packet(here[4], there[4], 17, transport), dontFragment: false });
}

/** Inner packets in the order in which they left. */
function left(rig: Rig, count: number): Uint8Array[] {
  const receiver = new ReferenceReceiver(rig.farInbound, 32);
  return Array.from({ length: count }, () => {
    const sealed = receive(rig.far.fd);
    assert.ok(sealed);
    const opened = receiver.open(sealed);
    assert.ok(opened.ok);
    return opened.value.payload;
  });
}

for (const vnetHeader of [false, true]) {
  const wrap = (packet: Uint8Array) => (vnetHeader ? withHeader(packet) : packet);
  const name = plain[vnetHeader ? 10 : 4];

  test(`${name}: after the MTU went down, the sender of what is too big learns it`, async () => {
    await withRig({ vnetHeader }, async (rig) => {
      await rig.dataplane.setMtu(1_290);
      for (const version of [4, 6] as const) {
        const packet = tcpPacket(version, { payload: octetsOf(1_340) });
        toTun(rig, wrap(packet));
        const written = receive(rig.tun);
        if (vnetHeader) assert.deepEqual(written?.subarray(0, 10), new Uint8Array(10));
        const answer = packetOf(written?.subarray(vnetHeader ? 10 : 0));
        assert.deepEqual([answer.source, answer.destination], [there[version], here[version]]);
        assert.deepEqual([...answer.payload.subarray(0, 2)], version === 4 ? [3, 4] : [2, 0]);
        assert.deepEqual([...answer.payload.subarray(6, 8)], [1_290 >> 8, 1_290 & 0xff]);
        toTun(rig, wrap(tcpPacket(version, { payload: octetsOf(1_290 - (version === 4 ? 52 : 72)) })));
        assert.ok(receive(rig.far.fd), 'what just fits leaves');
      }
      const { outbound } = rig.dataplane.counters();
      assert.deepEqual([outbound.drops, outbound.answered], [{ 'too-big': 2 }, 2]);
    });
  });

  test(`${name}: an IPv4 packet that may be cut leaves in fragments`, async () => {
    await withRig({ vnetHeader }, async (rig) => {
      await rig.dataplane.setMtu(600);
      const whole = mayBeCut(octetsOf(1_300));
      toTun(rig, wrap(whole));
      const pieces = left(rig, 3).map(packetOf);
      assert.deepEqual(
        new Uint8Array(Buffer.concat(pieces.map(({ payload }) => payload))),
        packetOf(whole).payload,
      );
      toTun(rig, wrap(mayBeCut(octetsOf(20))));
      left(rig, 1);
      assert.deepEqual(rig.dataplane.counters().outbound.drops, {});
    });
  });
}

test('selectors that ask for a port take no fragments: such a packet leaves whole', async () => {
  const selectors = {
    local: everything,
    remote: [selector('10.9.0.0-10.9.0.9', { protocol: 17, startPort: 53, endPort: 53 })],
  };
  await withRig({ selectors }, async (rig) => {
    await rig.dataplane.setMtu(600);
    const whole = mayBeCut(octetsOf(1_300));
    toTun(rig, whole);
    assert.deepEqual(left(rig, 1), [whole]);
  });
});

test('a tunnel too narrow for IPv6 takes its packets of 1280 octets all the same', async () => {
  await withRig({}, async (rig) => {
    await rig.dataplane.setMtu(1_000);
    const [fits, big] = [udpPacket(6, octetsOf(1_280 - 48)), udpPacket(6, octetsOf(1_281 - 48))];
    toTun(rig, big);
    const answer = packetOf(receive(rig.tun));
    assert.deepEqual([...answer.payload.subarray(4, 8)], [0, 0, 5, 0]);
    toTun(rig, fits);
    assert.deepEqual(left(rig, 1), [fits]);
  });
});

test('segments too big to leave: one answer for the whole super-packet; the connection goes on', async () => {
  await withRig({ vnetHeader: true }, async (rig) => {
    await rig.dataplane.setMtu(1_290);
    const packet = tcpPacket(4, { payload: octetsOf(4_000) });
    const header = (gsoSize: number) => [1, 1, 52, 0, gsoSize & 0xff, gsoSize >> 8, 20, 0, 16, 0];
    toTun(rig, withHeader(packet, header(1_348)));
    const answer = packetOf(receive(rig.tun)?.subarray(10));
    assert.deepEqual([...answer.payload.subarray(0, 8)].slice(6), [1_290 >> 8, 1_290 & 0xff]);
    assert.deepEqual(rig.dataplane.counters().outbound.drops, { 'too-big': 3 });
    toTun(rig, withHeader(packet, header(1_000)));
    left(rig, 4);
  });
});

test('a checksum that the kernel left open is finished before the packet is cut', async () => {
  await withRig({ vnetHeader: true }, async (rig) => {
    await rig.dataplane.setMtu(600);
    const whole = mayBeCut(octetsOf(1_300));
    // What the kernel puts there: the sum of the pseudo-header, by which the checksum is finished.
    const open = whole.slice();
    const { length } = packetOf(whole).payload;
    const words = new DataView(open.buffer);
    let sum = 17 + length;
    for (let at = 12; at < 20; at += 2) sum += words.getUint16(at);
    words.setUint16(26, (sum & 0xffff) + (sum >> 16));
    toTun(rig, withHeader(open, [1, 0, 0, 0, 0, 0, 20, 0, 6, 0]));
    const pieces = left(rig, 3).map(packetOf);
    const together = new Uint8Array(Buffer.concat(pieces.map(({ payload }) => payload)));
    assert.deepEqual(together, packetOf(whole).payload);
  });
});

test('senders are told at a bounded rate, and everything that was dropped is counted', async () => {
  await withRig({}, async (rig) => {
    await rig.dataplane.setMtu(600);
    const packet = udpPacket(4, octetsOf(1_000));
    const sent = 10 * limits.tooBigErrorsPerSecond;
    let told = 0;
    for (let i = 0; i < sent; i++) {
      await until(() => libc.write(rig.tun, packet, packet.length) > 0);
      while (receive(rig.tun, 0) !== undefined) told++;
    }
    await until(() => rig.dataplane.counters().outbound.drops['too-big'] === sent);
    while (receive(rig.tun, 0) !== undefined) told++;
    assert.equal(rig.dataplane.counters().outbound.answered, told);
    assert.ok(told >= limits.tooBigErrorsPerSecond && told < sent, `${told} of ${sent}`);
  });
});
