import assert from 'node:assert/strict';
import { getDiffieHellman } from 'node:crypto';
import { describe, test } from 'node:test';
import { x25519 } from '@noble/curves/ed25519.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { fromHex, toHex } from '../../../../core/base/octets.ts';
import type { KeyExchange, Random } from '../../../../core/crypto/interfaces.ts';
import { nodeKeyExchange } from '../../../../core/crypto/node/key-exchanges.ts';
import { systemRandom } from '../../../../core/crypto/node/random.ts';
import { seededRandom } from '../../../../core/crypto/seeded-random.ts';

const ids = [14, 15, 16, 19, 20, 21, 31];

function group(id: number): KeyExchange {
  const found = nodeKeyExchange(id);
  assert.ok(found);
  return found;
}

/** Gives what it was told to give, and notes how much was asked for. */
function scripted(...draws: Uint8Array[]): Random & { asked: number[] } {
  const asked: number[] = [];
  return {
    asked,
    octets(count) {
      asked.push(count);
      return draws.shift()?.slice() ?? assert.fail('one draw too many');
    },
  };
}

function refused(id: number, value: Uint8Array, reason: RegExp): void {
  const result = group(id).generate(systemRandom).agree(value);
  assert.ok(!result.ok, `group ${id} must refuse`);
  assert.equal(result.error.code, 'peer.misbehaved');
  assert.match(String(result.error.detail['rule']), reason);
}

function big(octets: Uint8Array): bigint {
  return BigInt(`0x${toHex(octets)}`);
}

function octetsOf(value: bigint, count: number): Uint8Array {
  return fromHex(value.toString(16).padStart(count * 2, '0'));
}

for (const id of ids)
  describe(`group ${id}`, () => {
    test('both sides get the same secret, and a seed replays it', () => {
      const a = group(id).generate(seededRandom(1));
      const b = group(id).generate(seededRandom(2));
      assert.equal(a.publicValue.length, group(id).publicOctets);
      const one = a.agree(b.publicValue);
      const other = b.agree(a.publicValue);
      assert.ok(one.ok && other.ok);
      assert.deepEqual(one.value, other.value);
      assert.deepEqual(group(id).generate(seededRandom(1)).publicValue, a.publicValue);
      assert.notDeepEqual(a.publicValue, b.publicValue);
      a.wipe();
      assert.throws(() => a.agree(b.publicValue), /wiped/);
    });

    test('values of the wrong length are refused', () => {
      const octets = group(id).publicOctets;
      for (const length of [0, 1, octets - 1, octets + 1, 4096])
        refused(id, new Uint8Array(length).fill(5), /octets instead of/);
    });
  });

/** floor(2^bits * pi) by Machin's formula. */
function piTimesTwoTo(bits: bigint): bigint {
  const unit = 1n << (bits + 64n);
  const arctanInverse = (x: bigint) => {
    let term = unit / x;
    let sum = term;
    for (let n = 3n, sign = -1n; term !== 0n; n += 2n, sign = -sign) {
      term /= x * x;
      sum += (sign * term) / n;
    }
    return sum;
  };
  return (4n * (4n * arctanInverse(5n) - arctanInverse(239n))) >> 64n;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let b = base, e = exponent; e > 0n; e >>= 1n, b = (b * b) % modulus)
    if (e & 1n) result = (result * b) % modulus;
  return result;
}

describe('MODP', () => {
  // RFC 3526, sections 3 to 5: p = 2^bits - 2^(bits-64) - 1 + 2^64 * ([2^(bits-130) pi] + k)
  for (const [id, bits, k] of [
    [14, 2048n, 124476n],
    [15, 3072n, 1690314n],
    [16, 4096n, 240904n],
  ] as const) {
    const prime = (1n << bits) - (1n << (bits - 64n)) - 1n + (1n << 64n) * (piTimesTwoTo(bits - 130n) + k);
    const octets = Number(bits) / 8;

    test(`group ${id} computes 2^x and y^x modulo the prime that RFC 3526 defines by pi`, () => {
      const exponentOctets = { 14: 32, 15: 40, 16: 48 }[id];
      const x = seededRandom(id).octets(exponentOctets);
      const random = scripted(x);
      const secret = group(id).generate(random);
      assert.deepEqual(random.asked, [exponentOctets]);
      assert.equal(big(secret.publicValue), power(2n, big(x), prime));
      // One in 256 begins with a zero, which OpenSSL leaves out and IKE does not.
      const peer = octetsOf(big(getDiffieHellman(`modp${id}`).generateKeys()), octets);
      const shared = secret.agree(peer);
      assert.ok(shared.ok);
      assert.equal(big(shared.value), power(big(peer), big(x), prime));
    });

    test(`group ${id} pads a short secret with zeroes in front`, () => {
      const three = new Uint8Array(32);
      three[31] = 3;
      const secret = group(id).generate(scripted(three));
      assert.deepEqual(secret.publicValue, octetsOf(8n, octets));
      const shared = secret.agree(octetsOf(4n, octets));
      assert.ok(shared.ok);
      assert.deepEqual(shared.value, octetsOf(64n, octets));
    });

    test(`group ${id} takes 2 to p - 2 and nothing else (RFC 6989, 2.1)`, () => {
      for (const value of [0n, 1n]) refused(id, octetsOf(value, octets), /0 or 1/);
      for (const value of [prime - 1n, prime, prime + 1n, (1n << bits) - 1n])
        refused(id, octetsOf(value, octets), /not below p - 1/);
      for (const value of [2n, 257n, prime - 2n])
        assert.ok(group(id).generate(systemRandom).agree(octetsOf(value, octets)).ok);
    });
  }
});

describe('ECP', () => {
  for (const [id, curve] of [
    [19, p256],
    [20, p384],
    [21, p521],
  ] as const) {
    const { n, p } = curve.Point.CURVE();
    const octets = group(id).publicOctets / 2;

    test(`group ${id} equals an independent implementation`, () => {
      const scalar = seededRandom(id).octets(octets);
      if (id === 21) scalar[0] = 0;
      const secret = group(id).generate(scripted(scalar));
      assert.equal(toHex(secret.publicValue), toHex(curve.getPublicKey(scalar, false).subarray(1)));
      const peer = curve.keygen();
      const shared = secret.agree(curve.Point.fromBytes(peer.publicKey).toBytes(false).subarray(1));
      assert.ok(shared.ok);
      assert.equal(toHex(shared.value), toHex(curve.getSharedSecret(scalar, peer.publicKey).subarray(1)));
    });

    test(`group ${id} draws again when a number is 0 or not below the order`, () => {
      const random = scripted(
        new Uint8Array(octets),
        octetsOf(n, octets),
        octetsOf((1n << BigInt(n.toString(2).length)) - 1n, octets),
        octetsOf(n - 1n, octets),
      );
      const secret = group(id).generate(random);
      assert.equal(random.asked.length, 4);
      assert.equal(toHex(secret.publicValue), toHex(curve.Point.BASE.negate().toBytes(false).subarray(1)));
    });

    test(`group ${id} gives up on a source that only gives zeroes`, () => {
      assert.throws(() => group(id).generate({ octets: (count) => new Uint8Array(count) }), /randomness/);
    });

    test(`group ${id} refuses points that are not on the curve`, () => {
      const good = group(id).generate(systemRandom).publicValue;
      for (const at of [0, octets - 1, octets, 2 * octets - 1]) {
        const bad = good.slice();
        bad[at] = (bad[at] ?? 0) ^ 1;
        refused(id, bad, /not a point of the curve/);
      }
      refused(id, new Uint8Array(2 * octets), /not a point of the curve/);
      const field = octetsOf(p, octets);
      refused(id, Buffer.concat([field, good.subarray(octets)]), /not a point of the curve/);
    });
  }
});

test('X25519 refuses points of small order', () => {
  const p = (1n << 255n) - 19n;
  const small = [
    0n,
    1n,
    325606250916557431795983626356110631294008115727848805560023387167927233504n,
    39382357235489614581723060781553021112529911719440698176882885853963445705823n,
    p - 1n,
    p,
    p + 1n,
  ];
  for (const value of small) refused(31, octetsOf(value, 32).reverse(), /small order/);
});

test('X25519 equals an independent implementation, with any scalar', () => {
  for (let seed = 0; seed < 20; seed++) {
    const scalar = seededRandom(seed).octets(32);
    const secret = group(31).generate(scripted(scalar));
    assert.deepEqual(secret.publicValue, x25519.getPublicKey(scalar));
  }
});

test('groups that are too small or unknown are not there', () => {
  for (const id of [0, 1, 2, 5, 22, 23, 24, 25, 32, 35, 65535]) assert.equal(nodeKeyExchange(id), undefined);
});
