import { SegmentMerge } from '../../../core/dataplane/offload/segment-merge.ts';
import { allocateSummedMemory } from '../../../core/dataplane/offload/summed-memory.ts';
import { finishPacketChecksum, SuperPacket } from '../../../core/dataplane/offload/super-packet.ts';
import {
  mergedKinds,
  VirtioHeader,
  virtioHeaderOctets,
  writeMergedHeader,
} from '../../../core/dataplane/offload/virtio-header.ts';
import { InnerPacket, readInnerPacket } from '../../../core/esp/inner-packet.ts';
import { Ipv4Fragments } from '../../../core/esp/ipv4-fragments.ts';
import { clampMss } from '../../../core/esp/mss-clamp.ts';
import { readTrailer } from '../../../core/esp/padding.ts';
import { tooBigOctets, writeTooBig } from '../../../core/esp/too-big.ts';
import { octetsOf, tcpPacket, udpPacket } from '../../unit/dataplane/support.ts';
import type { FuzzTarget } from '../target.ts';

/** More segments than this are cut one at a time from memory that the data plane has; here only some. */
const segmentsTried = 64;
const spacing = 8_192;
const memory = allocateSummedMemory(1_048_576);

/** A virtio header and a packet behind it: what the TUN device hands over. */
function superPacket(packet: Uint8Array, version: 4 | 6, size: number): Uint8Array {
  const octets = new Uint8Array(virtioHeaderOctets + packet.length);
  writeMergedHeader(
    octets,
    0,
    version === 4 ? mergedKinds.tcp4 : mergedKinds.tcp6,
    version === 4 ? 20 : 40,
    version === 4 ? 52 : 72,
    size,
  );
  octets.set(packet, virtioHeaderOctets);
  return octets;
}

const both = [4, 6] as const;

export const splitTarget: FuzzTarget = {
  name: 'tso-split',
  corpus: both.flatMap((version) => [
    superPacket(tcpPacket(version, { payload: octetsOf(2_000) }), version, 700),
    superPacket(udpPacket(version, octetsOf(900)), version, 300),
  ]),
  run(octets) {
    if (octets.length < virtioHeaderOctets) return 'short';
    const at = 24;
    memory.octets.set(octets.subarray(virtioHeaderOctets), at);
    const available = octets.length - virtioHeaderOctets;
    const header = new VirtioHeader();
    header.read(octets, 0);
    const packet = new InnerPacket();
    if (!readInnerPacket(memory.octets, at, available, packet)) return 'no packet';
    clampMss(memory.octets, packet, 1_360);
    if (header.needsChecksum) finishPacketChecksum(memory, packet, header);
    const whole = new SuperPacket(memory);
    if (!whole.read(packet, header)) return `not taken ${packet.version} ${packet.fragment}`;
    if (whole.segments > segmentsTried) return 'many';
    const stride = whole.lengthOf(0) + 40;
    let payload = 0;
    whole.spread(at, stride);
    for (let i = 0; i < whole.segments; i++) {
      whole.finish(i, at + i * stride);
      const length = whole.lengthOf(i);
      payload += length - whole.headersLength;
      const piece = new InnerPacket();
      if (!readInnerPacket(memory.octets, at + i * stride, length, piece))
        throw new Error(`segment ${i} is no packet`);
    }
    if (payload !== packet.length - whole.headersLength) throw new Error('payload was lost or made up');
    return `${packet.version} ${packet.protocol} ${whole.segments > 1}`;
  },
};

/** Packets one after the other, each behind two octets with its length. */
function train(packets: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(packets.flatMap((packet) => [Uint8Array.of(packet.length >> 8, packet.length), packet])),
  );
}

export const mergeTarget: FuzzTarget = {
  name: 'segment-merge',
  corpus: both.map((version) =>
    train(
      [0, 1, 2].map((i) =>
        tcpPacket(
          version,
          { sequence: 1_000 + i * 200, payload: octetsOf(200, i) },
          undefined,
          undefined,
          100 + i,
        ),
      ),
    ),
  ),
  run(octets) {
    const merge = new SegmentMerge(memory);
    const seen: string[] = [];
    let payload = 0;
    for (let from = 0, place = 0; from + 2 <= octets.length && place < 32; place++) {
      const length = Math.min(
        ((octets[from] ?? 0) << 8) | (octets[from + 1] ?? 0),
        octets.length - from - 2,
        spacing - 64,
      );
      const at = 32 + place * spacing;
      memory.octets.set(octets.subarray(from + 2, from + 2 + length), at);
      from += 2 + length;
      const packet = new InnerPacket();
      if (!readInnerPacket(memory.octets, at, length, packet)) seen.push('none');
      else if (merge.empty) {
        if (merge.begin(packet)) payload = packet.length - merge.headersLength;
      } else if (merge.append(packet)) payload += packet.length - merge.headersLength;
      else seen.push('refused');
    }
    if (merge.empty) return seen.slice(0, 3).join();
    if (merge.length !== merge.headersLength + payload || merge.length > 65_535)
      throw new Error('the lengths do not add up');
    const before = memory.octets.slice(merge.at, merge.at + merge.headersLength);
    merge.finish(merge.at - virtioHeaderOctets);
    merge.restore();
    const after = memory.octets.subarray(merge.at, merge.at + before.length);
    if (!before.every((octet, i) => octet === after[i])) throw new Error('it was not taken back whole');
    return `${merge.segments} ${seen.slice(0, 3).join()}`;
  },
};

const errorAt = 1_000_000;
const fragmentOctets = 100;

function fragment(fragments: Ipv4Fragments, at: number): void {
  const stride = fragments.lengthOf(0) + 16;
  fragments.spread(at, stride);
  const piece = new InnerPacket();
  for (let i = 0; i < fragments.pieces; i++) {
    fragments.finish(i, at + i * stride);
    const length = fragments.lengthOf(i);
    if (length > fragmentOctets || !readInnerPacket(memory.octets, at + i * stride, length, piece))
      throw new Error(`fragment ${i} is no packet`);
  }
}

export const innerPacketTarget: FuzzTarget = {
  name: 'esp-inner-packet',
  corpus: both.flatMap((version) => [
    tcpPacket(version, { payload: octetsOf(64), flags: 2 }),
    udpPacket(version, octetsOf(64)),
  ]),
  run(octets) {
    memory.octets.set(octets, 16);
    const payload = readTrailer(memory.octets, 16, 16 + octets.length);
    const packet = new InnerPacket();
    if (!readInnerPacket(memory.octets, 16, octets.length, packet)) return `none ${payload < 0}`;
    if (packet.length > octets.length || packet.transportAt > 16 + octets.length)
      throw new Error('it points outside');
    const clamped = clampMss(memory.octets, packet, 1_360);
    const answered = writeTooBig(memory.octets, packet, 1_300, errorAt);
    if (answered > tooBigOctets) throw new Error('an ICMP error longer than its room');
    const fragments = new Ipv4Fragments(memory.octets);
    const cut = fragments.read(packet, fragmentOctets);
    if (cut) fragment(fragments, packet.at);
    return `${packet.version} ${packet.protocol} ${packet.fragment} ${packet.sourcePort < 0} ${clamped} ${answered > 0} ${cut}`;
  },
};
