import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InnerPacket, readInnerPacket } from '../../../core/esp/inner-packet.ts';
import { Ipv4Fragments } from '../../../core/esp/ipv4-fragments.ts';
import { decodeIpv4, encodeIpv4, type Ipv4Packet, ipv4Packet } from '../../../core/wire/ip/ipv4.ts';
import { here, octetsOf, there } from '../../unit/dataplane/support.ts';

const memory = new Uint8Array(400_000);

function cut(packet: Uint8Array, mtu: number, overhead: number): Ipv4Packet[] | undefined {
  const at = 24;
  memory.fill(0xdd);
  memory.set(packet, at);
  const inner = new InnerPacket();
  assert.ok(readInnerPacket(memory, at, packet.length, inner));
  const fragments = new Ipv4Fragments(memory);
  if (!fragments.read(inner, mtu)) return undefined;
  const stride = fragments.lengthOf(0) + overhead;
  fragments.spread(at, stride);
  return Array.from({ length: fragments.pieces }, (_, i) => {
    const pieceAt = at + i * stride;
    fragments.finish(i, pieceAt);
    const octets = memory.slice(pieceAt, pieceAt + fragments.lengthOf(i));
    assert.ok(octets.length <= mtu);
    const piece = decodeIpv4(octets);
    assert.ok(piece.ok, 'length and checksum are right');
    return piece.value;
  });
}

/** Router alert, which belongs into every fragment; a timestamp and a record route, which do not. */
const routerAlert = Uint8Array.of(148, 4, 0, 0);
const timestamp = Uint8Array.of(68, 8, 5, 0, 0, 0, 0, 0);
const nops = (count: number) => new Uint8Array(count).fill(1);
const optionSets = [
  { first: new Uint8Array(0), later: new Uint8Array(0) },
  { first: routerAlert, later: routerAlert },
  {
    first: Uint8Array.of(...timestamp, ...routerAlert, 7, 3, 4, 0),
    later: Uint8Array.of(...nops(8), ...routerAlert, ...nops(3), 0),
  },
];

const cases = fc.record({
  payload: fc.integer({ min: 1, max: 20_000 }),
  mtu: fc.integer({ min: 576, max: 3_000 }),
  overhead: fc.integer({ min: 0, max: 80 }),
  options: fc.constantFrom(...optionSets),
  offset: fc.integer({ min: 0, max: 4_000 }).map((units) => units * 8),
  moreFragments: fc.boolean(),
});

test('the fragments of a packet, put together, are the packet', () => {
  fc.assert(
    fc.property(cases, ({ payload, mtu, overhead, options, offset, moreFragments }) => {
      const whole: Ipv4Packet = {
        ...ipv4Packet(here[4], there[4], 17, octetsOf(payload)),
        dontFragment: false,
        identification: 0x4711,
        trafficClass: 0xb9,
        options: options.first,
        fragmentOffset: offset,
        moreFragments,
      };
      const pieces = cut(encodeIpv4(whole), mtu, overhead);
      assert.ok(pieces);
      let next = offset;
      for (const [i, piece] of pieces.entries()) {
        const last: boolean = i === pieces.length - 1;
        const { payload: part, ...header } = piece;
        const { payload: _, ...expected } = whole;
        assert.deepEqual(header, {
          ...expected,
          options: i === 0 ? options.first : options.later,
          fragmentOffset: next,
          moreFragments: !last || moreFragments,
        });
        assert.ok(last || part.length > mtu - 20 - options.first.length - 8, 'no more fragments than needed');
        next += part.length;
      }
      const together = Buffer.concat(pieces.map((piece) => piece.payload));
      assert.deepEqual(new Uint8Array(together), whole.payload);
    }),
  );
});

test('what cannot be cut is told apart: no room for eight octets, nothing behind the header, an offset past the end', () => {
  const packet = { ...ipv4Packet(here[4], there[4], 17, octetsOf(500)), dontFragment: false };
  assert.equal(cut(encodeIpv4(packet), 27, 0), undefined);
  assert.equal(cut(encodeIpv4(packet), 28, 0)?.length, 63);
  assert.equal(cut(encodeIpv4({ ...packet, payload: new Uint8Array(0) }), 19, 0), undefined);
  assert.equal(cut(encodeIpv4({ ...packet, fragmentOffset: 65_528 }), 100, 0), undefined);
});

test('options that contradict themselves are left as they are', () => {
  for (const options of [
    Uint8Array.of(68, 0, 5, 0),
    Uint8Array.of(68, 200, 5, 0),
    Uint8Array.of(1, 1, 1, 68),
  ]) {
    const packet = { ...ipv4Packet(here[4], there[4], 17, octetsOf(2_000)), dontFragment: false, options };
    const pieces = cut(encodeIpv4(packet), 1_000, 0);
    assert.deepEqual(
      pieces?.map((piece) => piece.options),
      [options, options, options],
    );
  }
});
