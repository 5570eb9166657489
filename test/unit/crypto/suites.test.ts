import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  defaultEspProposals,
  defaultEspRekeyProposals,
  defaultIkeProposals,
} from '../../../core/crypto/default-proposals.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { formatProposal, type ProposalUse, parseProposal } from '../../../core/crypto/proposals.ts';

function parsed(text: string, use: ProposalUse) {
  const result = parseProposal(text, use);
  assert.ok(result.ok, result.ok ? '' : result.error.reason);
  return result.value;
}

describe('parseProposal', () => {
  test('reads the numbers of an AEAD proposal', () => {
    assert.deepEqual(parsed('aes256gcm16-prfsha384-ecp256', 'ike'), [
      { type: 1, id: 20, keyBits: 256 },
      { type: 2, id: 6 },
      { type: 4, id: 19 },
    ]);
  });

  test('takes the PRF of the integrity algorithm, as strongSwan does', () => {
    assert.deepEqual(parsed('aes128-sha512-modp2048', 'ike'), [
      { type: 1, id: 12, keyBits: 128 },
      { type: 2, id: 7 },
      { type: 3, id: 14 },
      { type: 4, id: 14 },
    ]);
  });

  test('an ESP proposal says that it has no extended sequence numbers', () => {
    assert.deepEqual(parsed('CHACHA20POLY1305-curve25519', 'esp'), [
      { type: 1, id: 28 },
      { type: 4, id: 31 },
      { type: 5, id: 0 },
    ]);
    assert.deepEqual(parsed('aes256gcm16-noesn', 'esp'), parsed('aes256gcm', 'esp'));
    assert.deepEqual(parsed('aes256gcm16-esn-noesn', 'esp').slice(1), [
      { type: 5, id: 1 },
      { type: 5, id: 0 },
    ]);
  });

  for (const [text, use, reason] of [
    ['', 'ike', /missing beside a hyphen/],
    ['aes256--sha256', 'ike', /missing beside a hyphen/],
    ['aes256gcm16-prfsha384', 'ike', /needs a key exchange/],
    ['aes256gcm16-prfsha384-none', 'ike', /cannot do without a key exchange/],
    ['aes256gcm16-ecp256', 'ike', /needs a PRF/],
    ['aes256gcm16-sha256-ecp256', 'ike', /write prfsha256/],
    ['aes256-modp2048', 'ike', /needs an integrity algorithm/],
    ['aes256gcm16-aes256-sha256-ecp256', 'ike', /need a proposal each/],
    ['sha256-modp2048', 'ike', /encryption algorithm .* is missing/],
    ['aes256-sha256-aes256-modp2048', 'ike', /named twice/],
    ['aes256-sha256-curve25519-x25519', 'ike', /named twice/],
    ['aes256-sha256-modp2048-noesn', 'ike', /belong to ESP/],
    ['aes256-sha256-modp2048-esn', 'ike', /belong to ESP/],
    ['3des-sha256-modp2048', 'ike', /3des: it is too weak/],
    ['aes256-sha1-modp2048', 'ike', /sha1: it is too weak/],
    ['aes256-sha256-modp1024', 'ike', /modp1024: it is too weak/],
    ['aes256gcm16-prfsha256', 'esp', /belongs to IKE/],
    ['rot13-sha256', 'esp', /rot13 is not an algorithm/],
    [`aes256${'-x'.repeat(70)}`, 'esp', /more than 64/],
  ] as const)
    test(`refuses ${JSON.stringify(text.slice(0, 40))} for ${use}`, () => {
      const result = parseProposal(text, use);
      assert.ok(!result.ok);
      assert.match(result.error.reason, reason);
    });
});

describe('formatProposal', () => {
  for (const [text, use] of [
    ['aes256gcm16-prfsha384-ecp256', 'ike'],
    ['aes256-sha256-modp2048', 'ike'],
    ['aes256-sha256-prfsha512-modp2048', 'ike'],
    ['aes256-aes128-sha384-sha256-x25519-ecp521', 'ike'],
    ['aes256gcm16-chacha20poly1305-ecp256-none', 'esp'],
    ['aes192-sha512', 'esp'],
  ] as const)
    test(`${text} comes back as it was`, () => assert.equal(formatProposal(parsed(text, use)), text));

  test('names what Godwit does not know by its numbers', () => {
    const chosen = [
      { type: 1, id: 99, keyBits: 7 },
      { type: 3, id: 2 },
      { type: 2, id: 2 },
      { type: 4, id: 2 },
      { type: 9, id: 1 },
    ];
    assert.equal(formatProposal(chosen), 'encr-99-7-integ-2-prfsha1-ke-2');
  });
});

describe('the default proposals', () => {
  test('ECP-256 comes first, and SHA-1 and small groups never', () => {
    for (const proposal of defaultIkeProposals) {
      assert.deepEqual(
        proposal.find(({ type }) => type === 4),
        { type: 4, id: 19 },
      );
      assert.ok(!proposal.some(({ type, id }) => type === 2 && id === 2));
      assert.ok(!proposal.some(({ type, id }) => type === 4 && id < 14));
    }
  });

  test('the provider can do everything that they offer', () => {
    const provider = nodeCryptoProvider();
    for (const proposal of [...defaultIkeProposals, ...defaultEspProposals, ...defaultEspRekeyProposals]) {
      const of = (wanted: number) => proposal.filter(({ type }) => type === wanted);
      const integrity = of(3).length > 0 ? of(3) : [{ type: 3, id: 0 }];
      for (const cipher of of(1))
        for (const { id } of integrity) assert.ok(provider.packetCipher(cipher.id, cipher.keyBits ?? 0, id));
      for (const { id } of of(2)) assert.ok(provider.prf(id));
      for (const { id } of of(4)) assert.ok(id === 0 || provider.keyExchange(id), `group ${id}`);
    }
  });

  test('IKE_AUTH offers no key exchange; a rekey offers one and NONE', () => {
    assert.ok(defaultEspProposals.every((proposal) => proposal.every(({ type }) => type !== 4)));
    for (const proposal of defaultEspRekeyProposals) {
      const groups = proposal.filter(({ type }) => type === 4).map(({ id }) => id);
      assert.deepEqual([groups[0], groups.at(-1)], [19, 0]);
    }
  });
});
