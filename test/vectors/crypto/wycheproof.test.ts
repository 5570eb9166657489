import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { concat, fromHex, toHex } from '../../../core/base/octets.ts';
import { nodePrf } from '../../../core/crypto/node/hash.ts';
import { nodeKeyExchange } from '../../../core/crypto/node/key-exchanges.ts';
import { threePacketCiphers } from './three-packet-ciphers.ts';

type Row = Readonly<Record<string, string | number>>;

/** The vectors of one file, each with its fields by name. */
function read(name: string): readonly Row[] {
  const text = readFileSync(new URL(`wycheproof/${name}.json`, import.meta.url), 'utf8');
  const { fields, rows } = JSON.parse(text) as { fields: string[]; rows: (string | number)[][] };
  return rows.map((row) => Object.fromEntries(fields.map((field, at) => [field, row[at] ?? ''])));
}

function octets(row: Row, field: string): Uint8Array {
  return fromHex(String(row[field]));
}

function label(row: Row): string {
  return `${row['tcId']}: ${row['comment']}`;
}

describe('Wycheproof AEADs', () => {
  for (const [file, id] of [
    ['aes-gcm', 20],
    ['chacha20-poly1305', 28],
  ] as const) {
    const rows = read(file);
    for (const bits of new Set(rows.map((row) => octets(row, 'key').length * 8)))
      for (const [implementation, packetCipher] of threePacketCiphers(id, bits, 0))
        test(`${file} with ${bits} bits, ${implementation}`, () => {
          let seen = 0;
          for (const row of rows.filter((row) => octets(row, 'key').length * 8 === bits)) {
            seen++;
            const nonce = octets(row, 'iv');
            const open = packetCipher.open({
              encryption: octets(row, 'key'),
              salt: nonce.subarray(0, 4),
              integrity: new Uint8Array(0),
            });
            const [aad, iv, message] = [octets(row, 'aad'), nonce.subarray(4), octets(row, 'msg')];
            const sealed = concat(octets(row, 'ct'), octets(row, 'tag'));
            const opened = open.unseal(aad, iv, sealed);
            if (row['result'] === 'valid') {
              assert.equal(toHex(open.seal(aad, iv, message)), toHex(sealed), label(row));
              assert.equal(opened && toHex(opened), toHex(message), label(row));
            } else assert.equal(opened, undefined, label(row));
            open.wipe();
          }
          assert.ok(seen > 20);
        });
  }
});

test('Wycheproof X25519', () => {
  let refused = 0;
  for (const row of read('x25519')) {
    const secret = nodeKeyExchange(31)?.generate({ octets: () => octets(row, 'private') });
    const agreed = secret?.agree(octets(row, 'public'));
    assert.ok(agreed);
    // "Acceptable" are odd public values that RFC 7748 computes with; only a zero secret must be refused (RFC 8031).
    const zero = String(row['flags']).includes('ZeroSharedSecret');
    assert.equal(agreed.ok, !zero, label(row));
    if (agreed.ok) assert.equal(toHex(agreed.value), row['shared'], label(row));
    else refused++;
  }
  assert.ok(refused > 20);
});

describe('Wycheproof ECDH', () => {
  for (const [file, id, coordinate] of [
    ['ecdh-p256', 19, 32],
    ['ecdh-p384', 20, 48],
    ['ecdh-p521', 21, 66],
  ] as const)
    test(file, () => {
      let refused = 0;
      for (const row of read(file)) {
        const scalar = new Uint8Array(coordinate);
        const digits = BigInt(`0x${row['private']}`).toString(16);
        scalar.set(fromHex(digits.padStart(digits.length + (digits.length % 2), '0')).toReversed());
        scalar.reverse();
        const secret = nodeKeyExchange(id)?.generate({ octets: () => scalar.slice() });
        // IKE has no octet in front that tells the form: all but 04 || x || y is of another length there.
        const point = octets(row, 'public');
        const agreed = secret?.agree(point.subarray(1));
        assert.ok(agreed);
        assert.equal(agreed.ok, row['result'] === 'valid', label(row));
        if (agreed.ok) assert.equal(toHex(agreed.value), row['shared'], label(row));
        else refused++;
      }
      assert.ok(refused > 10);
    });
});

describe('Wycheproof HMAC', () => {
  for (const [file, id] of [
    ['hmac-sha256', 5],
    ['hmac-sha384', 6],
    ['hmac-sha512', 7],
  ] as const)
    test(file, () => {
      const prf = nodePrf(id);
      assert.ok(prf);
      for (const row of read(file)) {
        const mac = toHex(prf.compute(octets(row, 'key'), octets(row, 'msg')));
        const tag = String(row['tag']);
        assert.equal(mac.slice(0, tag.length) === tag, row['result'] === 'valid', label(row));
      }
    });
});
