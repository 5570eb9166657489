import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allocateSummedMemory } from '../../../../core/dataplane/offload/summed-memory.ts';
import { finishPacketChecksum, SuperPacket } from '../../../../core/dataplane/offload/super-packet.ts';
import { gsoTcp4, gsoTcp6, gsoUdp, VirtioHeader } from '../../../../core/dataplane/offload/virtio-header.ts';
import { InnerPacket, readInnerPacket } from '../../../../core/esp/inner-packet.ts';
import { octetsOf, tcpPacket, udpPacket } from '../support.ts';

const memory = allocateSummedMemory(524_288);

function header(gsoType: number, gsoSize: number): VirtioHeader {
  return Object.assign(new VirtioHeader(), { needsChecksum: true, gsoType, gsoSize });
}

/** Cuts `packet` where it lies and answers the pieces. */
function cut(packet: Uint8Array, virtio: VirtioHeader, overhead: number): Uint8Array[] | undefined {
  const at = 24;
  memory.octets.fill(0xdd, 0, 400_000);
  memory.octets.set(packet, at);
  const inner = new InnerPacket();
  assert.ok(readInnerPacket(memory.octets, at, packet.length, inner));
  const superPacket = new SuperPacket(memory);
  if (!superPacket.read(inner, virtio)) return undefined;
  const stride = superPacket.lengthOf(0) + overhead;
  superPacket.spread(at, stride);
  const pieces: Uint8Array[] = [];
  for (let i = 0; i < superPacket.segments; i++) {
    superPacket.finish(i, at + i * stride);
    pieces.push(memory.octets.slice(at + i * stride, at + i * stride + superPacket.lengthOf(i)));
  }
  return pieces;
}

const sizes = fc.record({
  version: fc.constantFrom(4 as const, 6 as const),
  payload: fc.integer({ min: 1, max: 20_000 }),
  gsoSize: fc.integer({ min: 200, max: 3000 }),
  overhead: fc.integer({ min: 0, max: 20 }).map((n) => n * 4),
});

test('a TCP super-packet becomes the segments that the slow encoder makes', () => {
  fc.assert(
    fc.property(sizes, ({ version, payload, gsoSize, overhead }) => {
      const data = octetsOf(payload);
      const flags = 0x10 | 0x08 | 0x80; // ACK, PSH, CWR
      const packet = tcpPacket(version, { payload: data, flags, sequence: 0xffff_f000 });
      const pieces = cut(packet, header(version === 4 ? gsoTcp4 : gsoTcp6, gsoSize), overhead);
      assert.ok(pieces);
      const count = Math.ceil(payload / gsoSize);
      const expected = Array.from({ length: count }, (_, i) =>
        tcpPacket(
          version,
          {
            payload: data.slice(i * gsoSize, (i + 1) * gsoSize),
            sequence: (0xffff_f000 + i * gsoSize) >>> 0,
            // PSH belongs to the end, CWR to the beginning.
            flags: 0x10 | (i === count - 1 ? 0x08 : 0) | (i === 0 ? 0x80 : 0),
          },
          undefined,
          undefined,
          100 + i,
        ),
      );
      assert.deepEqual(pieces, expected);
    }),
    { numRuns: 60 },
  );
});

test('a UDP super-packet becomes the datagrams that the slow encoder makes', () => {
  fc.assert(
    fc.property(sizes, ({ version, payload, gsoSize, overhead }) => {
      const data = octetsOf(payload);
      const pieces = cut(udpPacket(version, data), header(gsoUdp, gsoSize), overhead);
      const expected = Array.from({ length: Math.ceil(payload / gsoSize) }, (_, i) =>
        udpPacket(version, data.slice(i * gsoSize, (i + 1) * gsoSize), undefined, undefined, 100 + i),
      );
      assert.deepEqual(pieces, expected);
    }),
    { numRuns: 60 },
  );
});

test('a header that contradicts its packet is refused', () => {
  const tcp4 = tcpPacket(4, { payload: octetsOf(3000) });
  assert.equal(cut(tcp4, header(gsoTcp6, 1000), 0), undefined, 'another family');
  assert.equal(cut(tcp4, header(gsoUdp, 1000), 0), undefined, 'another protocol');
  assert.equal(cut(tcp4, header(3, 1000), 0), undefined, 'an unknown kind');
  assert.equal(cut(tcp4, header(gsoTcp4, 0), 0), undefined, 'segments of nothing');
  assert.equal(cut(tcpPacket(4, {}), header(gsoTcp4, 1000), 0), undefined, 'no payload');
  const long = tcp4.slice();
  long[32] = 0x40; // a TCP header of 16 octets
  assert.equal(cut(long, header(gsoTcp4, 1000), 0), undefined, 'too short a TCP header');
});

for (const version of [4, 6] as const) {
  test(`an open checksum of IPv${version} is finished`, () => {
    const whole = udpPacket(version, octetsOf(99));
    const at = 8;
    const start = version === 4 ? 20 : 40;
    memory.octets.set(whole, at);
    // What the kernel leaves: the pseudo-header's sum, here by taking the datagram's own sum away again.
    const partial = cutPartial(whole, version);
    memory.octets.set(partial, at + start + 6);
    const inner = new InnerPacket();
    assert.ok(readInnerPacket(memory.octets, at, whole.length, inner));
    const virtio = Object.assign(new VirtioHeader(), {
      needsChecksum: true,
      checksumStart: start,
      checksumOffset: 6,
    });
    assert.ok(finishPacketChecksum(memory, inner, virtio));
    assert.deepEqual(memory.octets.slice(at, at + whole.length), whole);
    assert.ok(
      !finishPacketChecksum(memory, inner, Object.assign(virtio, { checksumOffset: 200 })),
      'outside',
    );
    assert.ok(
      !finishPacketChecksum(memory, inner, Object.assign(virtio, { checksumStart: 4 })),
      'in the IP header',
    );
  });
}

function cutPartial(packet: Uint8Array, version: 4 | 6): Uint8Array {
  const start = version === 4 ? 20 : 40;
  const addresses = packet.slice(version === 4 ? 12 : 8, start);
  let sum = 17 + packet.length - start;
  for (let i = 0; i < addresses.length; i += 2) sum += ((addresses[i] ?? 0) << 8) | (addresses[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return Uint8Array.of(sum >> 8, sum & 0xff);
}
