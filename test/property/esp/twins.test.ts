import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  allocatePacketMemory,
  openBulkOpener,
  openBulkSealer,
} from '../../../core/crypto/openssl/bulk-cipher.ts';
import { packetCipherShapes } from '../../../core/crypto/packet-ciphers.ts';
import { type DropCause, dropCauses } from '../../../core/esp/drop-cause.ts';
import { InboundSa } from '../../../core/esp/inbound-sa.ts';
import { InnerPacket } from '../../../core/esp/inner-packet.ts';
import { OutboundSa } from '../../../core/esp/outbound-sa.ts';
import { ReferenceReceiver, type ReferenceSa, referenceSeal } from '../../../core/esp/reference.ts';
import { ChildSelectors } from '../../../core/esp/selectors.ts';
import {
  cipherNamed,
  everything,
  here,
  keyFor,
  octetsOf,
  there,
  udpPacket,
} from '../../unit/dataplane/support.ts';

const spi = 0xc0de_0001;
const window = 64;
const memory = allocatePacketMemory(16_384);
const selectors = new ChildSelectors({ local: everything, remote: everything });

function twins(name: string): { sa: ReferenceSa; outbound: OutboundSa; inbound: InboundSa } {
  const cipher = cipherNamed(name);
  const sealer = openBulkSealer(cipher, keyFor(cipher, 3), memory);
  const opener = openBulkOpener(cipher, keyFor(cipher, 3), memory);
  const fillIv = (octets: Uint8Array, at: number) => octets.set(octetsOf(16, at), at);
  return {
    sa: { spi, shape: cipher, cipher: cipher.open(keyFor(cipher, 3)) },
    outbound: new OutboundSa(spi, cipher, memory.octets, sealer, fillIv),
    inbound: new InboundSa(spi, cipher, memory.octets, opener, selectors, window),
  };
}

const innerPacket = fc
  .record({ version: fc.constantFrom(4 as const, 6 as const), length: fc.integer({ min: 0, max: 1400 }) })
  .map(({ version, length }) => udpPacket(version, octetsOf(length), there, here));

/** How a packet is spoilt on its way. */
const spoil = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'none' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), bit: fc.nat(7) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('cut' as const), by: fc.integer({ min: 1, max: 80 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('padding' as const), octets: fc.uint8Array({ maxLength: 30 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('extra' as const), count: fc.integer({ min: 1, max: 60 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('next' as const), header: fc.constantFrom(4, 41, 59, 6, 0) }),
  },
);
type Spoil = typeof spoil extends fc.Arbitrary<infer T> ? T : never;

for (const { name } of packetCipherShapes) {
  test(`${name}: the slow receiver opens what the fast sender sealed`, () => {
    const { sa, outbound } = twins(name);
    const receiver = new ReferenceReceiver(sa, window);
    fc.assert(
      fc.property(innerPacket, fc.integer({ min: 0, max: 40 }), (inner, at) => {
        memory.octets.set(inner, at + outbound.headroom);
        const length = outbound.encapsulate(at, inner.length, (inner[0] ?? 0) >> 4 === 4 ? 4 : 6);
        assert.equal(length, outbound.lengthFor(inner.length));
        const opened = receiver.open(memory.octets.slice(at, at + length));
        assert.ok(opened.ok);
        assert.deepEqual(opened.value.payload, inner);
        assert.equal(opened.value.nextHeader, inner[0] === 0x45 ? 4 : 41);
      }),
      { numRuns: 40 },
    );
  });

  test(`${name}: both receivers agree on every packet, sound or not`, () => {
    const { sa, inbound } = twins(name);
    const receiver = new ReferenceReceiver(sa, window);
    const block = Math.max(sa.shape.blockOctets, 1);
    let highest = 0;
    fc.assert(
      fc.property(innerPacket, spoil, fc.integer({ min: -80, max: 5 }), (inner, how, step) => {
        const sequence = Math.max(1, highest + step);
        if (how.kind === 'padding' && (inner.length + how.octets.length + 2) % block !== 0) return;
        const sealed = spoiled(sa, sequence, inner, how);
        const expected = judge(receiver, sealed);
        const at = 96;
        memory.octets.set(sealed, at);
        const packet = new InnerPacket();
        const verdict = inbound.decapsulate(at, sealed.length, packet);
        assert.equal(dropCauses[verdict], expected.cause);
        if (verdict === 0)
          assert.deepEqual(memory.octets.slice(packet.at, packet.at + packet.length), expected.packet);
        highest = inbound.replay.highest;
      }),
      { numRuns: 250 },
    );
  });
}

function spoiled(sa: ReferenceSa, sequence: number, inner: Uint8Array, how: Spoil): Uint8Array {
  const iv = octetsOf(sa.shape.ivOctets, sequence);
  const options =
    how.kind === 'padding'
      ? { padding: how.octets }
      : how.kind === 'extra'
        ? { extra: octetsOf(how.count) }
        : how.kind === 'next'
          ? { nextHeader: how.header }
          : {};
  const sealed = referenceSeal(sa, sequence, iv, inner, options);
  if (how.kind === 'cut') return sealed.slice(0, Math.max(0, sealed.length - how.by));
  if (how.kind === 'flip') {
    const at = how.at % sealed.length;
    // The SPI finds the SA: it is not the SA's business.
    if (at >= 4) sealed[at] = (sealed[at] ?? 0) ^ (1 << how.bit);
  }
  return sealed;
}

/** The slow receiver and, behind it, the plain rules of tunnel mode. */
function judge(receiver: ReferenceReceiver, sealed: Uint8Array): { cause: DropCause; packet?: Uint8Array } {
  const opened = receiver.open(sealed);
  if (!opened.ok) return { cause: opened.error };
  const { payload, nextHeader } = opened.value;
  if (nextHeader === 59) return { cause: 'dummy' };
  if (nextHeader !== 4 && nextHeader !== 41) return { cause: 'next-header' };
  const version = (payload[0] ?? 0) >> 4;
  if (version !== (nextHeader === 4 ? 4 : 6)) return { cause: 'malformed' };
  const view = new DataView(payload.buffer, payload.byteOffset);
  const length = version === 4 ? view.getUint16(2) : 40 + view.getUint16(4);
  return length > payload.length
    ? { cause: 'malformed' }
    : { cause: 'none', packet: payload.slice(0, length) };
}
