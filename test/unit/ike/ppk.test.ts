import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import type { IkeKeys } from '../../../core/ike/keymat.ts';
import { mixPpk, ppkIdentityData, withMixedKeys } from '../../../core/ike/ppk.ts';

/** PRF_HMAC_SHA2_256 */
const prf = nodeCryptoProvider().prf(5);
const key = (fill: number) => new Uint8Array(32).fill(fill);
const cipherKey = { encryption: key(8), salt: new Uint8Array(4), integrity: new Uint8Array(0) };
const keys = (): IkeKeys => ({
  skD: key(1),
  initiator: cipherKey,
  responder: cipherKey,
  skPi: key(2),
  skPr: key(3),
});

test("SK_d = prf+ (PPK, SK_d'), and so SK_pi and SK_pr", () => {
  assert.ok(prf !== undefined);
  const ppk = Buffer.from('a post-quantum pre-shared key');
  const mixed = mixPpk(prf, keys(), ppk);
  // One block of prf+: prf (PPK, SK | 0x01).
  const expected = (fill: number) =>
    new Uint8Array(createHmac('sha256', ppk).update(key(fill)).update(Uint8Array.of(1)).digest());
  assert.deepEqual(mixed, { skD: expected(1), skPi: expected(2), skPr: expected(3) });
});

test('mixed keys take the place of the others, which are overwritten; those of the cipher stay', () => {
  const old = keys();
  const mixed = { skD: key(4), skPi: key(5), skPr: key(6) };
  const now = withMixedKeys(old, mixed);
  assert.deepEqual([now.skD, now.skPi, now.skPr], [key(4), key(5), key(6)]);
  assert.equal(now.initiator, old.initiator);
  assert.deepEqual([old.skD, old.skPi, old.skPr], [key(0), key(0), key(0)]);
});

test('PPK_IDENTITY: PPK_ID_FIXED and the name', () => {
  assert.deepEqual(ppkIdentityData(Buffer.from('office')), Uint8Array.from([2, ...Buffer.from('office')]));
});
