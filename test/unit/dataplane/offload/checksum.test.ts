import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  checksumMemory,
  fold,
  onesSum,
  pseudoHeaderSum,
  writeIpv4Checksum,
} from '../../../../core/dataplane/offload/checksum.ts';
import { internetChecksum, transportChecksum } from '../../../../core/wire/ip/checksum.ts';
import { here, octetsOf, there, udpPacket } from '../support.ts';

test('the fast sum is the slow one, at every alignment and length', () => {
  const memory = checksumMemory(new Uint8Array(new ArrayBuffer(4096)));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.integer({ min: 0, max: 9 }), (octets, at) => {
      memory.octets.fill(0xee);
      memory.octets.set(octets, at);
      const sum = onesSum(memory, at, octets.length);
      // 0 and 0xffff are the same number in ones' complement.
      assert.equal((~sum & 0xffff) % 0xffff, internetChecksum(octets) % 0xffff);
    }),
  );
});

test('the sum of 64 KiB of ones does not overflow', () => {
  const memory = checksumMemory(new Uint8Array(new ArrayBuffer(65_536)).fill(0xff));
  assert.equal(onesSum(memory, 0, 65_535), onesSum(memory, 1, 65_535));
  assert.equal(onesSum(memory, 0, 65_536), 0xffff);
});

for (const version of [4, 6] as const) {
  test(`the pseudo-header of IPv${version} is summed as the slow twin does`, () => {
    const packet = udpPacket(version, octetsOf(33));
    const headerLength = version === 4 ? 20 : 40;
    const transport = packet.slice(headerLength);
    const memory = checksumMemory(new Uint8Array(new ArrayBuffer(128)));
    memory.octets.set(packet);
    const pseudo = pseudoHeaderSum(memory.octets, version, version === 4 ? 12 : 8, 17, transport.length);
    assert.equal(fold(pseudo + onesSum(memory, headerLength, transport.length)), 0xffff);
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
