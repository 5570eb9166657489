import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, fromHex, toHex } from '../../../core/base/octets.ts';
import { allocatePacketMemory, openBulkOpener } from '../../../core/crypto/openssl/bulk-cipher.ts';
import { dropCauses } from '../../../core/esp/drop-cause.ts';
import { wholeSequence, writeExtendedHeader } from '../../../core/esp/extended-sequence.ts';
import { InboundSa } from '../../../core/esp/inbound-sa.ts';
import { InnerPacket } from '../../../core/esp/inner-packet.ts';
import { ChildSelectors } from '../../../core/esp/selectors.ts';
import { cipherNamed, everything } from '../dataplane/support.ts';

const half = 2 ** 32;

test('the window reaches back into the half before, and what is left of it is in the next one', () => {
  const cases: readonly (readonly [low: number, highest: number, whole: number])[] = [
    [1, 0, 1],
    [half - 1, 0, half - 1],
    [100, 100, 100],
    [37, 100, 37],
    [36, 100, half + 36],
    [0, half - 1, half],
    [half - 1, half + 10, half - 1],
    [half - 53, half + 10, half - 53],
    [half - 54, half + 10, 2 * half - 54],
    [11, half + 10, half + 11],
    [5, 7 * half + half - 3, 8 * half + 5],
  ];
  for (const [low, highest, whole] of cases)
    assert.equal(wholeSequence(low, highest, 64), whole, `${low} after ${highest}`);
});

test('every number in the window or ahead of it by less than a round is guessed right', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(32, 64, 2048),
      fc.bigInt({ min: 0n, max: 2n ** 50n }),
      fc.integer({ min: 0, max: half - 1 }),
      (size, highest, forward) => {
        const top = Number(highest);
        const sequence = Math.max(0, top - size + 1) + Math.min(forward, half - size);
        assert.equal(wholeSequence(sequence % half, top, size), sequence);
      },
    ),
  );
});

test('the associated data is SPI, high half, low half', () => {
  const octets = new Uint8Array(14);
  writeExtendedHeader(octets, 1, 0xc0de0001, 5 * half + 0xfffe_fdfc);
  assert.deepEqual([...octets], [0, 0xc0, 0xde, 0, 1, 0, 0, 0, 5, 0xff, 0xfe, 0xfd, 0xfc, 0]);
});

test('the published packet with an extended number opens under its high half alone', () => {
  // draft-mcgrew-gcm-test-01, section 4: the associated data is 00004321 87654321 00000000.
  const header = fromHex('0000432100000000');
  const iv = fromHex('4956ed7e3b244cfe');
  const sealed = fromHex(
    'fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34cfa2436f14a3f3cf65925bf1f4a13c5d' +
      '15b21e1884f5ff6247aeabb786b93bce61bc17d768fd9732459018148f6cbe722fd04796562dfdb4',
  );
  const key = {
    encryption: fromHex('4c80cdefbb5d10da906ac73c3613a634'),
    salt: fromHex('2e443b68'),
    integrity: new Uint8Array(0),
  };
  const cipher = cipherNamed('aes128gcm16');
  const memory = allocatePacketMemory(1024);
  const selectors = new ChildSelectors({ local: everything, remote: everything });
  const open = (high: number) => {
    const opener = openBulkOpener(cipher, key, memory);
    const sa = new InboundSa(0x4321, cipher, memory.octets, opener, selectors, 64, 1000);
    // The number before is in the half before.
    sa.replay.commit(high * half - 4096);
    const packet = concat(header, iv, sealed);
    memory.octets.set(packet, 100);
    return dropCauses[sa.decapsulate(100, packet.length, new InnerPacket())];
  };
  assert.equal(open(0x8765_4320), 'bad-tag');
  // Authentic; the plaintext ends in a Next Header of 1, which is none of tunnel mode's.
  assert.equal(open(0x8765_4321), 'next-header');
  assert.equal(toHex(memory.octets.subarray(116, 120)), '45000048');
});
