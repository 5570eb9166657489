import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { PacketCipherKey } from '../../../../core/crypto/interfaces.ts';
import {
  allocatePacketMemory,
  type BulkBatch,
  openBulkOpener,
  openBulkSealer,
} from '../../../../core/crypto/openssl/bulk-cipher.ts';
import {
  callOctets,
  callRunner,
  closeCallRunner,
  functionAddress,
} from '../../../../core/crypto/openssl/call-runner.ts';
import { addressOf } from '../../../../core/crypto/openssl/evp.ts';
import { type PacketCipherShape, packetCipherShapes } from '../../../../core/crypto/packet-ciphers.ts';

const runs = callRunner() !== undefined;
const skip = runs ? false : 'this processor or this system runs no lists of calls';
const stride = 512;
const associatedOctets = 12;

function freshKey(shape: PacketCipherShape): PacketCipherKey {
  return {
    encryption: randomBytes(shape.encryptionKeyOctets),
    salt: randomBytes(shape.saltOctets),
    integrity: randomBytes(shape.integrityKeyOctets),
  };
}

function there(batch: BulkBatch | undefined): BulkBatch {
  assert.ok(batch);
  return batch;
}

test('a list of calls: each gets its arguments, in order, and leaves its result', { skip }, () => {
  const runner = callRunner();
  const words = new Int32Array(new ArrayBuffer(3 * callOctets));
  const text = new TextEncoder().encode(`77${'\0'.repeat(80)}`);
  const call = (i: number, ...values: readonly number[]): void => {
    for (const [k, value] of values.entries()) {
      words[i * 16 + 2 * k] = value | 0;
      words[i * 16 + 2 * k + 1] = Math.floor(value / 2 ** 32);
    }
  };
  call(0, functionAddress('atoi'), addressOf(text));
  call(1, functionAddress('memset'), addressOf(text), 0x31, 3);
  call(2, functionAddress('atoi'), addressOf(text));
  runner?.run(addressOf(new Uint8Array(words.buffer)), 0);
  assert.equal(words[14], 0, 'nothing of an empty list is called');
  runner?.run(addressOf(new Uint8Array(words.buffer)), 3);
  assert.deepEqual([words[14], words[2 * 16 + 14]], [77, 111]);
  assert.equal(callRunner(), runner, 'one for the thread');
  closeCallRunner();
  closeCallRunner();
  assert.notEqual(callRunner(), undefined, 'and a new one when there is need again');
});

for (const shape of packetCipherShapes.filter(({ integrityId }) => integrityId === 0)) {
  test(`${shape.name}: a batch is what its packets are one by one, and a spoilt one spoils no other`, {
    skip,
  }, () => {
    const memory = allocatePacketMemory(16 * stride);
    const key = freshKey(shape);
    const sealer = openBulkSealer(shape, key, memory);
    const opener = openBulkOpener(shape, key, memory);
    const [seals, opens] = [there(sealer.batch), there(opener.batch)];
    const ivAt = associatedOctets;
    const dataAt = ivAt + shape.ivOctets;
    for (const count of [seals.capacity, 1, 3]) {
      const lengths = Array.from({ length: count }, (_, i) => 1 + ((i * 97) % 400));
      randomBytes(memory.octets.length).copy(memory.octets);
      const plain = memory.octets.slice();
      const each = (body: (at: number, length: number, i: number) => void): void => {
        for (const [i, length] of lengths.entries()) body(i * stride, length, i);
      };
      each((at, length) => sealer.seal(at, associatedOctets, at + ivAt, at + dataAt, length));
      const expected = memory.octets.slice();
      memory.octets.set(plain);
      each((at, length) => seals.put(at, associatedOctets, at + ivAt, at + dataAt, length));
      assert.deepEqual(memory.octets, plain, 'nothing happens before the run');
      seals.run();
      assert.deepEqual(memory.octets, expected);
      const spoilt = count - 1;
      memory.octets[spoilt * stride + dataAt] = (memory.octets[spoilt * stride + dataAt] ?? 0) ^ 1;
      each((at, length) => {
        opens.put(at, associatedOctets, at + ivAt, at + dataAt, length);
        // An extended header is made in one place for all packets.
        memory.octets.fill(0, at, at + dataAt);
      });
      opens.run();
      each((at, length, i) => {
        assert.equal(opens.verified(i), i !== spoilt);
        if (i === spoilt) return;
        const [from, to] = [at + dataAt, at + dataAt + length];
        assert.deepEqual(memory.octets.subarray(from, to), plain.subarray(from, to));
      });
    }
    sealer.close();
    opener.close();
  });
}

test('places outside the memory, too many packets and closed ciphers are bugs', { skip }, () => {
  const [shape] = packetCipherShapes;
  assert.ok(shape);
  const memory = allocatePacketMemory(128);
  const sealer = openBulkSealer(shape, freshKey(shape), memory);
  const batch = there(sealer.batch);
  assert.throws(() => batch.put(0, 8, 8, 64, 64), RangeError);
  assert.throws(() => batch.put(-1, 8, 8, 16, 16), RangeError);
  assert.throws(() => batch.put(0, 17, 17, 32, 16), RangeError);
  assert.throws(() => batch.put(0, 8, 8, 16, 0), RangeError);
  assert.throws(() => batch.put(0, Number.NaN, 8, 16, 16), RangeError);
  for (let i = 0; i < batch.capacity; i++) batch.put(0, 8, 8, 16, 16);
  assert.throws(() => batch.put(0, 8, 8, 16, 16), RangeError);
  sealer.close();
  sealer.close();
  assert.throws(() => batch.put(0, 8, 8, 16, 16));
  batch.run();
});

test('where lists of calls do not run there is no batch, and packets go one by one', () => {
  const [shape] = packetCipherShapes;
  assert.ok(shape);
  const memory = allocatePacketMemory(128);
  const sealer = openBulkSealer(shape, freshKey(shape), memory, () => undefined);
  assert.equal(sealer.batch, undefined);
  sealer.seal(0, 8, 8, 16, 16);
  sealer.close();
});
