import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../../core/base/octets.ts';
import { noblePacketCipher } from '../../../core/crypto/noble/packet-cipher.ts';
import { packetCipherShapes } from '../../../core/crypto/packet-ciphers.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import { nodePacketCipher } from '../../support/crypto/node-packet-cipher.ts';

for (const shape of packetCipherShapes) {
  const fromNode = nodePacketCipher(shape.encryptionId, shape.keyBits, shape.integrityId);
  const fromNoble = noblePacketCipher(shape.encryptionId, shape.keyBits, shape.integrityId);
  assert.ok(fromNode && fromNoble);
  const keyOf = (seed: number) => {
    const random = seededRandom(seed);
    return {
      encryption: random.octets(shape.encryptionKeyOctets),
      salt: random.octets(shape.saltOctets),
      integrity: random.octets(shape.integrityKeyOctets),
    };
  };

  describe(shape.name, () => {
    test('noble and node agree on any packet, and each opens the other one', () => {
      fc.assert(
        fc.property(
          fc.integer(),
          fc.uint8Array({ maxLength: 40 }),
          fc.nat({ max: 90 }),
          (seed, associated, blocks) => {
            const key = keyOf(seed);
            const iv = seededRandom(seed + 1).octets(shape.ivOctets);
            const plaintext = seededRandom(seed + 2).octets(blocks * shape.blockOctets);
            const node = fromNode.open(key);
            const noble = fromNoble.open(key);
            const sealed = noble.seal(associated, iv, plaintext);
            assert.equal(sealed.length, plaintext.length + shape.icvOctets);
            assert.equal(toHex(node.seal(associated, iv, plaintext)), toHex(sealed));
            assert.deepEqual(node.unseal(associated, iv, sealed), plaintext);
            assert.deepEqual(noble.unseal(associated, iv, sealed), plaintext);
          },
        ),
        { numRuns: 60 },
      );
    });

    for (const [name, cipher] of [
      ['node', fromNode],
      ['noble', fromNoble],
    ] as const) {
      test(`${name} refuses every changed bit and every odd length without throwing`, () => {
        const open = cipher.open(keyOf(1));
        const associated = new Uint8Array(28).fill(1);
        const iv = new Uint8Array(shape.ivOctets).fill(2);
        const sealed = open.seal(associated, iv, new Uint8Array(32).fill(3));
        for (const part of [associated, iv, sealed])
          for (let at = 0; at < part.length; at++) {
            part[at] = (part[at] ?? 0) ^ 0x80;
            assert.equal(open.unseal(associated, iv, sealed), undefined);
            part[at] = (part[at] ?? 0) ^ 0x80;
          }
        for (let length = 0; length < sealed.length; length++)
          assert.equal(open.unseal(associated, iv, sealed.subarray(0, length)), undefined);
        assert.equal(open.unseal(associated, iv.subarray(1), sealed), undefined);
        assert.ok(open.unseal(associated, iv, sealed));
      });

      test(`${name} takes no key of another length`, () => {
        const key = keyOf(1);
        for (const part of ['encryption', 'salt', 'integrity'] as const)
          assert.throws(() => cipher.open({ ...key, [part]: new Uint8Array(5) }), RangeError);
      });
    }
  });
}

test('numbers that nobody offers have no cipher', () => {
  for (const [encryptionId, keyBits, integrityId] of [
    [3, 0, 2],
    [20, 255, 0],
    [20, 256, 12],
    [12, 256, 0],
    [12, 256, 2],
    [28, 128, 0],
  ] as const) {
    assert.equal(nodePacketCipher(encryptionId, keyBits, integrityId), undefined);
    assert.equal(noblePacketCipher(encryptionId, keyBits, integrityId), undefined);
  }
  assert.equal(noblePacketCipher(28, 0, 0)?.name, 'chacha20poly1305');
});
