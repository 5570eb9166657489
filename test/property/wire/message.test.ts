import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { toHex } from '../../../core/base/octets.ts';
import type { Result } from '../../../core/base/result.ts';
import { packetCipherShapes } from '../../../core/crypto/packet-ciphers.ts';
import {
  type Decoded,
  decodeInner,
  decodeMessage,
  encodeMessage,
  sealMessage,
  unsealMessage,
} from '../../../core/wire/ike/message.ts';
import { checkOccurrence } from '../../../core/wire/ike/message-rules.ts';
import { classify } from '../../../core/wire/ike/non-esp-marker.ts';
import { notateDecoded, notateMessage } from '../../../core/wire/ike/notation.ts';
import type { SkCipher } from '../../../core/wire/ike/sk.ts';
import { nodePacketCipher } from '../../support/crypto/node-packet-cipher.ts';
import { header, message, octets } from './arbitraries.ts';

/** All that is done with a datagram before its sender is known. Nothing of it may throw or grow. */
function exercise(datagram: Uint8Array): void {
  classify(datagram);
  const decoded: Result<Decoded, Failure> = decodeMessage(datagram);
  if (!decoded.ok) {
    assert.equal(decoded.error.code, 'malformed');
    const offset = Number(decoded.error.detail['offset']);
    assert.ok(offset >= 0 && offset <= datagram.length, `offset ${offset} of ${datagram.length}`);
    return;
  }
  assert.ok(notateDecoded(decoded.value).length <= limits.notationCharacters);
  if (decoded.value.encrypted !== undefined) return;
  assert.ok(decoded.value.payloads.length <= limits.payloadsPerMessage);
  checkOccurrence(decoded.value, false);
}

/** A cipher without a key: whatever comes is "decrypted" to itself, so that the parser behind it is reached. */
const transparent: SkCipher = {
  cipher: { ivOctets: 8, icvOctets: 16, blockOctets: 1 },
  key: {
    seal: (_associated, _iv, plaintext) => Uint8Array.from([...plaintext, ...new Uint8Array(16)]),
    unseal: (_associated, _iv, sealed) => sealed.slice(0, -16),
    wipe: () => undefined,
  },
};

function exerciseSealed(datagram: Uint8Array): void {
  exercise(datagram);
  const decoded = decodeMessage(datagram);
  if (!decoded.ok || decoded.value.encrypted === undefined) return;
  const inner = unsealMessage(decoded.value.encrypted, transparent);
  if (inner.ok) {
    checkOccurrence(inner.value, true);
    notateMessage(inner.value);
    return;
  }
  const offset = Number(inner.error.detail['offset']);
  assert.ok(offset >= 28 && offset <= datagram.length, `offset ${offset} of ${datagram.length}`);
}

test('a message that is encoded decodes to itself', () => {
  fc.assert(
    fc.property(message, (original) => {
      const decoded = decodeMessage(encodeMessage(original));
      assert.deepEqual(decoded, { ok: true, value: original });
    }),
  );
});

test('a message that is sealed unseals to itself, with every cipher', () => {
  const ciphers = packetCipherShapes.map(({ encryptionId, keyBits, integrityId }) => {
    const cipher = nodePacketCipher(encryptionId, keyBits, integrityId) ?? assert.fail('no cipher');
    const key = cipher.open({
      encryption: new Uint8Array(cipher.encryptionKeyOctets).fill(1),
      salt: new Uint8Array(cipher.saltOctets).fill(2),
      integrity: new Uint8Array(cipher.integrityKeyOctets).fill(3),
    });
    return { cipher, key };
  });
  fc.assert(
    fc.property(message, fc.constantFrom(...ciphers), (original, cipher) => {
      const iv = new Uint8Array(cipher.cipher.ivOctets).fill(4);
      const decoded = decodeMessage(sealMessage(original, cipher, iv));
      if (!decoded.ok || decoded.value.encrypted === undefined) return assert.fail('not sealed');
      assert.deepEqual(unsealMessage(decoded.value.encrypted, cipher), { ok: true, value: original });
    }),
  );
});

test('what decodes and is encoded again decodes to the same value', () => {
  fc.assert(
    fc.property(message, fc.nat(), fc.nat(0xff), (original, at, value) => {
      const datagram = encodeMessage(original);
      datagram[28 + (at % Math.max(datagram.length - 28, 1))] = value;
      const first = decodeMessage(datagram);
      if (!first.ok || first.value.encrypted !== undefined) return;
      const unknownAttribute = first.value.payloads.some(
        (payload) =>
          payload.kind === 'SA' &&
          payload.proposals.some((proposal) =>
            proposal.transforms.some((transform) => transform.unknownAttribute === true),
          ),
      );
      if (unknownAttribute) return;
      assert.deepEqual(decodeMessage(encodeMessage(first.value)), first);
    }),
    { numRuns: 300 },
  );
});

test('cut anywhere, a message is malformed, with the length field right or wrong', () => {
  fc.assert(
    fc.property(message, (original) => {
      const datagram = encodeMessage(original);
      for (let length = 0; length < datagram.length; length++) {
        const cut = datagram.slice(0, length);
        exercise(cut);
        assert.equal(decodeMessage(cut).ok, false);
        if (length < 28) continue;
        new DataView(cut.buffer).setUint32(24, length);
        exercise(cut);
      }
    }),
    { numRuns: 30 },
  );
});

test('flipped bits give a value or an error, never more', () => {
  const flips = fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(message, flips, fc.boolean(), (original, positions, sealed) => {
      const datagram = sealed
        ? sealMessage(original, transparent, new Uint8Array(8))
        : encodeMessage(original);
      for (const [position, bit] of positions) {
        const at = position % datagram.length;
        datagram[at] = (datagram[at] ?? 0) ^ (1 << bit);
      }
      exerciseSealed(datagram);
    }),
    { numRuns: 1000 },
  );
});

test('random octets, alone and behind a valid header, give a value or an error', () => {
  fc.assert(
    fc.property(octets(0, 600), (datagram) => exercise(datagram)),
    { numRuns: 500 },
  );
  const types = fc.oneof(fc.integer({ min: 33, max: 54 }), fc.nat(255));
  fc.assert(
    fc.property(header, types, octets(0, 600), (first, type, body) => {
      const datagram = Uint8Array.from([...encodeMessage({ header: first, payloads: [] }), ...body]);
      datagram[16] = type;
      new DataView(datagram.buffer).setUint32(24, datagram.length);
      exerciseSealed(datagram);
    }),
    { numRuns: 500 },
  );
});

test('random octets as the body of every payload type give a value or an error', () => {
  fc.assert(
    fc.property(header, fc.integer({ min: 33, max: 54 }), octets(0, 200), (first, type, body) => {
      const payload = Uint8Array.from([0, 0, (body.length + 4) >> 8, (body.length + 4) & 0xff, ...body]);
      const result = decodeInner(first, type, payload, 1000);
      if (result.ok) return void notateMessage(result.value, true);
      const offset = Number(result.error.detail['offset']);
      assert.ok(offset >= 1000 && offset <= 1000 + payload.length, `${toHex(payload)} at ${offset}`);
    }),
    { numRuns: 2000 },
  );
});
