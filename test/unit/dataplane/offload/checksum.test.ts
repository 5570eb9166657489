import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assembleChecksum } from '../../../../build/tools/assemble-checksum.ts';
import { checksumCode } from '../../../../core/dataplane/offload/checksum-code.ts';
import { allocateSummedMemory } from '../../../../core/dataplane/offload/summed-memory.ts';
import { fold, pseudoHeaderSum, writeIpv4Checksum } from '../../../../core/esp/checksum.ts';
import { internetChecksum, transportChecksum } from '../../../../core/wire/ip/checksum.ts';
import { here, octetsOf, there, udpPacket } from '../support.ts';

for (const simd of [true, false]) {
  const memory = allocateSummedMemory(131_072, { simd });

  test(`the sum${simd ? '' : ' without SIMD'} is the slow one, at every alignment and length`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.integer({ min: 0, max: 40 }), (octets, at) => {
        memory.octets.fill(0xee, 0, 4096);
        memory.octets.set(octets, at);
        const sum = memory.sum(at, octets.length);
        // 0 and 0xffff are the same number in ones' complement.
        assert.equal((~sum & 0xffff) % 0xffff, internetChecksum(octets) % 0xffff);
      }),
    );
  });

  test(`the sum${simd ? '' : ' without SIMD'} of 64 KiB of ones does not overflow`, () => {
    memory.octets.fill(0xff);
    assert.equal(memory.sum(0, 65_535), memory.sum(1, 65_535));
    assert.equal(memory.sum(0, 65_536), 0xffff);
  });
}

test('the WebAssembly module is what its source says', async () => {
  assert.equal(checksumCode, await assembleChecksum());
});

for (const version of [4, 6] as const) {
  test(`the pseudo-header of IPv${version} is summed as the slow twin does`, () => {
    const packet = udpPacket(version, octetsOf(33));
    const headerLength = version === 4 ? 20 : 40;
    const transport = packet.slice(headerLength);
    const memory = allocateSummedMemory(128);
    memory.octets.set(packet);
    const pseudo = pseudoHeaderSum(memory.octets, version, version === 4 ? 12 : 8, 17, transport.length);
    assert.equal(fold(pseudo + memory.sum(headerLength, transport.length)), 0xffff);
    assert.equal(transportChecksum(here[version], there[version], 17, transport), 0);
  });
}

test('an IPv4 header checksum is restored after a change', () => {
  const packet = udpPacket(4, octetsOf(5));
  const changed = packet.slice();
  changed[10] = 1;
  changed[11] = 2;
  writeIpv4Checksum(changed, 0, 20);
  assert.deepEqual(changed, packet);
});
