import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { readCounters } from '../../../core/dataplane/counters.ts';
import { allocateInboundMemory } from '../../../core/dataplane/inbound-path.ts';
import { allocateOutboundMemory } from '../../../core/dataplane/outbound-path.ts';
import { Rehearsal, type Scene } from '../../../core/dataplane/rehearsal/rehearsal.ts';
import { openInboundScene, rehearseInbound } from '../../../core/dataplane/rehearsal/rehearse-inbound.ts';
import { openOutboundScene, rehearseOutbound } from '../../../core/dataplane/rehearsal/rehearse-outbound.ts';
import { samplePackets } from '../../../core/dataplane/rehearsal/sample-packets.ts';
import { installEvery, Stage } from '../../../core/dataplane/rehearsal/stage.ts';
import { internetChecksum, transportChecksum } from '../../../core/wire/ip/checksum.ts';
import { decodeIpPacket } from '../../../core/wire/ip/ip-packet.ts';

const plays = installEvery + 10;
const descriptors = () => readdirSync('/proc/self/fd').length;

function played(open: (stage: Stage) => Scene) {
  const counters = Stage.open((stage) => {
    const scene = open(stage);
    for (let turn = 0; turn < plays; turn++) scene.play(turn);
    scene.close();
    return readCounters(stage.start.shared);
  });
  assert.ok(counters);
  return counters;
}

test('what is rehearsed outbound is what happens: every packet leaves', () => {
  const { outbound } = played((stage) => openOutboundScene(stage, allocateOutboundMemory()));
  assert.deepEqual([outbound.packets, outbound.drops], [plays, {}]);
});

test('what is rehearsed inbound is what happens: every packet arrives, but for some IKE messages', () => {
  const { inbound } = played((stage) => openInboundScene(stage, allocateInboundMemory()));
  assert.deepEqual([inbound.packets, inbound.drops], [plays - 2, {}]);
});

for (const [direction, rehearse] of [
  ['outbound', () => rehearseOutbound(allocateOutboundMemory())],
  ['inbound', () => rehearseInbound(allocateInboundMemory())],
] as const) {
  test(`${direction}: a rehearsal that ends, early or by itself, leaves no descriptor behind`, () => {
    const before = descriptors();
    const early = rehearse();
    for (let i = 0; i < 5; i++) assert.equal(early.step(), true);
    assert.ok(descriptors() > before);
    early.end();
    assert.equal(early.step(), false);
    assert.equal(descriptors(), before);
    const whole = rehearse();
    while (whole.step()) {}
    assert.equal(descriptors(), before);
  });
}

test('the packets of a rehearsal are what they should be: ping, TCP, UDP, and TCP over IPv6, with right checksums', () => {
  const seen = samplePackets().map((octets) => {
    const packet = decodeIpPacket(octets);
    assert.ok(packet.ok);
    const { source, destination, protocol, payload } = packet.value;
    if (protocol !== 1) assert.equal(transportChecksum(source, destination, protocol, payload), 0);
    else assert.equal(internetChecksum(payload), 0);
    if (packet.value.version === 4) assert.equal(internetChecksum(octets.subarray(0, 20)), 0);
    return [packet.value.version, protocol, octets.length];
  });
  assert.deepEqual(seen, [
    [4, 1, 84],
    [4, 6, 40],
    [4, 17, 128],
    [6, 6, 60],
  ]);
});

test('two scenes take turns, none is opened before the first turn', () => {
  const seen: string[] = [];
  let opened = 0;
  const rehearsal = new Rehearsal(() => {
    const name = 'ab'[opened++];
    return { play: (turn) => seen.push(`${name}${turn}`), close: () => seen.push(`${name} closed`) };
  });
  assert.equal(opened, 0);
  for (let i = 0; i < 5; i++) rehearsal.step();
  assert.deepEqual(seen, ['a0', 'b0', 'a1', 'b1', 'a2']);
  rehearsal.end();
  rehearsal.end();
  assert.deepEqual(seen.slice(5), ['a closed', 'b closed']);
});

test('a scene that cannot be had, or that breaks, ends the rehearsal and nothing else', () => {
  assert.equal(new Rehearsal(() => undefined).step(), false);
  let closed = 0;
  const breaking = new Rehearsal(() => ({
    play: () => {
      throw new Error('broken');
    },
    close: () => closed++,
  }));
  assert.equal(breaking.step(), false);
  assert.equal(breaking.step(), false);
  assert.equal(closed, 1);
});
