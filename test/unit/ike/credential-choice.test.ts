import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { chooseCredential, requestedAuthorities } from '../../../core/ike/credential-choice.ts';
import type { KeyCredential } from '../../../core/ike/login-way.ts';
import type { Payload } from '../../../core/wire/ike/payload.ts';
import { createCa, type Issued, issue } from '../../support/pki.ts';

const crypto = nodeCryptoProvider();
const spkiOf = (of: Issued) =>
  new Uint8Array(createPublicKey(of.privateKey).export({ type: 'spki', format: 'der' }));
const hashOf = (of: Issued) => crypto.hash('sha1', spkiOf(of));

const [first, second] = [createCa('First'), createCa('Second')];
const between = issue(second, { subject: 'Between', ca: true });
const credential = (issuer: Issued, ...above: readonly Issued[]): KeyCredential => {
  const own = issue(issuer, { subject: 'Alice' });
  const root = above.length === 0 ? issuer : second;
  return { spki: spkiOf(own), chain: [own.der, ...above.map(({ der }) => der)], root: spkiOf(root) };
};
const a = credential(first);
const b = credential(between, between);

for (const [asked, authorities, chosen] of [
  ['nothing', [], a],
  ['the root of the first', [hashOf(first)], a],
  ['the root of the second', [hashOf(second)], b],
  ['the intermediate of the second', [hashOf(between)], b],
  ['both', [hashOf(second), hashOf(first)], a],
  ['somebody else', [new Uint8Array(20)], a],
] as const) {
  test(`the gateway asks for ${asked}`, () => {
    assert.equal(chooseCredential(crypto, [a, b], authorities), chosen);
  });
}

test('CERTREQ: hashes of 20 octets; a rest and other encodings count for nothing', () => {
  const payloads: readonly Payload[] = [
    { kind: 'CERTREQ', encoding: 4, authorities: new Uint8Array(45).fill(1) },
    { kind: 'CERTREQ', encoding: 12, authorities: new Uint8Array(20).fill(2) },
  ];
  const header = {
    initiatorSpi: 1n,
    responderSpi: 2n,
    majorVersion: 2,
    minorVersion: 0,
    exchange: 34,
    fromInitiator: false,
    isResponse: true,
    messageId: 0,
  };
  const hash = new Uint8Array(20).fill(1);
  assert.deepEqual(requestedAuthorities({ header, payloads }), [hash, hash]);
});
