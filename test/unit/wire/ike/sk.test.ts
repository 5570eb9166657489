import assert from 'node:assert/strict';
import { createCipheriv, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { concat, fromHex, toHex } from '../../../../core/base/octets.ts';
import {
  decodeMessage,
  encodeMessage,
  sealMessage,
  unsealMessage,
} from '../../../../core/wire/ike/message.ts';
import type { IkeMessage } from '../../../../core/wire/ike/payload.ts';
import { type SkCipher, type SkEnvelope, sealOctets, unsealOctets } from '../../../../core/wire/ike/sk.ts';
import { nodePacketCipher } from '../../../support/crypto/node-packet-cipher.ts';
import { header, malformedDetail, must } from '../support.ts';

const key = new Uint8Array(32).fill(0x41);
const salt = fromHex('a0a1a2a3');
const macKey = new Uint8Array(32).fill(0x42);

function cipherOf(encryptionId: number, integrityId: number): SkCipher {
  const cipher = nodePacketCipher(encryptionId, 256, integrityId) ?? assert.fail('no such cipher');
  const integrity = macKey.slice(0, cipher.integrityKeyOctets);
  return { cipher, key: cipher.open({ encryption: key, salt: salt.slice(0, cipher.saltOctets), integrity }) };
}

const gcm = cipherOf(20, 0);
const cbc = cipherOf(12, 12);
const chacha = cipherOf(28, 0);

const message: IkeMessage = {
  header: header(),
  payloads: [
    { kind: 'IDi', type: 2, data: fromHex('616c696365') },
    { kind: 'EAP', packet: fromHex('0201000a01616c696365') },
  ],
};

/** The two payloads of `message` in the clear. */
const inner = fromHex('3000000d 02000000 616c696365 0000000e 0201000a01616c696365');

const ivOf = ({ cipher }: SkCipher) => new Uint8Array(cipher.ivOctets).fill(0x77);

function envelopeOf(octets: Uint8Array): SkEnvelope {
  const decoded = must(decodeMessage(octets));
  return decoded.encrypted ?? assert.fail('not sealed');
}

/** IKE header and SK header for `octets` octets behind them, as RFC 7296 pictures them. */
function head(octets: number, firstInner = '23'): Uint8Array {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  return fromHex(
    `1111222233334444 5555666677778888 2e 20 23 08 00000001 ${hex(32 + octets, 8)} ${firstInner}00${hex(4 + octets, 4)}`,
  );
}

/** AES-256-GCM of `plaintext` as RFC 5282 says, without the code under test. */
function gcmMessage(plaintext: Uint8Array, firstInner = '23'): Uint8Array {
  const iv = ivOf(gcm);
  const associated = head(iv.length + plaintext.length + 16, firstInner);
  const cipher = createCipheriv('aes-256-gcm', key, concat(salt, iv)).setAAD(associated);
  return concat(associated, iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

/** AES-256-CBC and HMAC-SHA2-256-128 of `plaintext` as RFC 7296 3.14 says, without the code under test. */
function cbcMessage(plaintext: Uint8Array): Uint8Array {
  const iv = ivOf(cbc);
  const cipher = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  const covered = concat(
    head(iv.length + plaintext.length + 16),
    iv,
    cipher.update(plaintext),
    cipher.final(),
  );
  return concat(covered, createHmac('sha256', macKey).update(covered).digest().subarray(0, 16));
}

test('AES-GCM: the sealed message is what RFC 5282 says, with no padding', () => {
  const expected = gcmMessage(concat(inner, fromHex('00')));
  assert.equal(toHex(sealMessage(message, gcm, ivOf(gcm))), toHex(expected));
});

test('AES-CBC with HMAC: the ICV covers all from the IKE header, the padding fills one block', () => {
  const padded = concat(inner, new Uint8Array(4), fromHex('04'));
  assert.equal(padded.length % 16, 0);
  assert.equal(toHex(sealMessage(message, cbc, ivOf(cbc))), toHex(cbcMessage(padded)));
});

for (const [name, cipher] of Object.entries({ gcm, cbc, chacha })) {
  test(`${name}: what is sealed is unsealed, also when it is empty`, () => {
    for (const one of [message, { header: header({ exchange: 37 }), payloads: [] }]) {
      const envelope = envelopeOf(sealMessage(one, cipher, ivOf(cipher)));
      assert.deepEqual(must(unsealMessage(envelope, cipher)), one);
    }
  });

  test(`${name}: a changed octet anywhere is found out`, () => {
    const sealed = sealMessage(message, cipher, ivOf(cipher));
    for (let i = 0; i < sealed.length; i++) {
      const changed = sealed.slice();
      changed[i] = (changed[i] ?? 0) ^ 0x01;
      const decoded = decodeMessage(changed);
      if (!decoded.ok || decoded.value.encrypted === undefined) continue;
      const result = unsealMessage(decoded.value.encrypted, cipher);
      assert.equal(result.ok, false, `octet ${i}`);
    }
  });
}

test('any padding is taken: none, not minimal, and of any octets', () => {
  for (const padding of ['00', '010203 03', 'ffffffffff 05', `${'5a'.repeat(255)} ff`]) {
    const envelope = envelopeOf(gcmMessage(concat(inner, fromHex(padding))));
    assert.deepEqual(must(unsealMessage(envelope, gcm)), message);
  }
  const long = concat(inner, new Uint8Array(20).fill(9), fromHex('14'));
  assert.deepEqual(must(unsealMessage(envelopeOf(cbcMessage(long)), cbc)), message);
});

test('a pad length longer than the plaintext is malformed, at the octet that says so', () => {
  const detail = malformedDetail(unsealMessage(envelopeOf(gcmMessage(fromHex('0003'))), gcm));
  assert.equal(detail['offset'], 32 + 8 + 1);
});

test('a payload that is malformed inside is told by its offset in the datagram', () => {
  const detail = malformedDetail(
    unsealMessage(envelopeOf(gcmMessage(fromHex('0000000a 02000000 61 00'))), gcm),
  );
  assert.deepEqual([detail['offset'], detail['need'], detail['got']], [32 + 8 + 4, 6, 5]);
});

test('a wrong ICV is peer.integrity, not malformed', () => {
  const sealed = sealMessage(message, gcm, ivOf(gcm));
  sealed[sealed.length - 1] = (sealed[sealed.length - 1] ?? 0) ^ 1;
  const result = unsealMessage(envelopeOf(sealed), gcm);
  assert.equal(result.ok ? '' : result.error.code, 'peer.integrity');
});

test('too short for IV, pad length and ICV, or not whole blocks: malformed without a look at the key', () => {
  const refuse: SkCipher = {
    cipher: cbc.cipher,
    key: { ...cbc.key, unseal: () => assert.fail('decrypted') },
  };
  for (const octets of [0, 1, 16, 32, 33, 47, 49, 63]) {
    const datagram = concat(head(octets), new Uint8Array(octets));
    malformedDetail(unsealMessage(envelopeOf(datagram), refuse));
  }
  assert.throws(() => unsealMessage(envelopeOf(concat(head(48), new Uint8Array(48))), refuse), /decrypted/);
});

test('SK inside SK is malformed', () => {
  const nested = gcmMessage(fromHex('00000004 00'), '2e');
  malformedDetail(unsealMessage(envelopeOf(nested), gcm));
});

test('a payload behind SK is malformed', () => {
  const sealed = sealMessage(message, gcm, ivOf(gcm));
  const longer = concat(sealed, fromHex('00000004'));
  new DataView(longer.buffer).setUint32(24, longer.length);
  const detail = malformedDetail(decodeMessage(longer));
  assert.equal(detail['offset'], sealed.length);
});

test('payloads in front of SK are kept apart, and authenticated with it', () => {
  const clear = encodeMessage({ header: header(), payloads: [{ kind: 'V', vendorId: fromHex('aa') }] });
  const iv = ivOf(gcm);
  const plaintext = concat(inner, fromHex('00'));
  const sk = fromHex(`2300 ${(4 + iv.length + plaintext.length + 16).toString(16).padStart(4, '0')}`);
  const associated = concat(clear, sk);
  associated[28] = 46;
  new DataView(associated.buffer).setUint32(24, associated.length + iv.length + plaintext.length + 16);
  const datagram = concat(associated, iv, gcm.key.seal(associated, iv, plaintext));
  const decoded = must(decodeMessage(datagram));
  if (decoded.encrypted === undefined) return assert.fail('not sealed');
  assert.deepEqual(decoded.cleartextPayloads, [{ kind: 'V', vendorId: fromHex('aa') }]);
  assert.deepEqual(must(unsealMessage(decoded.encrypted, gcm)), message);
});

test('fragments keep their numbers, which are authenticated, and give their octets', () => {
  const fragment = { number: 2, total: 3 };
  const part = { first: 0, octets: fromHex('01020304'), fragment };
  const datagram = sealOctets(header(), part, gcm, ivOf(gcm));
  assert.equal(datagram[16], 53);
  const envelope = envelopeOf(datagram);
  assert.deepEqual(envelope.fragment, fragment);
  assert.equal(envelope.associated.length, 36);
  const opened = must(unsealOctets(envelope, gcm));
  assert.equal(toHex(opened.octets), '01020304');
  assert.equal(opened.offset, 44);
  malformedDetail(unsealMessage(envelope, gcm));
  datagram[33] = 3;
  const result = unsealOctets(envelopeOf(datagram), gcm);
  assert.equal(result.ok ? '' : result.error.code, 'peer.integrity');
});

test('a fragment that is the only one is a message', () => {
  const fragment = { number: 1, total: 1 };
  const datagram = sealOctets(header(), { first: 35, octets: inner, fragment }, gcm, ivOf(gcm));
  assert.deepEqual(must(unsealMessage(envelopeOf(datagram), gcm)), message);
});

test('impossible fragment numbers are malformed', () => {
  for (const [number, total] of [
    [0, 1],
    [2, 1],
    [0, 0],
  ] as const) {
    const datagram = sealOctets(
      header(),
      { first: 0, octets: inner, fragment: { number, total } },
      gcm,
      ivOf(gcm),
    );
    assert.equal(malformedDetail(decodeMessage(datagram))['offset'], 36);
  }
});

test('an IV of the wrong length is a bug of the caller', () => {
  assert.throws(() => sealMessage(message, gcm, new Uint8Array(7)), RangeError);
});
