import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromHex, toHex } from '../../../core/base/octets.ts';
import type { KeyExchangeSecret } from '../../../core/crypto/interfaces.ts';
import { nodeKeyExchange } from '../../../core/crypto/node/key-exchanges.ts';

/** A secret whose private value is `scalar`. */
function secretOf(id: number, scalar: string): KeyExchangeSecret {
  const group = nodeKeyExchange(id);
  assert.ok(group);
  return group.generate({ octets: () => fromHex(scalar) });
}

interface Vector {
  readonly name: string;
  readonly id: number;
  readonly i: string;
  readonly r: string;
  readonly publicI?: string;
  readonly publicR?: string;
  readonly shared: string;
}

const vectors: readonly Vector[] = [
  {
    name: 'RFC 5903 section 8.1: 256-bit random ECP group',
    id: 19,
    i: 'C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433',
    r: 'C6EF9C5D78AE012A011164ACB397CE2088685D8F06BF9BE0B283AB46476BEE53',
    publicI:
      'DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180' +
      '5271A0461CDB8252D61F1C456FA3E59AB1F45B33ACCF5F58389E0577B8990BB3',
    publicR:
      'D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF63' +
      '56FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872AB',
    shared: 'D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE',
  },
  {
    name: 'RFC 5903 section 8.2: 384-bit random ECP group',
    id: 20,
    i: '099F3C7034D4A2C699884D73A375A67F7624EF7C6B3C0F160647B67414DCE655E35B538041E649EE3FAEF896783AB194',
    r: '41CB0779B4BDB85D47846725FBEC3C9430FAB46CC8DC5060855CC9BDA0AA2942E0308312916B8ED2960E4BD55A7448FC',
    publicI:
      '667842D7D180AC2CDE6F74F37551F55755C7645C20EF73E31634FE72B4C55EE6DE3AC808ACB4BDB4C88732AEE95F41AA' +
      '9482ED1FC0EEB9CAFC4984625CCFC23F65032149E0E144ADA024181535A0F38EEB9FCFF3C2C947DAE69B4C634573A81C',
    publicR:
      'E558DBEF53EECDE3D3FCCFC1AEA08A89A987475D12FD950D83CFA41732BC509D0D1AC43A0336DEF96FDA41D0774A3571' +
      'DCFBEC7AACF3196472169E838430367F66EEBE3C6E70C416DD5F0C68759DD1FFF83FA40142209DFF5EAAD96DB9E6386C',
    shared:
      '11187331C279962D93D604243FD592CB9D0A926F422E47187521287E7156C5C4D603135569B9E9D09CF5D4A270F59746',
  },
  {
    name: 'RFC 5903 section 8.3: 521-bit random ECP group',
    id: 21,
    i: '0037ADE9319A89F4DABDB3EF411AACCCA5123C61ACAB57B5393DCE47608172A095AA85A30FE1C2952C6771D937BA9777F5957B2639BAB072462F68C27A57382D4A52',
    r: '0145BA99A847AF43793FDD0E872E7CDFA16BE30FDC780F97BCCC3F078380201E9C677D600B343757A3BDBF2A3163E4C2F869CCA7458AA4A4EFFC311F5CB151685EB9',
    shared:
      '01144C7D79AE6956BC8EDB8E7C787C4521CB086FA64407F97894E5E6B2D79B04D1427E73CA4BAA240A34786859810C06B3C715A3A8CC3151F2BEE417996D19F3DDEA',
  },
  {
    name: 'RFC 7748 section 6.1: Curve25519',
    id: 31,
    i: '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
    r: '5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb',
    publicI: '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
    publicR: 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
    shared: '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
  },
];

for (const { name, id, i, r, publicI, publicR, shared } of vectors)
  test(name, () => {
    const [initiator, responder] = [secretOf(id, i), secretOf(id, r)];
    if (publicI !== undefined) assert.equal(toHex(initiator.publicValue), publicI.toLowerCase());
    if (publicR !== undefined) assert.equal(toHex(responder.publicValue), publicR.toLowerCase());
    for (const result of [initiator.agree(responder.publicValue), responder.agree(initiator.publicValue)]) {
      assert.ok(result.ok);
      assert.equal(toHex(result.value), shared.toLowerCase());
    }
  });

describe('RFC 7748 section 5.2', () => {
  for (const [scalar, u, result] of [
    [
      'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
      'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
      'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
    ],
    [
      '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
      'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
      '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
    ],
  ] as const)
    test(`scalar ${scalar.slice(0, 8)}`, () => {
      const agreed = secretOf(31, scalar).agree(fromHex(u));
      assert.ok(agreed.ok);
      assert.equal(toHex(agreed.value), result);
    });

  test('1,000 iterations', () => {
    let k = `09${'00'.repeat(31)}`;
    let u = k;
    for (let i = 0; i < 1000; i++) {
      const agreed = secretOf(31, k).agree(fromHex(u));
      assert.ok(agreed.ok);
      u = k;
      k = toHex(agreed.value);
      if (i === 0) assert.equal(k, '422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079');
    }
    assert.equal(k, '684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51');
  });
});
