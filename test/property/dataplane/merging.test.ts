import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import koffi from 'koffi';
import type { IpAddress } from '../../../core/base/address.ts';
import { adoptPacketMemory } from '../../../core/crypto/openssl/bulk-cipher.ts';
import { createSharedCells, DirectionCells } from '../../../core/dataplane/counters.ts';
import { allocateSummedMemory } from '../../../core/dataplane/offload/summed-memory.ts';
import { VirtioHeader, virtioHeaderOctets } from '../../../core/dataplane/offload/virtio-header.ts';
import { TunOutput } from '../../../core/dataplane/tun-output.ts';
import { InnerPacket, readInnerPacket } from '../../../core/esp/inner-packet.ts';
import type { WriteCalls } from '../../../core/platform/linux/gather-write.ts';
import { errnoNumber, libc, packetCalls } from '../../../core/platform/linux/libc.ts';
import { decodeIpv4, encodeIpv4 } from '../../../core/wire/ip/ipv4.ts';
import { decodeIpv6, encodeIpv6 } from '../../../core/wire/ip/ipv6.ts';
import { decodeTcp, encodeTcp, tcpFlag } from '../../../core/wire/ip/tcp.ts';
import { decodeUdp, encodeUdp } from '../../../core/wire/ip/udp.ts';
import { here, octetsOf, tcpPacket, there, udpPacket } from '../../unit/dataplane/support.ts';

const summed = allocateSummedMemory(262_144);
const memory = adoptPacketMemory(summed.octets);
const spacing = 4_096;

/** A pair of sockets that keep packets apart, as a TUN device does. */
const [device, kernel] = (() => {
  const fds = new Uint8Array(128);
  assert.equal(libc.socketpair(1, 5 | 0o4000, 0, fds), 0);
  const view = new DataView(fds.buffer);
  return [view.getInt32(0, true), view.getInt32(4, true)];
})();
after(() => {
  libc.close(device);
  libc.close(kernel);
});

interface Unwrapped {
  readonly payload: Uint8Array;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** The same IP header around another payload. */
  readonly wrap: (payload: Uint8Array) => Uint8Array;
}

function unwrap(packet: Uint8Array): Unwrapped {
  const v4 = decodeIpv4(packet);
  if (v4.ok) return { ...v4.value, wrap: (payload) => encodeIpv4({ ...v4.value, payload }) };
  const v6 = decodeIpv6(packet);
  assert.ok(v6.ok, 'a merged packet is a packet');
  return { ...v6.value, wrap: (payload) => encodeIpv6({ ...v6.value, payload }) };
}

/** What the kernel makes of one write, done slowly: the packets that it stands for. */
function cutAsTheKernel(written: Uint8Array): Uint8Array[] {
  const virtio = new VirtioHeader();
  virtio.read(written, 0);
  const packet = written.slice(virtioHeaderOctets);
  if (virtio.gsoType === 0) return [packet];
  const { payload: transport, source, destination, wrap } = unwrap(packet);
  const pieces: Uint8Array[] = [];
  if (virtio.gsoType === 5) {
    const udp = decodeUdp(transport);
    assert.ok(udp.ok);
    for (let at = 0; at < udp.value.payload.length; at += virtio.gsoSize) {
      const payload = udp.value.payload.slice(at, at + virtio.gsoSize);
      pieces.push(wrap(encodeUdp({ ...udp.value, payload }, source, destination)));
    }
    return pieces;
  }
  const tcp = decodeTcp(transport);
  assert.ok(tcp.ok);
  const { payload, sequence, flags } = tcp.value;
  for (let at = 0; at < payload.length; at += virtio.gsoSize) {
    const last = at + virtio.gsoSize >= payload.length;
    const segment = {
      ...tcp.value,
      payload: payload.slice(at, at + virtio.gsoSize),
      sequence: (sequence + at) >>> 0,
      flags: last ? flags : flags & ~tcpFlag.PSH,
    };
    pieces.push(wrap(encodeTcp(segment, source, destination)));
  }
  return pieces;
}

/** The kernel counts identifications up from the first packet's; nothing depends on them where nothing is cut. */
function withoutIdentification(packet: Uint8Array): string {
  const copy = packet.slice();
  if ((copy[0] ?? 0) >> 4 === 4) copy.fill(0, 4, 6).fill(0, 10, 12);
  return Buffer.from(copy).toString('hex');
}

function flowOf(packet: Uint8Array): string {
  const inner = new InnerPacket();
  assert.ok(readInnerPacket(packet, 0, packet.length, inner));
  return `${inner.version} ${inner.protocol} ${inner.sourcePort} ${inner.destinationPort}`;
}

/** What comes out at the far end for `packets`, flow by flow. */
function through(
  packets: readonly Uint8Array[],
  vnetHeader = true,
  calls: WriteCalls = packetCalls,
): { out: Uint8Array[]; writes: number; output: TunOutput } {
  const output = new TunOutput(memory, summed, new DirectionCells(createSharedCells(), 'inbound'), calls);
  output.attach(device, vnetHeader);
  const out: Uint8Array[] = [];
  let writes = 0;
  const drain = (): void => {
    const record = new Uint8Array(70_000);
    for (;;) {
      const length = libc.recvfrom(kernel, record, record.length, 0x40, null, null);
      if (length <= 0) return;
      writes++;
      const written = record.slice(0, length);
      out.push(...(vnetHeader ? cutAsTheKernel(written) : [written]));
    }
  };
  packets.forEach((packet, i) => {
    const at = 32 + i * spacing;
    memory.octets.set(packet, at);
    const inner = new InnerPacket();
    assert.ok(readInnerPacket(memory.octets, at, packet.length, inner));
    output.push(inner);
    drain();
  });
  output.flush();
  drain();
  return { out, writes, output };
}

function byFlow(packets: readonly Uint8Array[]): Record<string, string[]> {
  const flows: Record<string, string[]> = {};
  for (const packet of packets) {
    const flow = flowOf(packet);
    flows[flow] = [...(flows[flow] ?? []), withoutIdentification(packet)];
  }
  return flows;
}

const step = fc.record({
  flow: fc.integer({ min: 0, max: 2 }),
  version: fc.constantFrom(4 as const, 6 as const),
  udp: fc.boolean(),
  size: fc.constantFrom(100, 100, 100, 37, 1),
  gap: fc.constantFrom(0, 0, 0, 0, 100),
  flags: fc.constantFrom(0x10, 0x10, 0x10, 0x18, 0x11, 0x90),
  broken: fc.constantFrom(false, false, false, false, true),
  noChecksum: fc.constantFrom(false, false, false, true),
  fragment: fc.constantFrom(false, false, false, false, true),
});

/** Packets of up to twelve flows (by family and protocol) in any order, most of them such that they follow each other. */
const train = fc.array(step, { maxLength: 60 }).map((steps) => {
  const next = new Map<string, number>();
  return steps.map(({ flow, version, udp, size, gap, flags, broken, noChecksum, fragment }, i) => {
    const payload = octetsOf(size, i);
    const key = `${flow} ${version}`;
    const sequence = (next.get(key) ?? 0xffff_ff00) + gap;
    if (!udp) next.set(key, sequence + size);
    const packet = udp
      ? udpPacket(version, payload, here, there, i)
      : tcpPacket(
          version,
          { sourcePort: 5000 + flow, sequence: sequence >>> 0, payload, flags },
          here,
          there,
          i,
        );
    const ports = version === 4 ? 20 : 40;
    if (udp) setUdp(packet, ports, 6000 + flow, noChecksum && version === 4);
    if (fragment && version === 4) packet[6] = 0x20;
    if (broken) packet[packet.length - 1] = (packet.at(-1) ?? 0) ^ 0x55;
    return packet;
  });
});

/** Another source port, with its checksum, or with none. */
function setUdp(packet: Uint8Array, at: number, port: number, noChecksum: boolean): void {
  const udp = decodeUdp(packet.slice(at));
  assert.ok(udp.ok);
  const version = at === 20 ? 4 : 6;
  packet.set(encodeUdp({ ...udp.value, sourcePort: port }, here[version], there[version]), at);
  if (noChecksum) packet.fill(0, at + 6, at + 8);
}

test('whatever is merged, the kernel gets the same packets of each flow, in their order', () => {
  fc.assert(
    fc.property(train, fc.boolean(), (packets, vnetHeader) => {
      assert.deepEqual(byFlow(through(packets, vnetHeader).out), byFlow(packets));
    }),
    { numRuns: 300 },
  );
});

for (const version of [4, 6] as const) {
  const flows = [0, 1, 2, 3, 4, 5];
  test(`six interleaved flows over IPv${version} are six writes`, () => {
    const packets = Array.from({ length: 48 }, (_, i) => {
      const flow = flows[i % flows.length] ?? 0;
      const sequence = Math.floor(i / flows.length) * 500;
      return tcpPacket(version, { sourcePort: 7000 + flow, sequence, payload: octetsOf(500, i) });
    });
    const { out, writes } = through(packets);
    assert.equal(out.length, packets.length);
    assert.equal(writes, flows.length);
  });

  test(`datagrams of one flow over IPv${version} are one write`, () => {
    const packets = Array.from({ length: 20 }, (_, i) => udpPacket(version, octetsOf(900, i)));
    assert.equal(through(packets).writes, 1);
  });
}

test('a kernel that refuses merged packets gets every one of them singly, from the first refusal on', () => {
  let refusals = 0;
  const calls: WriteCalls = {
    write: packetCalls.write,
    writev: () => {
      refusals++;
      koffi.errno(errnoNumber('EINVAL'));
      return -1;
    },
  };
  const tcp = Array.from({ length: 20 }, (_, i) =>
    tcpPacket(4, { sequence: i * 300, payload: octetsOf(i === 9 ? 200 : 300, i) }),
  );
  const udp = Array.from({ length: 20 }, (_, i) => udpPacket(6, octetsOf(i === 9 ? 100 : 400, i)));
  const packets = tcp.flatMap((segment, i) => [segment, udp[i] ?? segment]);
  const { out, output } = through(packets, true, calls);
  assert.deepEqual(byFlow(out), byFlow(packets));
  assert.equal(refusals, 2);
  assert.deepEqual(output.merging, { tcp: false, udp: false });
});
