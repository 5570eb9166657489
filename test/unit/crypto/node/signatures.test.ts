import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, test } from 'node:test';
import type { PublicKeyKind, SignatureScheme } from '../../../../core/crypto/interfaces.ts';
import { nodeSignatures } from '../../../../core/crypto/node/signatures.ts';
import { signerFromPrivateKey } from '../../../../core/crypto/node/signer.ts';

const data = Buffer.from('InitiatorSignedOctets');
type Pair = { publicKey: KeyObject; privateKey: KeyObject };
const rsa: Pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256: Pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384: Pair = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const p521: Pair = generateKeyPairSync('ec', { namedCurve: 'P-521' });
const ed25519: Pair = generateKeyPairSync('ed25519');
const ed448: Pair = generateKeyPairSync('ed448');
const brainpool: Pair = generateKeyPairSync('ec', { namedCurve: 'brainpoolP256r1' });

function spkiOf(pair: Pair): Uint8Array {
  return pair.publicKey.export({ format: 'der', type: 'spki' });
}

const cases: readonly (readonly [PublicKeyKind, Pair, SignatureScheme, number?])[] = [
  ['rsa', rsa, { kind: 'rsa-pkcs1', hash: 'sha1' }, 256],
  ['rsa', rsa, { kind: 'rsa-pkcs1', hash: 'sha256' }, 256],
  ['rsa', rsa, { kind: 'rsa-pkcs1', hash: 'sha512' }, 256],
  ['rsa', rsa, { kind: 'rsa-pss', hash: 'sha256', saltOctets: 32 }, 256],
  ['rsa', rsa, { kind: 'rsa-pss', hash: 'sha384', saltOctets: 48 }, 256],
  ['rsa', rsa, { kind: 'rsa-pss', hash: 'sha512', saltOctets: 64 }, 256],
  ['ec-p256', p256, { kind: 'ecdsa', hash: 'sha256', encoding: 'p1363' }, 64],
  ['ec-p384', p384, { kind: 'ecdsa', hash: 'sha384', encoding: 'p1363' }, 96],
  ['ec-p521', p521, { kind: 'ecdsa', hash: 'sha512', encoding: 'p1363' }, 132],
  ['ec-p256', p256, { kind: 'ecdsa', hash: 'sha512', encoding: 'der' }],
  ['ec-p521', p521, { kind: 'ecdsa', hash: 'sha256', encoding: 'der' }],
  ['ed25519', ed25519, { kind: 'ed25519' }, 64],
  ['ed448', ed448, { kind: 'ed448' }, 114],
];

describe('signatures', () => {
  for (const [kind, pair, scheme, octets] of cases)
    test(`${kind} with ${JSON.stringify(scheme)}`, () => {
      const spki = spkiOf(pair);
      assert.equal(nodeSignatures.kindOf(spki), kind);
      const signer = signerFromPrivateKey(
        pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
      );
      assert.ok(signer.ok);
      assert.equal(signer.value.kind, kind);
      const signature = signer.value.sign(scheme, data);
      if (octets !== undefined) assert.equal(signature.length, octets);
      assert.equal(nodeSignatures.verify(scheme, spki, data, signature), true);
      for (const at of [0, signature.length >> 1, signature.length - 1]) {
        const bad = signature.slice();
        bad[at] = (bad[at] ?? 0) ^ 1;
        assert.equal(nodeSignatures.verify(scheme, spki, data, bad), false);
      }
      assert.equal(nodeSignatures.verify(scheme, spki, Buffer.from('other'), signature), false);
      for (const odd of [new Uint8Array(0), signature.subarray(1), Buffer.concat([signature, signature])])
        assert.equal(nodeSignatures.verify(scheme, spki, data, odd), false);
      for (const [otherKind, other, otherScheme] of cases) {
        if (otherKind !== kind)
          assert.equal(nodeSignatures.verify(scheme, spkiOf(other), data, signature), false);
        if (JSON.stringify(otherScheme) !== JSON.stringify(scheme))
          assert.equal(nodeSignatures.verify(otherScheme, spki, data, signature), false);
      }
    });

  test('a PSS signature without the zero that it begins with is refused', () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const signer = signerFromPrivateKey(short.privateKey.export({ format: 'der', type: 'pkcs8' }));
    assert.ok(signer.ok);
    const scheme = { kind: 'rsa-pss', hash: 'sha256', saltOctets: 32 } as const;
    let signature = signer.value.sign(scheme, data);
    while (signature[0] !== 0) signature = signer.value.sign(scheme, data);
    assert.equal(nodeSignatures.verify(scheme, spkiOf(short), data, signature), true);
    assert.equal(nodeSignatures.verify(scheme, spkiOf(short), data, signature.subarray(1)), false);
  });

  test('a PSS salt of another length is refused', () => {
    const signer = signerFromPrivateKey(rsa.privateKey.export({ format: 'der', type: 'pkcs8' }));
    assert.ok(signer.ok);
    const signature = signer.value.sign({ kind: 'rsa-pss', hash: 'sha256', saltOctets: 20 }, data);
    const verify = (saltOctets: number) =>
      nodeSignatures.verify({ kind: 'rsa-pss', hash: 'sha256', saltOctets }, spkiOf(rsa), data, signature);
    assert.equal(verify(32), false);
    assert.equal(verify(20), true);
    assert.equal(verify(5000), false);
  });

  test('keys that IKE does not use, and garbage, are just other', () => {
    assert.equal(nodeSignatures.kindOf(spkiOf(brainpool)), 'other');
    const garbage = [new Uint8Array(0), new Uint8Array(70).fill(0x30), spkiOf(rsa).subarray(0, 100)];
    for (const spki of garbage) {
      assert.equal(nodeSignatures.kindOf(spki), 'other');
      assert.equal(nodeSignatures.verify({ kind: 'ed25519' }, spki, data, new Uint8Array(64)), false);
    }
  });

  test('a signer refuses what is not a private key and never quotes it', () => {
    for (const text of [
      '',
      'hello SECRET',
      '-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n',
    ]) {
      const signer = signerFromPrivateKey(text);
      assert.ok(!signer.ok);
      assert.doesNotMatch(signer.error.reason, /SECRET/);
    }
    assert.ok(!signerFromPrivateKey(brainpool.privateKey.export({ format: 'der', type: 'pkcs8' })).ok);
    const encrypted = rsa.privateKey.export({
      format: 'pem',
      type: 'pkcs8',
      cipher: 'aes-128-cbc',
      passphrase: 'x',
    });
    assert.ok(!signerFromPrivateKey(encrypted.toString()).ok);
  });
});
