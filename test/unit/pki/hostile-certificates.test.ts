import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { concat } from '../../../core/base/octets.ts';
import type { Signatures } from '../../../core/crypto/interfaces.ts';
import { nodeHash } from '../../../core/crypto/node/hash.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { nodeSignatures } from '../../../core/crypto/node/signatures.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import { parseCertificate } from '../../../core/pki/certificate.ts';
import { certReqHashes } from '../../../core/pki/certificate-request.ts';
import { formatIdentity, parseIdentity } from '../../../core/pki/identity.ts';
import { parsePemCertificates } from '../../../core/pki/pem.ts';
import { judgeServerCertificate } from '../../../core/pki/server-certificate.ts';
import { readCertificates, readTrust } from '../../../core/pki/trust.ts';
import { caExtensions, certificateMaker, keys } from './certificate-maker.ts';

const maker = certificateMaker();
after(() => maker.clean());
const root = maker.make({ subject: '/CN=Root' });
const good = maker.make({
  subject: '/CN=a.example',
  by: root,
  extensions: ['subjectAltName=DNS:a.example', 'extendedKeyUsage=serverAuth'],
});

function refusesToRead(der: Uint8Array, reason: RegExp): void {
  const parsed = parseCertificate(der);
  assert.ok(!parsed.ok);
  assert.match(parsed.error, reason);
}

/** One more layer of the constructed tag around `inner`. */
function wrap(tag: number, inner: Uint8Array): Uint8Array {
  const { length } = inner;
  return concat(Uint8Array.of(tag, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff), inner);
}

describe('hostile certificates', () => {
  test('a megabyte is refused unread', () => {
    refusesToRead(new Uint8Array(1_000_000).fill(0x30), /1000000 octets, more than 16384/);
  });

  test('10,000 alternative names are refused', () => {
    const names = Array.from({ length: 300 }, (_, i) => `DNS:${i}`).join();
    const many = maker.make({ subject: '/CN=x', by: root, extensions: [`subjectAltName=${names}`] });
    refusesToRead(many.der, /extension 2.5.29.17 is malformed/);
    const names10k = Array.from({ length: 10_000 }, (_, i) => `DNS:${i}`).join();
    const huge = maker.make({ subject: '/CN=x', by: root, extensions: [`subjectAltName=${names10k}`] });
    refusesToRead(huge.der, /octets, more than 16384/);
  });

  test('deep nesting and a flood of values are refused', () => {
    let deep: Uint8Array = Uint8Array.of(5, 0);
    for (let i = 1; i <= 3000; i++) {
      deep = wrap(0x30, deep);
      if (i === limits.asn1Depth + 1 || i === 3000) refusesToRead(deep, /nested too deeply/);
    }
    const flood = new Uint8Array(12_000);
    for (let i = 0; i < flood.length; i += 2) flood[i] = 5;
    refusesToRead(wrap(0x30, flood), /not valid ASN.1/);
  });

  test('an extension that comes twice, and too many extensions, are refused', () => {
    const extensions = ['1.2.3.4=DER:0500', '1.2.3.5=DER:0500'];
    const { der } = maker.make({ subject: '/CN=x', by: root, extensions });
    const second = Buffer.from(der).indexOf(Buffer.from('2a0305', 'hex'));
    der[second + 2] = 4;
    refusesToRead(der, /extension 1.2.3.4 twice/);
    const many = Array.from({ length: 70 }, (_, i) => `1.2.3.${i}=DER:0500`);
    const crowd = maker.make({ subject: '/CN=x', by: root, extensions: many });
    refusesToRead(crowd.der, /7\d extensions/);
  });

  test('two different signature algorithms in one certificate are refused', () => {
    const der = good.der.slice();
    const sha256 = Buffer.from('2a8648ce3d040302', 'hex');
    der[Buffer.from(der).lastIndexOf(sha256) + sha256.length - 1] = 3;
    refusesToRead(der, /two different signature algorithms/);
  });

  test('every cut and many changes of a real certificate are read or refused, never thrown', () => {
    for (let length = 0; length < good.der.length; length++)
      assert.equal(parseCertificate(good.der.subarray(0, length)).ok, false);
    assert.equal(parseCertificate(concat(good.der, Uint8Array.of(0))).ok, false);
    const random = seededRandom(1);
    for (let run = 0; run < 3000; run++) {
      const [a = 0, b = 0, value = 0] = random.octets(3);
      const der = good.der.slice();
      der[((a << 8) | b) % der.length] = value;
      const verdict = judgeServerCertificate(
        { chain: [der], trust: readTrust([root.der]), expected: identityOf('a.example'), at: Date.now() },
        nodeCryptoProvider(),
      );
      if (verdict.ok) assert.deepEqual(der, good.der);
    }
  });

  test('an RSA key with an exponent that makes each check slow is refused', () => {
    const slow = maker.make({
      subject: '/CN=Slow',
      key: [...keys.rsa, '-pkeyopt', 'rsa_keygen_pubexp:36893488147419103233'],
    });
    const verdict = parseCertificate(slow.der);
    assert.ok(!verdict.ok);
    assert.match(verdict.error, /public exponent that no sound key has/);
  });

  test('dates far away are dates, and a month of 13 is none', () => {
    const far = maker.make({ subject: '/CN=Far', days: 365 * 60 });
    const parsed = parseCertificate(far.der);
    assert.ok(parsed.ok);
    assert.ok(parsed.value.notAfter > Date.UTC(2050, 0, 1), 'GeneralizedTime');
    const [, at] =
      /17 0d ((?:3. ){12})5a/.exec(Buffer.from(good.der).toString('hex').replace(/../g, '$& ')) ?? [];
    assert.ok(at !== undefined);
    const der = good.der.slice();
    const month = Buffer.from(good.der).indexOf(Buffer.from(at.replaceAll(' ', ''), 'hex')) + 2;
    der[month] = 0x31;
    der[month + 1] = 0x33;
    assert.deepEqual(parseCertificate(der), { ok: false, error: 'its dates are wrong' });
  });

  test('a crowd of CAs with one name costs a bounded number of signature checks', () => {
    const crowd = Array.from({ length: 3 }, () =>
      maker.make({ subject: '/CN=Crowd', extensions: caExtensions }),
    );
    let checks = 0;
    const counting: Signatures = {
      kindOf: nodeSignatures.kindOf,
      verify: () => {
        checks++;
        return true;
      },
    };
    const leaf = maker.make({ subject: '/CN=a.example', by: crowd[0] ?? root, extensions: [] });
    // Each is issued by its own name, so every CA may be above every other.
    const chain = [leaf, ...crowd].map(({ der }) => der);
    for (let i = 0; i < 6; i++) {
      const der = (crowd[i % 3] ?? root).der.slice();
      der[der.length - 1] = i;
      chain.push(der);
    }
    const verdict = judgeServerCertificate(
      { chain, trust: readTrust([root.der]), expected: identityOf('a.example'), at: Date.now() + 3_600_000 },
      { ...nodeCryptoProvider(), signatures: counting },
    );
    assert.ok(!verdict.ok);
    assert.ok(checks > 0 && checks <= limits.chainSignatures, `${checks} checks`);
  });
});

function identityOf(text: string) {
  const parsed = parseIdentity(text);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error.reason);
  return parsed.value;
}

describe('PEM', () => {
  test('a bundle with text around it gives its certificates in order', () => {
    const bundle = parsePemCertificates(`# roots\r\n${root.pem.replaceAll('\n', '\r\n')}\nmore\n${good.pem}`);
    assert.ok(bundle.ok);
    assert.deepEqual(bundle.value, [root.der, good.der]);
  });

  for (const [what, text, reason] of [
    ['nothing', 'hello', /no certificate/],
    ['a key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', /no certificate/],
    ['a cut file', root.pem.slice(0, 200), /certificate 1 has no end line/],
    [
      'a second certificate that is broken',
      root.pem + good.pem.replace('MII', 'MI!'),
      /certificate 2 is not valid/,
    ],
    ['base64 of something else', root.pem.replace(/MII[^-]+/, 'AAAA\n'), /certificate 1 can't be read/],
    ['a huge one', root.pem.replace(/MII[^-]+/, 'A'.repeat(60_000)), /certificate 1 is too long/],
  ] as const)
    test(`${what} is refused with the reason`, () => {
      const bundle = parsePemCertificates(text);
      assert.ok(!bundle.ok);
      assert.match(bundle.error.reason, reason);
    });
});

test('CERTREQ carries the SHA-1 of each key once', () => {
  const parsed = parseCertificate(root.der);
  assert.ok(parsed.ok);
  const again = maker.make({ subject: '/CN=Root again', keyOf: root });
  const keys = readCertificates([root.der, Uint8Array.of(1), again.der, good.der]).map(({ spki }) => spki);
  const hashes = certReqHashes(keys, nodeHash);
  assert.equal(hashes.length, 40);
  assert.deepEqual(hashes.subarray(0, 20), nodeHash('sha1', parsed.value.spki));
});

describe('identities', () => {
  for (const [text, type, shown] of [
    ['vpn.example.com', 2, 'vpn.example.com'],
    ['vpn.example.com.', 2, 'vpn.example.com'],
    ['alice', 2, 'alice'],
    ['192.0.2.1', 1, '192.0.2.1'],
    ['2001:db8::0:1', 5, '2001:db8::1'],
    ['alice@example.com', 3, 'alice@example.com'],
    ['@192.0.2.1', 2, '192.0.2.1'],
    ['@#0a1B', 11, '@#0a1b'],
    ['@#616263', 11, 'abc'],
    ['CORP\\alice', 11, 'CORP\\alice'],
    ['C=CH, O=Example\\, Inc., CN=é', 9, 'C=CH, O=Example\\, Inc., CN=é'],
    ['/DC=com/DC=example/E=a@b.c', 9, 'DC=com, DC=example, E=a@b.c'],
    [`O=${'x'.repeat(150)}`, 9, `O=${'x'.repeat(150)}`],
  ] as const)
    test(`${text.slice(0, 40)} is of type ${type}`, () => {
      const identity = identityOf(text);
      assert.equal(identity.type, type);
      assert.equal(formatIdentity(identity), shown);
    });

  for (const [text, reason] of [
    ['', /missing/],
    ['@#abc', /in pairs/],
    ['CN=', /not a type=value pair/],
    ['CN=a, b', /b is not a type=value pair/],
    ['FOO=a', /foo is not a part of a name/],
    ['vpn.bücher.example', /xn--/],
    ['x'.repeat(2000), /longer than/],
  ] as const)
    test(`${JSON.stringify(text.slice(0, 20))} is refused`, () => {
      const parsed = parseIdentity(text);
      assert.ok(!parsed.ok);
      assert.match(parsed.error.reason, reason);
    });

  test('a distinguished name is encoded as openssl encodes it', () => {
    const parsed = parseCertificate(maker.make({ subject: '/C=CH/ST=Bern/O=A B/DC=x/CN=a.b' }).der);
    assert.ok(parsed.ok);
    const own = identityOf('C=CH, ST=Bern, O=A B, DC=x, CN=a.b');
    assert.equal(formatIdentity(own), parsed.value.subjectText);
  });

  test('what a gateway sends is safe to print', () => {
    const shown = [
      { type: 2, data: Buffer.from('a\u001b[31m\n\u202eb') },
      { type: 9, data: Buffer.from('zz') },
      { type: 1, data: Uint8Array.of(1, 2, 3) },
      { type: 200, data: Uint8Array.of(0) },
      { type: 11, data: new Uint8Array(60_000) },
    ].map(formatIdentity);
    for (const text of shown) {
      assert.match(text, /^[\x20-\x7e]+$/);
      assert.ok(text.length < 2200);
    }
    assert.equal(shown[0], 'a\\u{1b}[31m\\u{a}\\u{202e}b');
  });
});
