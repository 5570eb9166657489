import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatIpAddress } from '../../../core/base/address.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { formatProposal } from '../../../core/crypto/proposals.ts';
import { AddressPool } from '../../../core/gateway/address-pool.ts';
import { inFamiliesOf } from '../../../core/gateway/narrow.ts';
import { selectorOf } from '../../../core/ike/child-wishes.ts';
import { chooseEsp, chooseIke } from '../../../core/ike/choose.ts';
import { narrow } from '../../../core/ike/narrow.ts';
import { espProposals, ikeProposals } from '../../../core/ike/negotiate.ts';
import { notateSelector } from '../../../core/wire/ike/payloads/ts.ts';
import { address, prefix, proposals } from './network.ts';

describe('an address pool', () => {
  it('gives every usable address once, and no other', () => {
    const pool = new AddressPool(prefix('10.0.0.240/29'));
    const given = [...Array(8)].map(() => pool.take()).filter((taken) => taken !== undefined);
    const texts = given.map(formatIpAddress);
    assert.deepEqual(texts, ['10.0.0.242', '10.0.0.243', '10.0.0.244', '10.0.0.245', '10.0.0.246']);
  });

  it('gives a released address again, after the others', () => {
    const pool = new AddressPool(prefix('10.0.0.0/29'));
    const first = pool.take() ?? assert.fail('empty');
    pool.release(first);
    const next = [...Array(5)].map(() => formatIpAddress(pool.take() ?? assert.fail('empty')));
    assert.deepEqual(next, ['10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6', '10.0.0.2']);
    assert.equal(pool.take(), undefined);
  });

  it('starts at once in an IPv6 network, and is empty in one that is too small', () => {
    assert.equal(formatIpAddress(new AddressPool(prefix('fd00::/64')).take() ?? assert.fail()), 'fd00::2');
    for (const small of ['10.0.0.0/31', '10.0.0.0/32', 'fd00::/128']) {
      assert.equal(new AddressPool(prefix(small)).take(), undefined, small);
    }
  });
});

describe('narrowing', () => {
  const selectors = (...texts: string[]) => texts.map((text) => selectorOf(prefix(text)));
  const texts = (list: ReturnType<typeof narrow>) => list.map(notateSelector);

  it('keeps what both sides want', () => {
    const ours = selectors('10.1.0.0/16', '10.2.0.0/16', 'fd01::/48');
    assert.deepEqual(texts(narrow(ours, selectors('0.0.0.0/0'))), ['10.1.0.0/16', '10.2.0.0/16']);
    assert.deepEqual(texts(narrow(ours, selectors('10.2.3.0/24', 'fd01::7'))), [
      '10.2.3.0/24',
      'fd01::7/128',
    ]);
    assert.deepEqual(texts(narrow(ours, selectors('172.16.0.0/12'))), []);
    assert.deepEqual(texts(narrow(ours, [...selectors('10.1.0.0/16'), ...selectors('10.1.0.0/16')])), [
      '10.1.0.0/16',
    ]);
  });

  it('meets protocols and ports', () => {
    const tcp = {
      ...(selectors('0.0.0.0/0')[0] ?? assert.fail()),
      protocol: 6,
      startPort: 443,
      endPort: 443,
    };
    const udp = { ...tcp, protocol: 17 };
    const high = { ...tcp, startPort: 1024, endPort: 65_535 };
    assert.deepEqual(texts(narrow(selectors('10.1.0.0/16'), [tcp])), ['10.1.0.0/16[TCP/443]']);
    assert.deepEqual(narrow([tcp], [udp]), []);
    assert.deepEqual(narrow([tcp], [high]), []);
  });

  it('leaves out a family that the other side lacks', () => {
    assert.deepEqual(texts(inFamiliesOf(selectors('10.0.0.0/8', 'fd00::/8'), selectors('10.9.0.2'))), [
      '10.0.0.0/8',
    ]);
  });

  it('gives nothing that either side did not want', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const range = fc.tuple(octet, octet, fc.nat(9), fc.nat(9)).map(([a, b, p, q]) => ({
      protocol: 0,
      startPort: Math.min(p, q),
      endPort: Math.max(p, q),
      start: address(`10.0.0.${Math.min(a, b)}`),
      end: address(`10.0.0.${Math.max(a, b)}`),
    }));
    const has = (list: ReturnType<typeof narrow>, last: number, port: number) =>
      list.some(
        ({ start, end, startPort, endPort }) =>
          (start.octets[3] ?? 0) <= last &&
          last <= (end.octets[3] ?? 0) &&
          startPort <= port &&
          port <= endPort,
      );
    fc.assert(
      fc.property(
        fc.array(range, { maxLength: 4 }),
        fc.array(range, { maxLength: 4 }),
        octet,
        fc.nat(9),
        (a, b, last, port) => {
          assert.equal(has(narrow(a, b), last, port), has(a, last, port) && has(b, last, port));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the choice of algorithms', () => {
  const crypto = nodeCryptoProvider();
  const ike = (ours: string, ...theirs: string[]) => {
    const choice = chooseIke(crypto, proposals('ike', ours), ikeProposals(proposals('ike', ...theirs)));
    return choice && formatProposal(choice.answer.transforms);
  };
  const spi = Uint8Array.of(1, 2, 3, 4);
  const offered = (...texts: string[]) => espProposals(proposals('esp', ...texts), spi);

  it('prefers what the gateway prefers, in any proposal of the client', () => {
    const theirs = ['aes256gcm16-prfsha384-ecp256-x25519', 'aes256-sha256-ecp256'];
    assert.equal(ike('aes256gcm16-prfsha384-x25519-ecp256', ...theirs), 'aes256gcm16-prfsha384-x25519');
    assert.equal(ike('aes128-aes256-sha256-ecp256', ...theirs), 'aes256-sha256-ecp256');
    assert.equal(ike('aes256gcm16-prfsha384-modp2048', ...theirs), undefined);
  });

  it('answers with the number and the protocol of the client’s proposal', () => {
    const choice = chooseEsp(
      crypto,
      proposals('esp', 'aes128-sha256'),
      offered('aes256gcm16', 'aes128-sha256'),
    );
    assert.equal(choice?.answer.number, 2);
    assert.deepEqual(choice?.suite.spi, spi);
  });

  it('passes over transforms with attributes or types that it does not know, and demands no ESN', () => {
    const ours = proposals('esp', 'aes256gcm16');
    const [plain] = offered('aes256gcm16');
    assert.ok(plain !== undefined);
    const changed = (change: (type: number) => object) => [
      {
        ...plain,
        transforms: plain.transforms.map((transform) => ({ ...transform, ...change(transform.type) })),
      },
    ];
    assert.equal(
      chooseEsp(
        crypto,
        ours,
        changed((type) => (type === 1 ? { unknownAttribute: true } : {})),
      ),
      undefined,
    );
    assert.equal(
      chooseEsp(
        crypto,
        ours,
        changed((type) => (type === 5 ? { id: 1 } : {})),
      ),
      undefined,
    );
    const stranger = { ...plain, transforms: [...plain.transforms, { type: 99, id: 1 }] };
    assert.equal(chooseEsp(crypto, ours, [stranger]), undefined);
    assert.equal(chooseEsp(crypto, ours, [stranger, plain])?.suite.notation, 'aes256gcm16');
    const withGroups = { ...plain, transforms: [...plain.transforms, { type: 4, id: 19 }] };
    assert.equal(chooseEsp(crypto, ours, [withGroups])?.suite.notation, 'aes256gcm16');
  });

  it('takes an AEAD that is offered with integrity NONE, and not one with HMAC alone', () => {
    const [plain] = offered('aes256gcm16');
    assert.ok(plain !== undefined);
    const withIntegrity = (id: number) => [{ ...plain, transforms: [...plain.transforms, { type: 3, id }] }];
    const ours = proposals('esp', 'aes256gcm16');
    assert.equal(chooseEsp(crypto, ours, withIntegrity(0))?.suite.notation, 'aes256gcm16');
    assert.equal(chooseEsp(crypto, ours, withIntegrity(12)), undefined);
  });
});
