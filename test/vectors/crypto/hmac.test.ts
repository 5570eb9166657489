import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { concat, fromHex, toHex } from '../../../core/base/octets.ts';
import { nodePrf } from '../../../core/crypto/node/hash.ts';
import { threePacketCiphers } from './three-packet-ciphers.ts';

const repeat = (octet: string, count: number) => fromHex(octet.repeat(count));

// RFC 4231, section 4: key, data, then HMAC with SHA-256, SHA-384 and SHA-512.
const rfc4231: readonly (readonly [string, Uint8Array, Uint8Array, string, string, string])[] = [
  [
    'RFC 4231 test case 1',
    repeat('0b', 20),
    Buffer.from('Hi There'),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    'afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6',
    '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
  ],
  [
    'RFC 4231 test case 2',
    Buffer.from('Jefe'),
    Buffer.from('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
    '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
  ],
  [
    'RFC 4231 test case 3',
    repeat('aa', 20),
    repeat('dd', 50),
    '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    '88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27',
    'fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb',
  ],
  [
    'RFC 4231 test case 6',
    repeat('aa', 131),
    Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First'),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    '4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952',
    '80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598',
  ],
];

// RFC 4868, section 2.7.2: with keys as long as the output; ESP and IKE keep the first half.
const rfc4868: readonly (readonly [string, number, number, Uint8Array, string])[] = [
  [
    'RFC 4868 AUTH256-1',
    12,
    5,
    repeat('0b', 32),
    '198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7',
  ],
  [
    'RFC 4868 AUTH384-1',
    13,
    6,
    repeat('0b', 48),
    'b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee9737a959796489bddbc4c5df61d5b3297b4fb68dab9f1b582c2',
  ],
  [
    'RFC 4868 AUTH512-1',
    14,
    7,
    repeat('0b', 64),
    '637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8ac2878ebd5803f6f0b61dbce5e251ff8789a4722c1be65aea45fd464e89f8f5b',
  ],
];

for (const [name, key, data, ...expected] of rfc4231)
  describe(name, () => {
    for (const [at, id] of [5, 6, 7].entries())
      test(`PRF ${id}, whole and in parts`, () => {
        const prf = nodePrf(id);
        assert.ok(prf);
        assert.equal(toHex(prf.compute(key, data)), expected[at]);
        assert.equal(toHex(prf.compute(key, data.subarray(0, 3), data.subarray(3))), expected[at]);
      });
  });

test('RFC 2202 test case 1 for HMAC-SHA1', () => {
  const mac = nodePrf(2)?.compute(repeat('0b', 20), Buffer.from('Hi There'));
  assert.equal(mac && toHex(mac), 'b617318655057264e28bc0b6fb378c8ef146be00');
});

for (const [name, integrityId, prfId, key, mac] of rfc4868)
  describe(name, () => {
    const data = Buffer.from('Hi There');
    test('as PRF', () => assert.equal(toHex(nodePrf(prfId)?.compute(key, data) ?? key), mac));

    for (const [implementation, packetCipher] of threePacketCiphers(12, 128, integrityId))
      test(`${implementation} keeps the first half as ICV`, () => {
        // The MAC covers associated data and IV: an IV of 16 octets that follows nothing, and no plaintext.
        const open = packetCipher.open({
          encryption: new Uint8Array(16),
          salt: new Uint8Array(0),
          integrity: key,
        });
        const iv = new Uint8Array(16);
        const whole = nodePrf(prfId)?.compute(key, concat(data, iv)) ?? key;
        assert.equal(toHex(open.seal(data, iv, new Uint8Array(0))), toHex(whole.subarray(0, key.length / 2)));
      });
  });
