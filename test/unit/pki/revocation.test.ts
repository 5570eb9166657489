import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { explain, type Failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { concat, equal } from '../../../core/base/octets.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import type { RevocationTerms } from '../../../core/pki/check-revocation.ts';
import { findInCrl, parseCrl } from '../../../core/pki/crl.ts';
import type { FetchAnswer, FetchRequest } from '../../../core/pki/fetch-request.ts';
import { parseIdentity } from '../../../core/pki/identity.ts';
import { fetchFor, judgeServer, type ServerQuestion } from '../../../core/pki/judge-server.ts';
import { encodeOcspRequest } from '../../../core/pki/ocsp-request.ts';
import { parseOcspResponse } from '../../../core/pki/ocsp-response.ts';
import { RevocationCache } from '../../../core/pki/revocation-cache.ts';
import { readTrust } from '../../../core/pki/trust.ts';
import { authority, type Entry, read } from './authority.ts';
import { caExtensions, certificateMaker, keyIds, type Made, type Wish } from './certificate-maker.ts';

const maker = certificateMaker();
const folders: { clean(): void }[] = [maker];
after(() => {
  for (const folder of folders) folder.clean();
});

const crypto = nodeCryptoProvider();
const name = 'vpn.example.com';
const day = 86_400_000;
/** Evidence is made at the present moment, and has whole seconds. */
const now = Date.now() + 60_000;
const ocspUrl = 'http://ocsp.example.com/a';
const crlUrl = 'http://crl.example.com/a.crl';
const root = maker.make({ subject: '/CN=Root', days: 3650 });
const other = maker.make({ subject: '/CN=Other', days: 3650 });
const withOcsp = leaf([`authorityInfoAccess=OCSP;URI:${ocspUrl}`]);
const withCrl = leaf([`crlDistributionPoints=URI:${crlUrl}`]);
const withNothing = leaf([]);
const signer = maker.make({
  subject: '/CN=Responder',
  by: root,
  extensions: ['extendedKeyUsage=OCSPSigning', 'noCheck=ignored'],
});

function leaf(extensions: readonly string[], wish: Partial<Wish> = {}): Made {
  const own = [`subjectAltName=DNS:${name}`, 'extendedKeyUsage=serverAuth', ...keyIds];
  return maker.make({ subject: `/CN=${name}`, by: root, extensions: [...own, ...extensions], ...wish });
}

function ca(entries: readonly Entry[], issuer = root) {
  const made = authority(issuer, entries);
  folders.push(made);
  return made;
}

const strict: RevocationTerms = {
  mode: 'strict',
  fetch: true,
  ocspUrl: undefined,
  crls: [],
  ocspSigners: [],
};
const soft: RevocationTerms = { ...strict, mode: 'soft' };

type Web = (request: FetchRequest) => FetchAnswer;
const nowhere: Web = () => ({ ok: false, error: 'nobody answers' });

interface Asked {
  readonly verdict: Awaited<ReturnType<typeof ask>>['verdict'];
  readonly urls: readonly string[];
}

async function ask(
  chain: readonly Made[],
  revocation: RevocationTerms,
  web: Web = nowhere,
  more: Partial<ServerQuestion> & { readonly cache?: RevocationCache } = {},
) {
  const expected = parseIdentity(name);
  assert.ok(expected.ok);
  const { cache = new RevocationCache(), ...rest } = more;
  const question: ServerQuestion = {
    chain: chain.map(({ der }) => der),
    trust: readTrust([root.der]),
    expected: expected.value,
    at: now,
    fetchCertificates: false,
    revocation,
    ...rest,
  };
  const requests: FetchRequest[] = [];
  const verdict = await fetchFor(
    judgeServer(question, { crypto, random: seededRandom(1), cache }),
    async (request) => {
      requests.push(request);
      return web(request);
    },
  );
  return { verdict, requests, urls: requests.map(({ url }) => url) };
}

function isGood({ verdict }: Pick<Asked, 'verdict'>): void {
  assert.ok(verdict.ok, verdict.ok ? '' : explain(verdict.error).what);
  assert.deepEqual(verdict.value.unchecked, []);
}

function isTakenUnchecked({ verdict }: Pick<Asked, 'verdict'>, reason: RegExp): void {
  assert.ok(verdict.ok, verdict.ok ? '' : explain(verdict.error).what);
  assert.match(verdict.value.unchecked[0]?.reason ?? '', reason);
}

function isRefused({ verdict }: Pick<Asked, 'verdict'>, code: Failure['code'], says: RegExp): void {
  assert.ok(!verdict.ok, 'it must be refused');
  assert.equal(verdict.error.code, code, explain(verdict.error).what);
  assert.match(explain(verdict.error).what, says);
  assert.doesNotMatch(explain(verdict.error).what, /unknown\b.*unknown\b/);
}

const answerWith =
  (made: ReturnType<typeof ca>, options?: Parameters<ReturnType<typeof ca>['ocsp']>[1]): Web =>
  ({ post }) => ({ ok: true, value: made.ocsp(post?.body ?? new Uint8Array(), options) });

describe('OCSP', () => {
  const knows = ca([{ of: withOcsp }]);
  const revokes = ca([{ of: withOcsp, revoked: { reason: 'keyCompromise' } }]);

  test('good, signed by the CA', async () => {
    const asked = await ask([withOcsp], strict, answerWith(knows));
    isGood(asked);
    assert.deepEqual(asked.urls, [ocspUrl]);
    assert.equal(asked.requests[0]?.trusted, false);
    assert.equal(asked.requests[0]?.post?.type, 'application/ocsp-request');
  });
  test('good, signed by one whom the CA has named', async () =>
    isGood(await ask([withOcsp], strict, answerWith(knows, { signer, minutes: 60 }))));
  for (const mode of [strict, soft])
    test(`revoked, ${mode.mode}`, async () =>
      isRefused(
        await ask([withOcsp], mode, answerWith(revokes)),
        'certificate.revoked',
        /CN=vpn.example.com was revoked on 2026-01-02 03:04 UTC: its key was stolen/,
      ));
  test('a responder that does not know it', async () => {
    const empty = answerWith(ca([]));
    isRefused(
      await ask([withOcsp], strict, empty),
      'certificate.revocation-unknown',
      /the OCSP responder does not know it/,
    );
    isTakenUnchecked(await ask([withOcsp], soft, empty), /does not know it/);
  });
  test('nobody answers', async () => {
    isRefused(
      await ask([withOcsp], strict),
      'certificate.revocation-unknown',
      /ocsp.example.com\/a: nobody answers/,
    );
    isTakenUnchecked(await ask([withOcsp], soft), /nobody answers/);
  });
  test('two dead addresses before a good one', async () => {
    const urls = ['http://one.example.com', 'http://two.example.com', ocspUrl];
    const many = leaf([`authorityInfoAccess=${urls.map((url) => `OCSP;URI:${url}`).join()}`]);
    const knowsMany = answerWith(ca([{ of: many }]));
    const asked = await ask([many], strict, (request) =>
      request.url === ocspUrl ? knowsMany(request) : nowhere(request),
    );
    isGood(asked);
    assert.deepEqual(asked.urls, urls);
  });
  test('the address of the profile comes first, without leave to ask others too', async () => {
    const own = { ...strict, fetch: false, ocspUrl: 'http://127.0.0.1/own' };
    const asked = await ask([withOcsp], own, answerWith(knows));
    isGood(asked);
    assert.deepEqual(asked.urls, ['http://127.0.0.1/own']);
    assert.equal(asked.requests[0]?.trusted, true);
    assert.deepEqual((await ask([withOcsp], { ...strict, fetch: false })).urls, []);
  });

  describe('does not take a response', () => {
    const refuses = (what: string, says: RegExp, web: () => Web) =>
      test(what, async () =>
        isRefused(await ask([withOcsp], strict, web()), 'certificate.revocation-unknown', says),
      );
    refuses('of another CA', /neither|not the CA, nor|about other certificates/, () =>
      answerWith(ca([{ of: withOcsp }], other)),
    );
    refuses('signed by a certificate without OCSPSigning', /may not sign OCSP responses/, () => {
      const plain = maker.make({ subject: '/CN=Plain', by: root, extensions: [] });
      return answerWith(knows, { signer: plain });
    });
    refuses('signed by a responder of another CA', /not the CA, nor was it named by the CA/, () => {
      const foreign = maker.make({
        subject: '/CN=Foreign',
        by: other,
        extensions: ['extendedKeyUsage=OCSPSigning'],
      });
      return answerWith(knows, { signer: foreign });
    });
    refuses('signed by an expired responder', /responder is not valid/, () => {
      const late = maker.make({
        subject: '/CN=Late',
        by: root,
        extensions: ['extendedKeyUsage=OCSPSigning'],
        days: -1,
      });
      return answerWith(knows, { signer: late });
    });
    refuses('about another certificate', /about other certificates/, () => () => ({
      ok: true,
      value: ca([{ of: withCrl }]).ocsp(
        encodeOcspRequest(read(withCrl), read(root), new Uint8Array(32), crypto.hash),
      ),
    }));
    refuses('to another question', /answers another question/, () => () => ({
      ok: true,
      value: knows.ocsp(encodeOcspRequest(read(withOcsp), read(root), new Uint8Array(32), crypto.hash)),
    }));
    refuses('with a changed octet', /signature|of no use|other certificates/, () => (request) => {
      const answer = answerWith(knows)(request);
      assert.ok(answer.ok);
      const octets = answer.value.slice();
      octets[60] = (octets[60] ?? 0) ^ 1;
      return { ok: true, value: octets };
    });
    refuses('that says that it will not', /the responder says: unauthorized/, () => () => ({
      ok: true,
      value: Uint8Array.of(0x30, 3, 0x0a, 1, 6),
    }));
    refuses('that is none', /not an OCSP response/, () => () => ({
      ok: true,
      value: Uint8Array.of(1, 2, 3),
    }));
  });

  test('a response is good up to its next update, and from the future it is none', async () => {
    const web = answerWith(knows, { minutes: 60 });
    isRefused(
      await ask([withOcsp], strict, web, { at: now + 2 * 3_600_000 }),
      'certificate.revocation-unknown',
      /out of date/,
    );
    isRefused(
      await ask([withOcsp], strict, web, { at: now - 3_600_000 }),
      // The certificates themselves are made just now.
      'certificate.not-yet-valid',
      /valid only from/,
    );
  });
  test('without a next update it is good for an hour', async () =>
    isRefused(
      await ask([withOcsp], strict, answerWith(knows), { at: now + limits.ocspAgeMs + 60_000 }),
      'certificate.revocation-unknown',
      /out of date/,
    ));
  test('one without a nonce is taken', async () =>
    isGood(await ask([withOcsp], strict, answerWith(knows, { more: ['-no_nonce'] }))));
  test('a signer that the profile names is taken, whoever made it', async () => {
    const local = maker.make({ subject: '/CN=Local responder' });
    const web = answerWith(knows, { signer: local, more: ['-resp_no_certs'] });
    isGood(await ask([withOcsp], { ...strict, ocspSigners: [read(local)] }, web));
    isRefused(await ask([withOcsp], strict, web), 'certificate.revocation-unknown', /signature.* is wrong/);
  });
  test('what came along with the certificates is not asked for again', async () => {
    const request = encodeOcspRequest(read(withOcsp), read(root), new Uint8Array(32), crypto.hash);
    const response = (made: ReturnType<typeof ca>) => ({ ocspResponses: [made.ocsp(request, { signer })] });
    const asked = await ask([withOcsp], strict, nowhere, response(knows));
    isGood(asked);
    assert.deepEqual(asked.urls, []);
    isRefused(await ask([withOcsp], soft, nowhere, response(revokes)), 'certificate.revoked', /stolen/);
  });
  test('ocspResponses: of those that come along so many are looked at', async () => {
    const request = encodeOcspRequest(read(withOcsp), read(root), new Uint8Array(32), crypto.hash);
    const good = knows.ocsp(request, { signer });
    const along = (others: number) => ({
      ocspResponses: [...new Array<Uint8Array>(others).fill(Uint8Array.of(1)), good],
    });
    isGood(await ask([withOcsp], strict, nowhere, along(limits.ocspResponses - 1)));
    const over = await ask([withOcsp], strict, nowhere, along(limits.ocspResponses));
    isRefused(over, 'certificate.revocation-unknown', /nobody answers/);
  });
  test('ocspSigners: of the certificates in a response so many are tried as its signer', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'godwit-signers-')), 'others.pem');
    folders.push({ clean: () => rmSync(dirname(file), { recursive: true, force: true }) });
    const certificatesIn = (others: number) => {
      writeFileSync(file, other.pem.repeat(others));
      const request = encodeOcspRequest(read(withOcsp), read(root), new Uint8Array(32), crypto.hash);
      const parsed = parseOcspResponse(knows.ocsp(request, { signer, more: ['-rother', file] }));
      assert.ok(parsed.ok);
      return parsed.value.certificates.length;
    };
    assert.equal(certificatesIn(limits.ocspSigners - 1), limits.ocspSigners);
    assert.equal(certificatesIn(limits.ocspSigners + 2), limits.ocspSigners);
  });
  test('ocspNonceOctets: a question has a nonce of that length, as RFC 9654 wants it', async () => {
    const { requests } = await ask([withOcsp], strict);
    const body = requests[0]?.post?.body ?? new Uint8Array(0);
    // id-pkix-ocsp-nonce, then OCTET STRING { OCTET STRING }
    const oid = Buffer.from('06092b0601050507300102', 'hex');
    const at = Buffer.from(body).indexOf(oid) + oid.length;
    assert.deepEqual(
      [...body.subarray(at, at + 4)],
      [4, limits.ocspNonceOctets + 2, 4, limits.ocspNonceOctets],
    );
    assert.equal(requests[0]?.most, limits.ocspOctets);
  });
  test('a good answer is kept until its next update, and an answer without one is not', async () => {
    const cache = new RevocationCache();
    isGood(await ask([withOcsp], strict, answerWith(knows), { cache }));
    assert.equal(
      (await ask([withOcsp], strict, answerWith(knows, { minutes: 60 }), { cache })).urls.length,
      1,
    );
    const again = await ask([withOcsp], strict, nowhere, { cache });
    isGood(again);
    assert.deepEqual(again.urls, []);
    isRefused(
      await ask([withOcsp], strict, nowhere, { cache, at: now + 2 * 3_600_000 }),
      'certificate.revocation-unknown',
      /nobody answers/,
    );
  });
});

describe('CRLs', () => {
  const crlFrom =
    (made: ReturnType<typeof ca>, options?: Parameters<ReturnType<typeof ca>['crl']>[0]): Web =>
    () => ({ ok: true, value: made.crl(options) });
  const clean = ca([{ of: other, revoked: {} }]);
  const revokes = ca([
    { of: other, revoked: {} },
    { of: withCrl, revoked: { reason: 'superseded' } },
  ]);

  test('not listed', async () => {
    const asked = await ask([withCrl], strict, crlFrom(clean));
    isGood(asked);
    assert.deepEqual(asked.urls, [crlUrl]);
  });
  test('an empty list', async () => isGood(await ask([withCrl], strict, crlFrom(ca([])))));
  for (const mode of [strict, soft])
    test(`listed, ${mode.mode}`, async () =>
      isRefused(
        await ask([withCrl], mode, crlFrom(revokes)),
        'certificate.revoked',
        /on 2026-01-02 03:04 UTC: it was replaced by another one/,
      ));
  test('listed without a reason', async () =>
    isRefused(
      await ask([withCrl], soft, crlFrom(ca([{ of: withCrl, revoked: {} }]))),
      'certificate.revoked',
      /the CA gives no reason/,
    ));
  test('out of date', async () => {
    const late = { at: now + 8 * day };
    isRefused(
      await ask([withCrl], strict, crlFrom(clean), late),
      'certificate.revocation-unknown',
      /the CRL is out of date/,
    );
    isTakenUnchecked(await ask([withCrl], soft, crlFrom(clean), late), /out of date/);
  });
  test('no list to be had', async () => {
    isRefused(await ask([withCrl], strict), 'certificate.revocation-unknown', /nobody answers/);
    isTakenUnchecked(await ask([withCrl], soft), /nobody answers/);
    isRefused(
      await ask([withNothing], strict),
      'certificate.revocation-unknown',
      /nothing that could be asked/,
    );
  });
  test('of another CA, or signed by one', async () => {
    isRefused(
      await ask([withCrl], strict, crlFrom(ca([], other))),
      'certificate.revocation-unknown',
      /from another CA/,
    );
    const impostor = maker.make({ subject: '/CN=Root', days: 3650 });
    isRefused(
      await ask([withCrl], strict, crlFrom(ca([], impostor))),
      'certificate.revocation-unknown',
      /not signed by the CA/,
    );
  });
  test('for other certificates', async () => {
    const scope = (value: string) =>
      crlFrom(clean, { extensions: ['issuingDistributionPoint=critical,@i', '[i]', value] });
    for (const [value, says] of [
      ['onlyCA=TRUE', /other kinds of certificates/],
      ['onlyAA=TRUE', /certificates of other issuers/],
      ['indirectCRL=TRUE', /certificates of other issuers/],
      ['fullname=URI:http://elsewhere.example.com/', /other certificates of the CA/],
      ['onlysomereasons=keyCompromise', /some reasons only/],
    ] as const)
      isRefused(await ask([withCrl], strict, scope(value)), 'certificate.revocation-unknown', says);
    isGood(await ask([withCrl], strict, scope('onlyuser=TRUE')));
    isGood(await ask([withCrl], strict, scope(`fullname=URI:${crlUrl}`)));
  });
  test('with changes only, and with an unknown critical extension', async () => {
    const extended = (line: string) => crlFrom(clean, { extensions: [line] });
    isRefused(
      await ask([withCrl], strict, extended('2.5.29.27=critical,DER:020101')),
      'certificate.revocation-unknown',
      /only changes/,
    );
    isRefused(
      await ask([withCrl], strict, extended('1.2.3.4=critical,DER:0500')),
      'certificate.revocation-unknown',
      /critical extension 1.2.3.4/,
    );
  });
  test('that is already here serves without the network', async () => {
    const here = (made: ReturnType<typeof ca>) => {
      const crl = parseCrl(made.crl());
      assert.ok(crl.ok);
      return { fetch: false, crls: [crl.value] };
    };
    isGood(await ask([withNothing], { ...strict, ...here(clean) }));
    isRefused(await ask([withCrl], { ...soft, ...here(revokes) }), 'certificate.revoked', /replaced/);
  });
  test('is kept until its next update', async () => {
    const cache = new RevocationCache();
    isGood(await ask([withCrl], strict, crlFrom(clean), { cache }));
    const sibling = leaf([`crlDistributionPoints=URI:${crlUrl}`]);
    const asked = await ask([sibling], strict, nowhere, { cache });
    isGood(asked);
    assert.deepEqual(asked.urls, []);
  });
  test('is the way when OCSP has none', async () => {
    const both = leaf([`authorityInfoAccess=OCSP;URI:${ocspUrl}`, `crlDistributionPoints=URI:${crlUrl}`]);
    const web = crlFrom(ca([{ of: both, revoked: {} }]));
    const asked = await ask([both], soft, (request) => (request.post ? nowhere(request) : web(request)));
    isRefused(asked, 'certificate.revoked', /no reason/);
    assert.deepEqual(asked.urls, [ocspUrl, crlUrl]);
  });
  test('of the CA above tells that an intermediate CA is revoked', async () => {
    const middle = maker.make({
      subject: '/CN=Middle',
      by: root,
      extensions: [...caExtensions, ...keyIds, `crlDistributionPoints=URI:${crlUrl}`],
    });
    const below = leaf([], { by: middle });
    const web = crlFrom(ca([{ of: middle, revoked: { reason: 'CACompromise' } }]));
    isRefused(await ask([below, middle], soft, web), 'certificate.revoked', /CN=Middle was revoked/);
  });
  test('100,000 entries and hostile ones are walked in bounded time', () => {
    const der = clean.crl();
    assert.ok(parseCrl(der).ok);
    for (let length = 0; length < der.length; length++)
      assert.equal(parseCrl(der.subarray(0, length)).ok, false);
    assert.equal(parseCrl(new Uint8Array(limits.crlOctets + 1)).ok, false);
    // The one entry of the list a hundred thousand times, with other lengths around it.
    const crl = parseCrl(der);
    assert.ok(crl.ok);
    const { entries, tbs, signature } = crl.value;
    const wrap = (content: Uint8Array) => {
      const { length } = content;
      return concat(Uint8Array.of(0x30, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff), content);
    };
    const many = wrap(concat(...Array.from({ length: 100_000 }, () => entries)));
    const at = tbs.findIndex((_, i) => equal(tbs.subarray(i, i + entries.length), entries));
    const head = tbs.subarray(tbs[1] === 0x81 ? 3 : 2, at - 2);
    const algorithm = der.subarray(der.length - signature.length - 3 - 12);
    const long = parseCrl(
      wrap(concat(wrap(concat(head, many, tbs.subarray(at + entries.length))), algorithm)),
    );
    assert.ok(long.ok, long.ok ? '' : long.error);
    assert.deepEqual(findInCrl(long.value, read(withCrl).serial), { ok: true, value: undefined });
    const found = findInCrl(long.value, read(other).serial);
    assert.ok(found.ok && found.value !== undefined);
  });
});

test('revocation is not looked at when it is off, nor for a certificate that is itself the anchor', async () => {
  isGood(await ask([withOcsp], { ...strict, mode: 'off' }));
  isGood(await ask([withOcsp], strict, nowhere, { trust: readTrust([withOcsp.der]) }));
});

describe('certificates that are fetched', () => {
  const issuerUrl = 'http://ca.example.com/middle.cer';
  const middle = maker.make({ subject: '/CN=Middle', by: root, extensions: [...caExtensions, ...keyIds] });
  const below = leaf([`authorityInfoAccess=caIssuers;URI:${issuerUrl}`], { by: middle });
  const off: RevocationTerms = { ...strict, mode: 'off' };
  const serve: Web = () => ({ ok: true, value: middle.der });

  test('an issuer that is missing, where the profile allows it', async () => {
    isRefused(await ask([below], off, serve), 'certificate.unknown-ca', /CN=Middle/);
    const asked = await ask([below], off, serve, { fetchCertificates: true });
    isGood(asked);
    assert.deepEqual(asked.urls, [issuerUrl]);
    isRefused(
      await ask([below], off, nowhere, { fetchCertificates: true }),
      'certificate.unknown-ca',
      /CN=Middle/,
    );
  });
  test('one that leads nowhere is asked for once', async () => {
    const web: Web = () => ({ ok: true, value: below.der });
    const asked = await ask([below], off, web, { fetchCertificates: true });
    assert.equal(asked.urls.length, 1);
  });
  test('issuersFetched: after so many addresses the search is given up', async () => {
    const urls = (count: number) =>
      Array.from({ length: count }, (_, at) => `caIssuers;URI:http://ca${at}.example.com/`);
    const lost = leaf([`authorityInfoAccess=${urls(limits.issuersFetched).join()}`], { by: middle });
    const second = maker.make({
      subject: '/CN=Aside',
      by: root,
      extensions: [`authorityInfoAccess=caIssuers;URI:http://one-more.example.com/`],
    });
    const asked = await ask([lost, second], off, nowhere, { fetchCertificates: true });
    assert.equal(asked.urls.length, limits.issuersFetched);
    const less = leaf([`authorityInfoAccess=${urls(limits.issuersFetched - 1).join()}`], { by: middle });
    const last = await ask([less, second], off, nowhere, { fetchCertificates: true });
    assert.equal(last.urls.at(-1), 'http://one-more.example.com/');
    const lookups = Array.from({ length: limits.issuersFetched + 1 }, (_, position) => ({
      position,
      sha1: crypto.hash('sha1', middle.der),
      url: `http://${position}.example.com/`,
    }));
    const served = await ask([below], off, serve, { lookups, fetchCertificates: true });
    assert.equal(served.urls.length, limits.issuersFetched);
  });
  test('one that the gateway names by hash and address', async () => {
    const url = 'http://ca.example.com/leaf.der';
    const lookups = [{ position: 0, sha1: crypto.hash('sha1', below.der), url }];
    const web: Web = (request) => ({ ok: true, value: request.url === url ? below.der : middle.der });
    isGood(await ask([middle], off, web, { lookups, fetchCertificates: true }));
    isRefused(
      await ask([middle], off, serve, { lookups, fetchCertificates: true }),
      'certificate.not-fetched',
      /not the certificate that the gateway has/,
    );
    isRefused(
      await ask([middle], off, nowhere, { lookups, fetchCertificates: true }),
      'certificate.not-fetched',
      /leaf.der, from which it can't be fetched: nobody answers/,
    );
  });
});
