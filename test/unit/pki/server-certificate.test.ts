import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { explain, type Failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { nodeSignatures } from '../../../core/crypto/node/signatures.ts';
import { parseCertificate } from '../../../core/pki/certificate.ts';
import { type IkeIdentity, parseIdentity } from '../../../core/pki/identity.ts';
import {
  judgeServerCertificate,
  type ServerCertificateQuestion,
} from '../../../core/pki/server-certificate.ts';
import { readTrust } from '../../../core/pki/trust.ts';
import {
  caExtensions,
  certificateMaker,
  keyIds,
  keys,
  type Made,
  noKeyIds,
  type Wish,
} from './certificate-maker.ts';

const maker = certificateMaker();
after(() => maker.clean());

const day = 86_400_000;
// An hour later than the certificates are made, since their dates have whole seconds.
const now = Date.now() + 3_600_000;
const name = 'vpn.example.com';
const san = `subjectAltName=DNS:${name}`;
const server = 'extendedKeyUsage=serverAuth';
const root = maker.make({ subject: '/C=CH/O=Example/CN=Root', days: 3650 });
const good = leaf();

function leaf(wish: Partial<Wish> = {}): Made {
  return maker.make({ subject: `/CN=${name}`, by: root, extensions: [san, server, ...keyIds], ...wish });
}

function ca(subject: string, by: Made, extensions: readonly string[] = caExtensions): Made {
  return maker.make({ subject, by, extensions: [...extensions, ...keyIds], days: 3650 });
}

function identity(text: string): IkeIdentity {
  const parsed = parseIdentity(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

type Options = Partial<Omit<ServerCertificateQuestion, 'chain' | 'expected'>>;

function judge(
  chain: readonly Made[],
  expected = name,
  anchors: readonly Made[] = [root],
  options: Options = {},
) {
  const ders = (made: readonly Made[]) => made.map(({ der }) => der);
  const question = {
    chain: ders(chain),
    trust: readTrust(ders(anchors)),
    expected: identity(expected),
    at: now,
    ...options,
  };
  return judgeServerCertificate(question, nodeCryptoProvider());
}

function accepts(...question: Parameters<typeof judge>): void {
  const verdict = judge(...question);
  assert.ok(verdict.ok, verdict.ok ? '' : `${verdict.error.code}: ${explain(verdict.error).what}`);
}

function refuses(code: Failure['code'], says: RegExp, ...question: Parameters<typeof judge>): void {
  const verdict = judge(...question);
  assert.ok(!verdict.ok, 'it must be refused');
  assert.equal(verdict.error.code, code, explain(verdict.error).what);
  const { what } = explain(verdict.error);
  assert.match(what, says);
  assert.doesNotMatch(what, /unknown\./, 'every place in the sentence is filled');
}

describe('a good certificate', () => {
  for (const [kind, key] of Object.entries(keys).filter(([kind]) => kind !== 'rsa1024'))
    test(`with ${kind} keys all the way up`, () => {
      const top = maker.make({ subject: '/CN=Top', key });
      accepts([leaf({ by: top, key })], name, [top]);
    });

  test('signed with RSA-PSS', () => {
    const top = maker.make({ subject: '/CN=Top', key: keys.rsa });
    const sign = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest'];
    accepts([leaf({ by: top, key: keys.rsa, sign })], name, [top]);
  });

  test('yields its key, its names, and the way to the anchor', () => {
    const middle = ca('/C=CH/CN=Middle', root);
    const verdict = judge([
      leaf({ by: middle, extensions: [`${san},IP:192.0.2.1,email:a@example.com`, server] }),
      middle,
    ]);
    assert.ok(verdict.ok);
    assert.equal(nodeSignatures.kindOf(verdict.value.spki), 'ec-p256');
    assert.equal(verdict.value.subject, `CN=${name}`);
    assert.deepEqual(verdict.value.names, [name, '192.0.2.1', 'a@example.com', `CN=${name}`]);
    const subjects = verdict.value.path.map(({ subjectText }) => subjectText);
    assert.deepEqual(subjects, [`CN=${name}`, 'C=CH, CN=Middle', 'C=CH, O=Example, CN=Root']);
  });

  test('may itself be the anchor', () => {
    const own = maker.make({ subject: `/CN=${name}`, extensions: [san, server] });
    accepts([own], name, [own]);
    accepts([good], name, [good]);
  });
});

describe('the chain', () => {
  const one = ca('/CN=One', root);
  const two = ca('/CN=Two', one);
  const below = leaf({ by: two });

  test('is found in any order, with certificates that have nothing to do with it between', () => {
    accepts([below, two, one]);
    accepts([below, one, two]);
    accepts([below, root, good, one, two, two]);
  });

  test('may start at an anchor in the middle', () => accepts([below, two], name, [one]));

  test('is not found without an intermediate', () =>
    refuses('certificate.unknown-ca', /issued by CN=Two/, [below, one]));

  test('from another CA is refused, also when that CA has the same name', () => {
    const twin = maker.make({ subject: '/C=CH/O=Example/CN=Root' });
    const bare = maker.make({
      subject: '/C=CH/O=Example/CN=Root',
      extensions: [...caExtensions, ...noKeyIds],
    });
    refuses('certificate.unknown-ca', /issued by C=CH, O=Example, CN=Root/, [leaf({ by: twin })]);
    refuses(
      'certificate.unknown-ca',
      /Root/,
      [leaf({ by: bare, extensions: [san, server, ...noKeyIds] })],
      name,
      [root],
    );
    refuses('certificate.unknown-ca', /Root/, [good, twin], name, [twin]);
    refuses('certificate.unknown-ca', /Root/, [good], name, []);
  });

  test('with two CAs of one name takes the one that signed, with and without key identifiers', () => {
    for (const ids of [keyIds, noKeyIds]) {
      const extensions = [...caExtensions, ...ids];
      const twin = maker.make({ subject: '/C=CH/O=Example/CN=Root', extensions });
      accepts([leaf({ by: twin, extensions: [san, server, ...ids] })], name, [root, twin]);
    }
  });

  test('does not go through a CA of another name that has the same key', () => {
    const alias = maker.make({ subject: '/CN=Alias', keyOf: root });
    refuses('certificate.unknown-ca', /issued by C=CH, O=Example, CN=Root/, [good], name, [alias]);
  });

  test('with a changed octet is refused', () => {
    for (const at of [40, 200, good.der.length - 3]) {
      const der = good.der.slice();
      der[at] = (der[at] ?? 0) ^ 1;
      assert.equal(judge([{ ...good, der }]).ok, false);
    }
    const der = good.der.slice();
    der[der.length - 3] = (der[der.length - 3] ?? 0) ^ 1;
    refuses('certificate.chain', /signature of C=CH, O=Example, CN=Root .* is wrong/, [{ ...good, der }]);
  });

  test('through a certificate that is not a CA is refused', () => {
    refuses('certificate.chain', /CN=vpn.example.com is not a CA/, [
      leaf({ by: good, subject: '/CN=x' }),
      good,
    ]);
    const never = ca('/CN=Never', root, ['basicConstraints=critical,CA:FALSE']);
    refuses('certificate.chain', /CN=Never is not a CA/, [leaf({ by: never }), never]);
  });

  test('through a CA that may not sign is refused', () => {
    const mute = ca('/CN=Mute', root, ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,cRLSign']);
    refuses('certificate.chain', /CN=Mute may not sign certificates/, [leaf({ by: mute }), mute]);
  });

  test('longer than a CA allows is refused', () => {
    const last = ca('/CN=Last', root, [
      'basicConstraints=critical,CA:TRUE,pathlen:0',
      'keyUsage=keyCertSign',
    ]);
    const extra = ca('/CN=Extra', last);
    accepts([leaf({ by: last }), last]);
    refuses('certificate.chain', /CN=Last allows 0 CAs below it, and there are 1/, [
      leaf({ by: extra }),
      extra,
      last,
    ]);
  });

  test('through a CA for other purposes is refused', () => {
    const mail = ca('/CN=Mail', root, [...caExtensions, 'extendedKeyUsage=emailProtection']);
    refuses('certificate.chain', /CN=Mail may not issue certificates for servers/, [
      leaf({ by: mail }),
      mail,
    ]);
  });

  test('longer than the bound, or in a loop, ends', () => {
    const chain: Made[] = [root];
    const most = limits.chainLength;
    for (let i = 1; i <= most; i++) chain.unshift(ca(`/CN=Level ${i}`, chain[0] ?? root));
    const bottom = leaf({ by: chain[0] ?? root });
    refuses('certificate.chain', new RegExp(`longer than ${most}`), [bottom, ...chain.slice(0, most)]);
    // Its own certificate and the root count too.
    accepts([leaf({ by: chain[2] ?? root }), ...chain.slice(2, most)]);
    refuses('certificate.chain', /longer than/, [leaf({ by: chain[1] ?? root }), ...chain.slice(1, most)]);
    const a = maker.make({ subject: '/CN=A', extensions: caExtensions });
    const b = maker.make({ subject: '/CN=B', extensions: caExtensions });
    const aByB = maker.make({ subject: '/CN=A', by: b, keyOf: a, extensions: caExtensions });
    const bByA = maker.make({ subject: '/CN=B', by: a, keyOf: b, extensions: caExtensions });
    refuses('certificate.unknown-ca', /CN=/, [leaf({ by: a, extensions: [san, server] }), aByB, bByA, a, b]);
  });

  test('of more certificates than a message may have is refused', () =>
    refuses('certificate.chain', /11 certificates/, new Array(11).fill(good)));

  test('without a certificate says so', () => refuses('auth.no-certificate', /no certificate/, []));
});

describe('dates', () => {
  test('an expired certificate', () =>
    refuses('certificate.expired', /vpn.example.com expired on \d{4}-\d\d-\d\d/, [good], name, [root], {
      at: now + 31 * day,
    }));
  test('one that is not valid yet', () =>
    refuses('certificate.not-yet-valid', /vpn.example.com is valid only from/, [good], name, [good], {
      at: now - 2 * day,
    }));
  test('the first and the last moment count', () => {
    const own = parseCertificate(good.der);
    assert.ok(own.ok);
    const { notBefore, notAfter } = own.value;
    for (const at of [notBefore, notAfter]) accepts([good], name, [good], { at });
    refuses('certificate.not-yet-valid', /vpn/, [good], name, [good], { at: notBefore - 1 });
    refuses('certificate.expired', /vpn/, [good], name, [good], { at: notAfter + 1 });
  });
  test('an expired intermediate and an expired root', () => {
    const short = maker.make({ subject: '/CN=Short', by: root, extensions: caExtensions, days: 5 });
    const at = now + 6 * day;
    refuses('certificate.expired', /CN=Short expired/, [leaf({ by: short }), short], name, [root], { at });
    refuses('certificate.expired', /CN=Short expired/, [leaf({ by: short })], name, [short], { at });
  });
  test('an expired twin does not spoil a good one', () => {
    const key = maker.make({ subject: '/CN=Twin', by: root, extensions: caExtensions, days: 5 });
    const renewed = maker.make({
      subject: '/CN=Twin',
      by: root,
      keyOf: key,
      extensions: caExtensions,
      days: 500,
    });
    accepts([leaf({ by: key }), key, renewed], name, [root], { at: now + 6 * day });
  });
});

describe('usage', () => {
  const with_ = (...extensions: string[]) => [leaf({ extensions: [san, ...extensions] })];
  test('serverAuth and anyExtendedKeyUsage are taken', () => {
    accepts(with_('extendedKeyUsage=clientAuth,serverAuth'));
    accepts(with_('extendedKeyUsage=anyExtendedKeyUsage'));
  });
  for (const usage of ['clientAuth', '1.3.6.1.5.5.7.3.17', '1.3.6.1.5.5.8.2.2'])
    test(`${usage} alone is refused`, () =>
      refuses(
        'certificate.usage',
        /lacks the extended key usage serverAuth/,
        with_(`extendedKeyUsage=${usage}`),
        name,
        [root],
        { requireServerUsage: usage !== 'clientAuth' },
      ));
  test('ipsecIKE alone is for the profile to decide, of a CA too', () => {
    accepts(with_('extendedKeyUsage=1.3.6.1.5.5.7.3.17'));
    const by = ca('/CN=IKE', root, [...caExtensions, 'extendedKeyUsage=1.3.6.1.5.5.7.3.17']);
    const chain = [leaf({ by }), by];
    accepts(chain);
    refuses('certificate.chain', /for servers/, chain, name, [root], { requireServerUsage: true });
  });
  test('no extended key usage at all is for the profile to decide', () => {
    accepts(with_());
    refuses('certificate.usage', /serverAuth/, with_(), name, [root], { requireServerUsage: true });
  });
  test('a key that may not make signatures is refused', () => {
    refuses(
      'certificate.usage',
      /lacks the key usage digitalSignature/,
      with_(server, 'keyUsage=keyEncipherment'),
    );
    accepts(with_(server, 'keyUsage=digitalSignature,keyEncipherment'));
    accepts(with_(server, 'keyUsage=nonRepudiation'));
  });
  test('an unknown critical extension is refused, one that is not critical is not', () => {
    refuses('certificate.chain', /critical extension 1.2.3.4/, with_(server, '1.2.3.4=critical,DER:0500'));
    accepts(with_(server, '1.2.3.4=DER:0500', 'certificatePolicies=critical,1.2.3'));
    const odd = ca('/CN=Odd', root, [...caExtensions, '1.2.3.4=critical,DER:0500']);
    refuses('certificate.chain', /CN=Odd has the critical extension/, [leaf({ by: odd }), odd]);
  });
});

describe('strength', () => {
  test('RSA below 2048 bits is refused anywhere in the chain', () => {
    const says = /an RSA key of 1024 bits/;
    refuses('certificate.weak', says, [leaf({ key: keys.rsa1024 })]);
    const small = maker.make({ subject: '/CN=Small', key: keys.rsa1024 });
    refuses('certificate.weak', says, [leaf({ by: small })], name, [small]);
  });
  test('SHA-1 signatures are refused, but for the self-signature of an anchor', () => {
    refuses('certificate.weak', /vpn.example.com .* signed with SHA-1/, [leaf({ digest: 'sha1' })]);
    const old = maker.make({ subject: '/CN=Old', digest: 'sha1' });
    accepts([leaf({ by: old })], name, [old]);
  });
  test('so are they inside RSA-PSS, and two different hashes in it are not understood', () => {
    const top = maker.make({ subject: '/CN=Top', key: keys.rsa });
    const pss = ['-sigopt', 'rsa_padding_mode:pss'];
    refuses('certificate.weak', /SHA-1/, [leaf({ by: top, digest: 'sha1', sign: pss })], name, [top]);
    const mixed = leaf({ by: top, sign: [...pss, '-sigopt', 'rsa_mgf1_md:sha512'] });
    refuses('certificate.chain', /unknown algorithm 1.2.840.113549.1.1.10/, [mixed], name, [top]);
  });
  test('keys that IKE has no signatures for are refused', () =>
    refuses('certificate.malformed', /public key is of a kind/, [
      leaf({ key: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:secp256k1'] }),
    ]));
});

describe('names', () => {
  const many = leaf({
    subject: '/C=CH/O=Exämple, Inc./CN=cn.example.com',
    extensions: [
      `subjectAltName=DNS:VPN.Example.com,DNS:*.wild.example.com,DNS:*.top,DNS:a*.example.com,DNS:b.*.example.com,IP:192.0.2.1,IP:2001:db8::1,email:Gate@Example.com,dirName:d`,
      server,
    ],
  });
  for (const expected of [
    'vpn.example.com',
    'vpn.EXAMPLE.com.',
    '192.0.2.1',
    '2001:db8:0::1',
    'Gate@example.COM',
    'C=ch, O=exämple\\,  inc., CN=CN.example.com',
    'CN=Elsewhere',
    'a.wild.example.com',
    'A.Wild.Example.com.',
  ])
    test(`${expected} is confirmed`, () => accepts([many], expected));
  for (const expected of [
    'other.example.com',
    'example.com',
    'cn.example.com',
    'a.b.wild.example.com',
    'wild.example.com',
    '.wild.example.com',
    'a.top',
    'axpart.example.com',
    '*.wild.example.com',
    '192.0.2.2',
    '::1',
    'gate@example.com',
    'CN=cn.example.com',
    '@192.0.2.1',
    '@#c0000201',
  ])
    test(`${expected} is not`, () => refuses('certificate.name', /says VPN.Example.com, /, [many], expected));

  test('the sentence lists the names that there are, and no more than fit', () => {
    const list = Array.from({ length: 30 }, (_, i) => `DNS:n${i}.example.com`).join();
    refuses(
      'certificate.name',
      /expected to be vpn.example.com, but its certificate says n0.example.com, .*n9.example.com, and 21 more/,
      [leaf({ extensions: [`subjectAltName=${list}`, server] })],
    );
    refuses('certificate.name', /certificate says nothing/, [
      leaf({ subject: '/', extensions: ['subjectAltName=critical,URI:http://a', server] }),
    ]);
  });

  test('without a subjectAltName the common name does not count', () =>
    refuses('certificate.name', /says CN=vpn.example.com/, [leaf({ extensions: [server] })]));

  test('a claimed identity must be the expected one, and be confirmed', () => {
    const claims = (text: string, more: Options = {}): Parameters<typeof judge> => [
      [many],
      name,
      [root],
      { claimed: identity(text), ...more },
    ];
    accepts(...claims('VPN.example.com'));
    refuses(
      'certificate.identity',
      /expected to be vpn.example.com, but calls itself 192.0.2.1/,
      ...claims('192.0.2.1'),
    );
    accepts(...claims('192.0.2.1', { claimMustMatch: false }));
    accepts(...claims('C=CH, O=Exämple\\, Inc., CN=cn.example.com', { claimMustMatch: false }));
    refuses(
      'certificate.name',
      /expected to be evil.example/,
      ...claims('evil.example', { claimMustMatch: false }),
    );
  });
});

test('failures name the server that was asked about', () => {
  const verdict = judge([good], 'other.example.com', [root], { holder: 'login server' });
  assert.ok(!verdict.ok);
  assert.match(explain(verdict.error).what, /^The login server was expected to be other.example.com/);
});

describe('name constraints', () => {
  const bound = (constraint: string) =>
    ca('/CN=Bound', root, [...caExtensions, `nameConstraints=critical,${constraint}`]);
  for (const [constraint, names, fine] of [
    ['permitted;DNS:example.com', 'DNS:vpn.example.com', true],
    ['permitted;DNS:.example.com', 'DNS:vpn.example.com', true],
    ['permitted;DNS:other.com', 'DNS:vpn.example.com', false],
    ['permitted;DNS:ample.com', 'DNS:vpn.example.com', false],
    ['excluded;DNS:example.com', 'DNS:vpn.example.com', false],
    ['permitted;IP:192.0.2.0/255.255.255.0', 'DNS:vpn.example.com,IP:192.0.2.9', true],
    ['permitted;IP:192.0.2.0/255.255.255.0', 'DNS:vpn.example.com,IP:192.0.3.9', false],
    ['excluded;IP:192.0.2.0/255.255.255.0', 'DNS:vpn.example.com,IP:2001:db8::1', true],
    ['permitted;email:example.com', 'DNS:vpn.example.com,email:a@example.com', true],
    ['permitted;email:example.com', 'DNS:vpn.example.com,email:a@sub.example.com', false],
    ['permitted;dirName:d', 'DNS:vpn.example.com', false],
    ['permitted;URI:example.com', 'DNS:vpn.example.com,URI:http://u@example.com:80/a', true],
    ['permitted;URI:example.com', 'DNS:vpn.example.com,URI:http://sub.example.com', false],
    ['permitted;URI:.example.com', 'DNS:vpn.example.com,URI:http://sub.example.com', true],
    ['excluded;URI:.example.com', 'DNS:vpn.example.com,URI:http://192.0.2.1/', false],
    ['permitted;otherName:1.2.3.4;UTF8:a', 'DNS:vpn.example.com,otherName:1.2.3.4;UTF8:a', false],
    ['permitted;RID:1.2.3.4', 'DNS:vpn.example.com', true],
  ] as const)
    test(`${constraint} ${fine ? 'allows' : 'forbids'} ${names}`, () => {
      const by = bound(constraint);
      const chain = [leaf({ by, extensions: [`subjectAltName=${names}`, server] }), by];
      if (fine) accepts(chain);
      else refuses('certificate.chain', /CN=Bound may not issue for the name/, chain);
    });
});
