import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packetCipherShapes } from '../../../core/crypto/packet-ciphers.ts';
import { espOctets, innerMtu, outerOctets, tcpMss } from '../../../core/esp/encapsulation.ts';
import { shapeNamed } from '../dataplane/support.ts';

test('overhead by hand', () => {
  // 1400 + 2 rounds up to 1404; + SPI 4, sequence 4, IV 8, ICV 16.
  assert.equal(espOctets(shapeNamed('aes256gcm16'), 1400), 1436);
  assert.equal(outerOctets(shapeNamed('aes256gcm16'), 4, 1400), 1464);
  assert.equal(outerOctets(shapeNamed('aes256gcm16'), 6, 1400), 1484);
  // 1400 + 2 rounds up to 1408; + 8, IV 16, ICV 16.
  assert.equal(espOctets(shapeNamed('aes256-sha256'), 1400), 1448);
});

test('the inner MTU is the largest that fits', () => {
  for (const shape of packetCipherShapes)
    for (const family of [4, 6] as const)
      for (let path = 576; path < 640; path++) {
        const inner = innerMtu(shape, family, path);
        assert.ok(outerOctets(shape, family, inner) <= path);
        assert.ok(outerOctets(shape, family, inner + 1) > path);
      }
  assert.equal(innerMtu(shapeNamed('aes256gcm16'), 4, 1500), 1438);
  assert.equal(innerMtu(shapeNamed('aes256gcm16'), 4, 40), 0);
});

test('the MSS leaves room for the headers', () => {
  assert.deepEqual([tcpMss(1400, 4), tcpMss(1400, 6)], [1360, 1340]);
});
