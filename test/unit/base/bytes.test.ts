import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { ByteReader } from '../../../core/base/byte-reader.ts';
import { ByteWriter } from '../../../core/base/byte-writer.ts';
import { equalConstantTime, fromHex, toHex } from '../../../core/base/octets.ts';
import { Secret } from '../../../core/base/secret.ts';

test('what is written is read back', () => {
  fc.assert(
    fc.property(
      fc.nat(0xff),
      fc.nat(0xffff),
      fc.nat(0xffffff),
      fc.nat(0xffffffff),
      fc.bigInt(0n, 2n ** 64n - 1n),
      fc.uint8Array(),
      (a, b, c, d, e, f) => {
        const written = new ByteWriter(1).u8(a).u16(b).u24(c).u32(d).u64(e).bytes(f).finish();
        const reader = new ByteReader(written, 'test');
        assert.deepEqual(
          [reader.u8(), reader.u16(), reader.u24(), reader.u32(), reader.u64(), [...reader.rest()]],
          [a, b, c, d, e, [...f]],
        );
        assert.ok(reader.finishAll(undefined).ok);
      },
    ),
  );
});

test('a read past the end fails once, at its offset, and says what was needed', () => {
  const reader = new ByteReader(new Uint8Array(5), 'outer');
  reader.u8();
  const inner = reader.sub(3, 'inner');
  inner.u16();
  assert.equal(inner.u32(), 0);
  assert.equal(inner.u8(), 0, 'nothing more is read after a failure');
  const result = inner.finish('value');
  assert.ok(!result.ok);
  assert.deepEqual(result.error.detail, { what: 'inner', offset: 3, need: 4, got: 1 });
});

test('octets left over are an error when all must be read', () => {
  const reader = new ByteReader(new Uint8Array(2), 'test');
  reader.u8();
  assert.ok(reader.finish(1).ok);
  assert.ok(!reader.finishAll(1).ok);
});

test('hexadecimal there and back', () => {
  fc.assert(fc.property(fc.uint8Array(), (octets) => assert.deepEqual(fromHex(toHex(octets)), octets)));
  assert.throws(() => fromHex('0g'));
  assert.throws(() => fromHex('abc'));
});

test('constant-time comparison agrees with plain comparison', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      assert.equal(equalConstantTime(a, b), Buffer.compare(a, b) === 0);
      assert.ok(equalConstantTime(a, a.slice()));
    }),
  );
});

test('a secret shows itself to nobody, and is gone after wipe', () => {
  const secret = Secret.fromText('hunter2-𝒫');
  assert.doesNotMatch(
    `${secret} ${JSON.stringify({ secret })} ${inspect(secret)} ${inspect({ deep: [secret] })}`,
    /hunter|104/,
  );
  const kept = secret.expose();
  secret.wipe();
  assert.equal(secret.length, 0);
  assert.ok(kept.every((octet) => octet === 0));
});

test('a secret is a copy, of a Buffer too', () => {
  const typed = Buffer.from('hunter2');
  const secret = new Secret(typed);
  typed.fill(0);
  assert.equal(Buffer.from(secret.expose()).toString(), 'hunter2');
});
