import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SegmentMerge } from '../../../../core/dataplane/offload/segment-merge.ts';
import { allocateSummedMemory } from '../../../../core/dataplane/offload/summed-memory.ts';
import { VirtioHeader } from '../../../../core/dataplane/offload/virtio-header.ts';
import { fold, pseudoHeaderSum } from '../../../../core/esp/checksum.ts';
import { InnerPacket, readInnerPacket } from '../../../../core/esp/inner-packet.ts';
import { here, octetsOf, tcpPacket, udpPacket } from '../support.ts';

const spacing = 2048;
const memory = allocateSummedMemory(131_072);

function place(packets: readonly Uint8Array[]): InnerPacket[] {
  return packets.map((packet, i) => {
    const at = 32 + i * spacing;
    memory.octets.set(packet, at);
    const inner = new InnerPacket();
    assert.ok(readInnerPacket(memory.octets, at, packet.length, inner));
    return inner;
  });
}

/** How many of `packets` were taken into one merge that begins with the first. */
function taken(packets: readonly Uint8Array[]): number {
  const merge = new SegmentMerge(memory);
  const [first, ...others] = place(packets);
  if (first === undefined || !merge.begin(first)) return 0;
  for (const packet of others) if (!merge.isOfFlow(packet) || !merge.append(packet)) break;
  return merge.segments;
}

const size = 1000;
function segment(version: 4 | 6, i: number, more: Parameters<typeof tcpPacket>[1] = {}): Uint8Array {
  const payload = octetsOf(size, i);
  return tcpPacket(version, { sequence: 1000 + i * size, payload, ...more }, undefined, undefined, 100 + i);
}

for (const version of [4, 6] as const) {
  test(`segments of one flow over IPv${version} become one packet, and can be taken back`, () => {
    const packets = [segment(version, 0), segment(version, 1), segment(version, 2, { flags: 0x18 })];
    const [first, second, third] = place(packets);
    assert.ok(first && second && third);
    const merge = new SegmentMerge(memory);
    assert.ok(merge.begin(first) && merge.append(second) && merge.append(third));
    assert.equal(merge.segments, 3);
    const headerAt = first.at - 10;
    merge.finish(headerAt);
    const virtio = new VirtioHeader();
    virtio.read(memory.octets, headerAt);
    const ipLength = version === 4 ? 20 : 40;
    assert.deepEqual(
      { ...virtio },
      {
        needsChecksum: true,
        gsoType: version === 4 ? 1 : 4,
        gsoSize: size,
        checksumStart: ipLength,
        checksumOffset: 16,
      },
    );
    const whole = tcpPacket(version, {
      sequence: 1000,
      flags: 0x18,
      payload: new Uint8Array([...octetsOf(size, 0), ...octetsOf(size, 1), ...octetsOf(size, 2)]),
    });
    const headers = whole.slice(0, ipLength + 32);
    const pseudo = fold(pseudoHeaderSum(whole, version, version === 4 ? 12 : 8, 6, whole.length - ipLength));
    headers[ipLength + 16] = pseudo >> 8;
    headers[ipLength + 17] = pseudo & 0xff;
    assert.deepEqual(memory.octets.slice(first.at, first.at + headers.length), headers);
    merge.restore();
    assert.deepEqual(memory.octets.slice(first.at, first.at + first.length), packets[0]);
  });
}

const apart: readonly [string, Uint8Array][] = [
  ['a gap', segment(4, 2)],
  ['a repetition', segment(4, 0)],
  ['another acknowledgement', segment(4, 1, { acknowledgment: 78 })],
  ['another window', segment(4, 1, { window: 501 })],
  ['other options', segment(4, 1, { options: octetsOf(12) })],
  ['fewer options', segment(4, 1, { options: new Uint8Array(0) })],
  ['another port', segment(4, 1, { sourcePort: 40001 })],
  ['another family', segment(6, 1)],
  ['another address', tcpPacket(4, { sequence: 2000, payload: octetsOf(size) }, undefined, here)],
  ['FIN', segment(4, 1, { flags: 0x11 })],
  ['SYN', segment(4, 1, { flags: 0x12 })],
  ['ECE', segment(4, 1, { flags: 0x50 })],
  ['no payload', segment(4, 1, { payload: new Uint8Array(0) })],
  ['a longer one', segment(4, 1, { payload: octetsOf(size + 4) })],
  ['UDP', udpPacket(4, octetsOf(size))],
];

for (const [name, packet] of apart)
  test(`not merged: ${name}`, () => assert.equal(taken([segment(4, 0), packet]), 1));

test('a broken checksum is not made whole, first or later', () => {
  const broken = (packet: Uint8Array) => packet.with(packet.length - 1, (packet.at(-1) ?? 0) ^ 1);
  assert.equal(taken([segment(4, 0), segment(4, 1)]), 2);
  assert.equal(taken([broken(segment(4, 0)), segment(4, 1)]), 1);
  assert.equal(taken([segment(4, 0), broken(segment(4, 1))]), 1);
});

test('nothing follows a shorter segment or a pushed one', () => {
  const short = segment(4, 1, { payload: octetsOf(500) });
  const next = tcpPacket(4, { sequence: 2500, payload: octetsOf(500) });
  assert.equal(taken([segment(4, 0), short, next]), 2);
  assert.equal(taken([segment(4, 0, { flags: 0x18 }), segment(4, 1)]), 1);
});

test('a fragment, IP options and a lone ACK do not begin a merge', () => {
  const fragment = segment(4, 0);
  fragment[6] = 0x20;
  assert.equal(taken([fragment]), 0);
  assert.equal(taken([segment(4, 0, { payload: new Uint8Array(0) })]), 0);
});

test('a merge stays below 64 KiB', () => {
  const packets = Array.from({ length: 50 }, (_, i) =>
    tcpPacket(4, { sequence: i * 1400, payload: octetsOf(1400, i) }),
  );
  assert.equal(taken(packets), 46);
});
