import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CipherShape } from '../../../core/crypto/interfaces.ts';
import {
  allocatePacketMemory,
  openBulkOpener,
  openBulkSealer,
  type RunnerSource,
} from '../../../core/crypto/openssl/bulk-cipher.ts';
import { callRunner } from '../../../core/crypto/openssl/call-runner.ts';
import { packetCipherShapes } from '../../../core/crypto/packet-ciphers.ts';
import { type DropCause, dropCauses } from '../../../core/esp/drop-cause.ts';
import { extendedHeaderOctets } from '../../../core/esp/extended-sequence.ts';
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
const memory = allocatePacketMemory(65_536);
const selectors = new ChildSelectors({ local: everything, remote: everything });

function twins(
  name: string,
  { start, together }: Kind,
): { sa: ReferenceSa; outbound: OutboundSa; inbound: InboundSa } {
  const cipher = cipherNamed(name);
  const openRunner: RunnerSource = together ? callRunner : () => undefined;
  const sealer = openBulkSealer(cipher, keyFor(cipher, 3), memory, openRunner);
  const opener = openBulkOpener(cipher, keyFor(cipher, 3), memory, openRunner);
  const extendedAt = start === 0 ? undefined : memory.octets.length - extendedHeaderOctets;
  const fillIv = (octets: Uint8Array, at: number) => octets.set(octetsOf(16, at), at);
  const plain = { spi, shape: cipher, cipher: cipher.open(keyFor(cipher, 3)) };
  const outbound = new OutboundSa(spi, cipher, memory.octets, sealer, fillIv, extendedAt);
  outbound.skipTo(start);
  return {
    sa: start === 0 ? plain : { ...plain, extended: { icv: icvOf(cipher) } },
    outbound,
    inbound: new InboundSa(spi, cipher, memory.octets, opener, selectors, window, extendedAt),
  };
}

/** HMAC-SHA2 as Node has it, cut to half its length: for ESN the reference makes the ICV of CBC itself. @rfc 4868 */
function icvOf(shape: CipherShape): (octets: Uint8Array) => Uint8Array {
  const { integrity } = keyFor(shape, 3);
  const hash = `sha${shape.icvOctets * 16}`;
  return (octets) => createHmac(hash, integrity).update(octets).digest().subarray(0, shape.icvOctets);
}

interface Kind {
  readonly kind: string;
  readonly start: number;
  /** Several packets by one foreign call, where the cipher and this processor have it. */
  readonly together: boolean;
}

/** Sequence numbers of 32 bits from the start, and extended ones that pass into the next half. */
const kinds: readonly Kind[] = [
  { kind: '', start: 0, together: true },
  { kind: ', extended', start: 3 * 2 ** 32 - 20, together: true },
  { kind: ', one by one', start: 0, together: false },
  { kind: ', extended, one by one', start: 3 * 2 ** 32 - 20, together: false },
];

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

for (const [{ name }, of] of packetCipherShapes.flatMap((shape) =>
  kinds.filter(({ together }) => together || shape.integrityId === 0).map((each) => [shape, each] as const),
)) {
  const { kind, start } = of;
  test(`${name}${kind}: the slow receiver opens what the fast sender sealed`, () => {
    const { sa, outbound } = twins(name, of);
    const receiver = new ReferenceReceiver(sa, window);
    receiver.skipTo(start);
    fc.assert(
      // More than what is sealed at once, now and then.
      fc.property(fc.array(innerPacket, { minLength: 1, maxLength: 24 }), fc.nat(40), (inners, offset) => {
        let next = offset;
        const sealed = inners.map((inner) => {
          const at = next;
          memory.octets.set(inner, at + outbound.headroom);
          const length = outbound.encapsulate(at, inner.length, (inner[0] ?? 0) >> 4 === 4 ? 4 : 6);
          assert.equal(length, outbound.lengthFor(inner.length));
          next = at + length;
          return { at, length };
        });
        outbound.finish();
        for (const [i, inner] of inners.entries()) {
          const { at, length } = sealed[i] ?? { at: 0, length: 0 };
          const opened = receiver.open(memory.octets.slice(at, at + length));
          assert.ok(opened.ok);
          assert.deepEqual(opened.value.payload, inner);
          assert.equal(opened.value.nextHeader, inner[0] === 0x45 ? 4 : 41);
        }
      }),
      { numRuns: 20 },
    );
  });

  test(`${name}${kind}: both receivers agree on every packet, sound or not`, () => {
    const { sa, inbound } = twins(name, of);
    const receiver = new ReferenceReceiver(sa, window);
    receiver.skipTo(start);
    if (start > 0) inbound.replay.commit(start);
    const block = Math.max(sa.shape.blockOctets, 1);
    let highest = start;
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

  test(`${name}${kind}: both receivers agree on packets that come together`, () => {
    const { sa, inbound } = twins(name, of);
    const receiver = new ReferenceReceiver(sa, window);
    receiver.skipTo(start);
    if (start > 0) inbound.replay.commit(start);
    const block = Math.max(sa.shape.blockOctets, 1);
    const each = fc.tuple(innerPacket, spoil, fc.integer({ min: -70, max: 8 }));
    fc.assert(
      fc.property(fc.array(each, { minLength: 1, maxLength: 20 }), (all) => {
        const { highest } = inbound.replay;
        const sealed = all.flatMap(([inner, how, step]) => {
          if (how.kind === 'padding' && (inner.length + how.octets.length + 2) % block !== 0) return [];
          return [spoiled(sa, Math.max(1, highest + step), inner, how)];
        });
        const expected = sealed.map((packet) => judge(receiver, packet));
        assert.deepEqual(begunTogether(inbound, sealed).map(coarse), expected.map(coarse));
      }),
      { numRuns: 40 },
    );
  });
}

/** A packet for each, until the SA takes no more at once. */
function begunTogether(inbound: InboundSa, sealed: readonly Uint8Array[]): Verdict[] {
  const verdicts: Verdict[] = [];
  const begun: number[] = [];
  const packet = new InnerPacket();
  const complete = (): void => {
    const count = inbound.run();
    assert.equal(count, begun.length);
    for (let k = 0; k < count; k++) {
      const cause = dropCauses[inbound.complete(k, packet)] ?? 'none';
      const octets = memory.octets.slice(packet.at, packet.at + packet.length);
      verdicts[begun[k] ?? -1] = cause === 'none' ? { cause, packet: octets } : { cause };
    }
    begun.length = 0;
  };
  let at = 96;
  for (const [i, each] of sealed.entries()) {
    if (inbound.full) complete();
    memory.octets.set(each, at);
    const dropped = inbound.begin(at, each.length);
    if (dropped === 0) begun.push(i);
    else verdicts[i] = { cause: dropCauses[dropped] ?? 'none' };
    at += each.length;
  }
  complete();
  return verdicts;
}

/** These are told apart by what was known when a packet came: of several at once the later ones may have another of them. */
function coarse({ cause, packet }: Verdict): Verdict {
  if (packet !== undefined) return { cause, packet };
  return { cause: ['truncated', 'replayed', 'bad-tag'].includes(cause) ? 'bad-tag' : cause };
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

interface Verdict {
  readonly cause: DropCause;
  readonly packet?: Uint8Array;
}

/** The slow receiver and, behind it, the plain rules of tunnel mode. */
function judge(receiver: ReferenceReceiver, sealed: Uint8Array): Verdict {
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
