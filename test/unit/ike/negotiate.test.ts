import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  defaultEspProposals,
  defaultEspRekeyProposals,
  defaultIkeProposals,
} from '../../../core/crypto/default-proposals.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import {
  chosenEspSuite,
  chosenIkeSuite,
  espProposals,
  ikeProposals,
  offeredGroups,
} from '../../../core/ike/negotiate.ts';
import type { Proposal, Transform } from '../../../core/wire/ike/payload.ts';

const crypto = nodeCryptoProvider();
const spi = Uint8Array.of(1, 2, 3, 4);

function firstOfEach({ transforms }: Pick<Proposal, 'transforms'>): Transform[] {
  return [1, 2, 3, 4, 5].flatMap((type) => transforms.find((transform) => transform.type === type) ?? []);
}

function answer(proposal: Proposal) {
  return { kind: 'SA', proposals: [proposal] } as const;
}

test('every proposal of ours that comes back with one transform of each type is taken, and named', () => {
  const offered = ikeProposals(defaultIkeProposals);
  const names = offered.map((proposal) => {
    const suite = chosenIkeSuite(crypto, offered, answer({ ...proposal, transforms: firstOfEach(proposal) }));
    assert.ok(suite.ok);
    return suite.value.notation;
  });
  assert.deepEqual(names, ['aes256gcm16-prfsha384-ecp256', 'aes256-sha256-ecp256']);
});

test('every single algorithm that we offer can be used when it is chosen', () => {
  const offered = ikeProposals(defaultIkeProposals);
  for (const proposal of offered) {
    for (const wanted of proposal.transforms) {
      const others = firstOfEach(proposal).filter(({ type }) => type !== wanted.type);
      const suite = chosenIkeSuite(crypto, offered, answer({ ...proposal, transforms: [...others, wanted] }));
      assert.ok(suite.ok, JSON.stringify(wanted));
    }
  }
});

test('the ESP proposals of IKE_AUTH have no key exchange and say "no ESN"', () => {
  for (const { transforms } of espProposals(defaultEspRekeyProposals, spi)) {
    assert.equal(
      transforms.some(({ type }) => type === 4),
      false,
    );
    assert.deepEqual(
      transforms.filter(({ type }) => type === 5),
      [{ type: 5, id: 0 }],
    );
  }
});

test('ESP: the choice carries the SPI of the responder', () => {
  const offered = espProposals(defaultEspProposals, spi);
  const [proposal] = offered;
  assert.ok(proposal !== undefined);
  const theirs = { ...proposal, spi: Uint8Array.of(9, 9, 9, 9), transforms: firstOfEach(proposal) };
  const suite = chosenEspSuite(crypto, offered, answer(theirs));
  assert.ok(suite.ok);
  assert.deepEqual(suite.value.spi, theirs.spi);
  assert.equal(suite.value.cipher.name, 'aes256gcm16');
});

const spoil: Record<string, (proposal: Proposal) => readonly Proposal[]> = {
  'no proposal': () => [],
  'two proposals': (proposal) => [proposal, proposal],
  'an unknown number': (proposal) => [{ ...proposal, number: 9 }],
  "another proposal's number": (proposal) => [{ ...proposal, number: 2 }],
  'another protocol': (proposal) => [{ ...proposal, protocol: 2 }],
  'an SPI of 8 octets': (proposal) => [{ ...proposal, spi: new Uint8Array(8) }],
  'no SPI': (proposal) => [{ ...proposal, spi: new Uint8Array(0) }],
  'ESN, which was not offered': (proposal) => [
    {
      ...proposal,
      transforms: proposal.transforms.map((own) => (own.type === 5 ? { type: 5, id: 1 } : own)),
    },
  ],
  'an attribute that nobody knows': (proposal) => [
    { ...proposal, transforms: proposal.transforms.map((own) => ({ ...own, unknownAttribute: true })) },
  ],
  'the same transform twice': (proposal) => [
    { ...proposal, transforms: [...proposal.transforms, ...proposal.transforms] },
  ],
  'no transforms': (proposal) => [{ ...proposal, transforms: [] }],
};

for (const [name, change] of Object.entries(spoil)) {
  test(`a choice with ${name} is refused`, () => {
    const offered = espProposals(defaultEspProposals, spi);
    const [proposal] = offered;
    assert.ok(proposal !== undefined);
    const proposals = change({ ...proposal, transforms: firstOfEach(proposal) });
    const suite = chosenEspSuite(crypto, offered, { kind: 'SA', proposals });
    assert.equal(suite.ok ? 'taken' : suite.error.code, 'peer.unacceptable-choice');
  });
}

test('groups are offered once each, the preferred one first', () => {
  assert.deepEqual(offeredGroups(defaultIkeProposals), [19, 20, 31, 14, 15, 16, 21]);
});
