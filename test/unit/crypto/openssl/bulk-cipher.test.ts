import assert from 'node:assert/strict';
import { type CipherGCMTypes, createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import type { PacketCipherKey } from '../../../../core/crypto/interfaces.ts';
import {
  allocatePacketMemory,
  openBulkOpener,
  openBulkSealer,
} from '../../../../core/crypto/openssl/bulk-cipher.ts';
import { type PacketCipherShape, packetCipherShapes } from '../../../../core/crypto/packet-ciphers.ts';

function freshKey(shape: PacketCipherShape): PacketCipherKey {
  return {
    encryption: randomBytes(shape.encryptionKeyOctets),
    salt: randomBytes(shape.saltOctets),
    integrity: randomBytes(shape.integrityKeyOctets),
  };
}

/** `ciphertext || ICV` as node:crypto makes it. */
function expected(
  shape: PacketCipherShape,
  key: PacketCipherKey,
  associated: Uint8Array,
  iv: Uint8Array,
  plain: Uint8Array,
): Buffer {
  if (shape.integrityId === 0) {
    const name = shape.encryptionId === 28 ? 'chacha20-poly1305' : `aes-${shape.keyBits}-gcm`;
    const cipher = createCipheriv(name as CipherGCMTypes, key.encryption, Buffer.concat([key.salt, iv]), {
      authTagLength: 16,
    });
    cipher.setAAD(associated, { plaintextLength: plain.length });
    const text = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([text, cipher.getAuthTag()]);
  }
  const cipher = createCipheriv(`aes-${shape.keyBits}-cbc`, key.encryption, iv).setAutoPadding(false);
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  const hash = { 12: 'sha256', 13: 'sha384', 14: 'sha512' }[shape.integrityId] ?? '';
  const mac = createHmac(hash, key.integrity).update(associated).update(iv).update(text).digest();
  return Buffer.concat([text, mac.subarray(0, shape.icvOctets)]);
}

for (const shape of packetCipherShapes) {
  describe(`bulk ${shape.name}`, () => {
    test('packet after packet, in place, equals node:crypto, and opens again', () => {
      const memory = allocatePacketMemory(4096);
      const key = freshKey(shape);
      const sealer = openBulkSealer(shape, key, memory);
      const opener = openBulkOpener(shape, key, memory);
      for (const [apart, length] of [
        [0, 1408],
        [0, 16],
        [64, 64],
        [0, 0],
        [7, 1024],
      ] as const) {
        const associated = randomBytes(8);
        const iv = randomBytes(shape.ivOctets);
        const plain = randomBytes(length);
        const ivAt = 108 + apart;
        const dataAt = ivAt + shape.ivOctets + apart;
        memory.octets.fill(0xee);
        memory.octets.set(associated, 100);
        memory.octets.set(iv, ivAt);
        memory.octets.set(plain, dataAt);
        sealer.seal(100, 8, ivAt, dataAt, length);
        const end = dataAt + length + shape.icvOctets;
        const want = expected(shape, key, associated, iv, plain);
        assert.deepEqual(Buffer.from(memory.octets.subarray(dataAt, end)), want);
        assert.equal(memory.octets[end], 0xee, 'nothing is written behind the ICV');
        assert.equal(opener.open(100, 8, ivAt, dataAt, length), true);
        assert.deepEqual(Buffer.from(memory.octets.subarray(dataAt, dataAt + length)), plain);
      }
      sealer.close();
      opener.close();
      opener.close();
    });

    test('one changed bit anywhere is refused, and the next good packet still opens', () => {
      const memory = allocatePacketMemory(512);
      const key = freshKey(shape);
      const sealer = openBulkSealer(shape, key, memory);
      const opener = openBulkOpener(shape, key, memory);
      const dataAt = 8 + shape.ivOctets;
      const end = dataAt + 32 + shape.icvOctets;
      memory.octets.set(randomBytes(dataAt + 32));
      sealer.seal(0, 8, 8, dataAt, 32);
      const good = memory.octets.slice();
      for (let at = 0; at < end; at++) {
        memory.octets.set(good);
        memory.octets[at] = (memory.octets[at] ?? 0) ^ 0x10;
        assert.equal(opener.open(0, 8, 8, dataAt, 32), false, `octet ${at}`);
        memory.octets.set(good);
        assert.equal(opener.open(0, 8, 8, dataAt, 32), true);
      }
      sealer.close();
      opener.close();
    });

    test('places outside the memory, wrong keys and closed ciphers are bugs; odd lengths of a peer are not', () => {
      const memory = allocatePacketMemory(128);
      const key = freshKey(shape);
      const sealer = openBulkSealer(shape, key, memory);
      const opener = openBulkOpener(shape, key, memory);
      assert.throws(() => sealer.seal(0, 8, 8, 64, 64), RangeError);
      assert.throws(() => sealer.seal(-1, 8, 8, 24, 16), RangeError);
      assert.throws(() => sealer.seal(0, 8, 127, 24, 16), RangeError);
      assert.throws(() => sealer.seal(0, Number.NaN, 8, 24, 16), RangeError);
      assert.throws(() => opener.open(0, 8, 8, 128, 16), RangeError);
      assert.equal(opener.open(0, 8, 8, 24, -16), false);
      if (shape.blockOctets > 1) assert.equal(opener.open(0, 8, 8, 24, 17), false);
      const short = { ...key, encryption: key.encryption.subarray(1) };
      assert.throws(() => openBulkSealer(shape, short, memory), RangeError);
      assert.throws(() => openBulkOpener(shape, short, memory), RangeError);
      sealer.close();
      opener.close();
      assert.throws(() => sealer.seal(0, 8, 8, 24, 16));
      assert.throws(() => opener.open(0, 8, 8, 24, 16));
    });
  });
}

test('node:crypto opens what the bulk cipher sealed', () => {
  const shape = packetCipherShapes[0];
  assert.ok(shape);
  const memory = allocatePacketMemory(64);
  const key = freshKey(shape);
  memory.octets.set(randomBytes(32));
  const plain = Buffer.from(memory.octets.slice(16, 32));
  openBulkSealer(shape, key, memory).seal(0, 8, 8, 16, 16);
  const nonce = Buffer.concat([key.salt, memory.octets.subarray(8, 16)]);
  const decipher = createDecipheriv('aes-256-gcm', key.encryption, nonce, { authTagLength: 16 });
  decipher.setAAD(memory.octets.subarray(0, 8)).setAuthTag(memory.octets.subarray(32, 48));
  assert.deepEqual(Buffer.concat([decipher.update(memory.octets.subarray(16, 32)), decipher.final()]), plain);
});
