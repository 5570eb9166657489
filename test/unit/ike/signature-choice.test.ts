import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { chooseSignature } from '../../../core/ike/signature-choice.ts';

const spki = (key: KeyObject) => new Uint8Array(key.export({ type: 'spki', format: 'der' }));
const rsa = (modulusLength: number) => spki(generateKeyPairSync('rsa', { modulusLength }).publicKey);
const ec = (namedCurve: string) => spki(generateKeyPairSync('ec', { namedCurve }).publicKey);
const keys = {
  'RSA 2048': rsa(2048),
  'RSA 3072': rsa(3072),
  'P-256': ec('P-256'),
  'P-384': ec('P-384'),
  'P-521': ec('P-521'),
  Ed25519: spki(generateKeyPairSync('ed25519').publicKey),
};

const [sha1, sha256, sha384, sha512, identity] = [1, 2, 3, 4, 5];
const all = [sha1, sha256, sha384, sha512, identity];

type Row = readonly [
  key: keyof typeof keys,
  hashes: readonly (number | undefined)[] | undefined,
  wishes: { readonly rsaPss?: boolean; readonly allowSha1?: boolean },
  expected: string,
];

const rows: readonly Row[] = [
  ['RSA 2048', all, {}, '14 rsa-pkcs1 sha256'],
  ['RSA 2048', all, { rsaPss: true }, '14 rsa-pss sha256 32'],
  ['RSA 3072', all, {}, '14 rsa-pkcs1 sha384'],
  ['RSA 3072', all, { rsaPss: true }, '14 rsa-pss sha384 48'],
  ['RSA 3072', [sha256], {}, '14 rsa-pkcs1 sha256'],
  ['RSA 2048', [sha512], {}, '14 rsa-pkcs1 sha512'],
  ['RSA 2048', [sha1], { allowSha1: true }, 'auth.signature-unsupported'],
  ['RSA 2048', [], {}, 'auth.signature-unsupported'],
  ['RSA 2048', undefined, {}, 'auth.signature-unsupported'],
  ['RSA 2048', undefined, { allowSha1: true }, '1 rsa-pkcs1 sha1'],
  ['P-256', all, {}, '14 ecdsa sha256 der'],
  ['P-384', all, {}, '14 ecdsa sha384 der'],
  ['P-521', all, {}, '14 ecdsa sha512 der'],
  ['P-521', [sha256, sha384], {}, '14 ecdsa sha384 der'],
  ['P-256', undefined, {}, '9 ecdsa sha256 p1363'],
  ['P-384', undefined, {}, '10 ecdsa sha384 p1363'],
  ['P-521', undefined, {}, '11 ecdsa sha512 p1363'],
  ['Ed25519', all, {}, '14 ed25519'],
  ['Ed25519', [sha256, sha512], {}, 'auth.signature-unsupported'],
  ['Ed25519', undefined, { allowSha1: true }, 'auth.signature-unsupported'],
];

for (const [key, hashes, { rsaPss = false, allowSha1 = false }, expected] of rows) {
  const peer = hashes === undefined ? 'without RFC 7427' : `with hashes ${hashes.join()}`;
  test(`${key} at a gateway ${peer}${rsaPss ? ', PSS' : ''}${allowSha1 ? ', SHA-1 allowed' : ''}: ${expected}`, () => {
    const peerHashes = hashes?.flatMap((hash) => hash ?? []);
    const choice = chooseSignature(nodeCryptoProvider(), keys[key], peerHashes, { rsaPss, allowSha1 });
    const told = choice.ok
      ? [choice.value.method, ...Object.values(choice.value.scheme)].join(' ')
      : choice.error.code;
    assert.equal(told, expected);
  });
}
