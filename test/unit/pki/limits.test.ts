import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { concat } from '../../../core/base/octets.ts';
import { parseCertificate } from '../../../core/pki/certificate.ts';
import type { Crl } from '../../../core/pki/crl.ts';
import { decodeDer } from '../../../core/pki/der.ts';
import { parseOcspResponse } from '../../../core/pki/ocsp-response.ts';
import { parsePemCertificates, parsePemCrls, parsePemPublicKeys } from '../../../core/pki/pem.ts';
import { RevocationCache } from '../../../core/pki/revocation-cache.ts';
import { readTrust } from '../../../core/pki/trust.ts';
import { authority, read } from './authority.ts';
import { certificateMaker, type Made } from './certificate-maker.ts';

const maker = certificateMaker();
const root = maker.make({ subject: '/CN=Root' });
const ca = authority(root, []);
after(() => {
  maker.clean();
  ca.clean();
});

/** A certificate with these extensions. */
const leaf = (...extensions: readonly string[]): Made =>
  maker.make({ subject: '/CN=x', by: root, extensions });
const list = (count: number, item: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => item(index)).join();

function isRefused(der: Uint8Array, reason: RegExp): void {
  const parsed = parseCertificate(der);
  assert.match(parsed.ok ? 'it was read' : parsed.error, reason);
}

function isRead(der: Uint8Array) {
  const parsed = parseCertificate(der);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  return parsed.value;
}

/** SEQUENCE of these. */
function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  const inside = concat(...parts);
  const { length } = inside;
  return concat(Uint8Array.of(0x30, 0x82, length >> 8, length & 0xff), inside);
}

describe('a certificate keeps within its bounds', () => {
  it('subjectAltNames: so many names, and not one more', () => {
    const names = (count: number) => leaf(`subjectAltName=${list(count, (at) => `DNS:${at}`)}`).der;
    assert.equal(
      isRead(names(limits.subjectAltNames)).extensions.subjectAltNames.length,
      limits.subjectAltNames,
    );
    isRefused(names(limits.subjectAltNames + 1), /extension 2.5.29.17 is malformed/);
  });

  it('certificatePolicies: so many policies, and not one more', () => {
    const policies = (count: number) => leaf(`certificatePolicies=${list(count, (at) => `1.2.3.${at}`)}`).der;
    isRead(policies(limits.certificatePolicies));
    isRefused(policies(limits.certificatePolicies + 1), /extension 2.5.29.32 is malformed/);
  });

  it('crlPoints: further addresses of CRLs and of responders are not looked at', () => {
    const { extensions } = isRead(
      leaf(
        `crlDistributionPoints=${list(limits.crlPoints + 1, (at) => `URI:http://crl${at}.example/`)}`,
        `authorityInfoAccess=${list(limits.crlPoints + 1, (at) => `OCSP;URI:http://ocsp${at}.example/`)}`,
      ).der,
    );
    assert.equal(extensions.crlPoints.length, limits.crlPoints);
    assert.equal(extensions.ocspUrls.length, limits.crlPoints);
  });

  it('asn1Values: a flood of values is not decoded', () => {
    const nulls = (count: number) =>
      sequence(new Uint8Array(2 * count).map((_, at) => (at % 2 === 0 ? 5 : 0)));
    // The sequence itself is one.
    assert.ok(decodeDer(nulls(limits.asn1Values - 1)) !== undefined);
    assert.equal(decodeDer(nulls(limits.asn1Values)), undefined);
  });

  it('rsaBits and rsaExponentBits: a key that makes each check slow', () => {
    const rsa = (bits: number, exponent: Uint8Array) => withRsaKey(bits, exponent);
    const usual = Uint8Array.of(1, 0, 1);
    isRead(rsa(limits.rsaBits, usual));
    isRefused(rsa(limits.rsaBits + 8, usual), /RSA key has 16392 bits, more than 16384/);
    const long = (bits: number) => {
      const octets = new Uint8Array(Math.ceil(bits / 8) + 1);
      octets[octets.length - 1] = 1;
      octets[octets.length - 1 - Math.floor((bits - 1) / 8)] ||= 1 << ((bits - 1) % 8);
      return octets;
    };
    isRead(rsa(2048, long(limits.rsaExponentBits)));
    isRefused(rsa(2048, long(limits.rsaExponentBits + 1)), /exponent/);
  });
});

/** A certificate that says it has this RSA key; its signature is not looked at here. */
function withRsaKey(bits: number, exponent: Uint8Array): Uint8Array {
  const spki = rsaSpki(bits, exponent);
  const parsed = decodeDer(leaf('basicConstraints=CA:FALSE').der);
  const [tbs, ...rest] = parsed?.parts ?? [];
  assert.ok(tbs !== undefined);
  const own = tbs.parts.map(({ octets }, at) => (at === 6 ? spki : octets));
  return sequence(sequence(...own), ...rest.map(({ octets }) => octets));
}

function rsaSpki(bits: number, exponent: Uint8Array): Uint8Array {
  const integer = (octets: Uint8Array) =>
    concat(Uint8Array.of(2, 0x82, octets.length >> 8, octets.length & 0xff), octets);
  const modulus = new Uint8Array(bits / 8 + 1).fill(0xff, 1);
  const key = sequence(integer(modulus), integer(exponent));
  const inBits = concat(Uint8Array.of(3, 0x82, (key.length + 1) >> 8, (key.length + 1) & 0xff, 0), key);
  // rsaEncryption, NULL
  const algorithm = Uint8Array.from(Buffer.from('300d06092a864886f70d0101010500', 'hex'));
  return sequence(algorithm, inBits);
}

describe('what vouches for certificates keeps within its bounds', () => {
  it('trustAnchors: a bundle of so many, and not one more', () => {
    const bundle = (count: number) => parsePemCertificates(root.pem.repeat(count));
    assert.ok(bundle(limits.trustAnchors).ok);
    const over = bundle(limits.trustAnchors + 1);
    assert.match(over.ok ? '' : over.error.reason, /more than 512 certificates/);
    const many = new Array<Uint8Array>(limits.trustAnchors + 1).fill(root.der);
    assert.ok(readTrust(many).anchors.length <= limits.trustAnchors);
  });

  it('crls: a file of so many, and not one more', () => {
    const pem = `-----BEGIN X509 CRL-----\n${Buffer.from(ca.crl()).toString('base64')}\n-----END X509 CRL-----\n`;
    assert.ok(parsePemCrls(pem.repeat(limits.crls)).ok);
    const over = parsePemCrls(pem.repeat(limits.crls + 1));
    assert.match(over.ok ? '' : over.error.reason, /more than 16 CRLs/);
  });

  it('ocspOctets: a longer response is refused unread', () => {
    const said = (octets: number) => {
      const parsed = parseOcspResponse(new Uint8Array(octets).fill(0x30));
      return parsed.ok ? '' : parsed.error;
    };
    assert.doesNotMatch(said(limits.ocspOctets), /more than/);
    assert.match(said(limits.ocspOctets + 1), /16385 octets, more than 16384/);
  });

  it('revocationVerdicts and cachedCrls: the oldest is forgotten for the newest', () => {
    const cache = new RevocationCache();
    const one = read(leaf());
    const nth = (serial: number) => ({ ...one, serial: Uint8Array.of(serial >> 8, serial & 0xff) });
    for (let at = 0; at < limits.revocationVerdicts; at++) cache.keepGood(nth(at), 10);
    assert.ok(cache.isGood(nth(0), 9));
    cache.keepGood(nth(limits.revocationVerdicts), 10);
    assert.deepEqual([cache.isGood(nth(0), 9), cache.isGood(nth(1), 9)], [false, true]);
    const crl = { nextUpdate: 10 } as Crl;
    for (let at = 0; at < limits.cachedCrls; at++) cache.keepCrl(`http://crl/${at}`, crl);
    assert.ok(cache.crl('http://crl/0', 9) !== undefined);
    cache.keepCrl('http://crl/new', crl);
    assert.deepEqual(
      [cache.crl('http://crl/0', 9), cache.crl('http://crl/1', 9)?.nextUpdate],
      [undefined, 10],
    );
  });
});

describe('a public key in a profile', () => {
  it('publicKeyOctets: a text that is twice as long holds no more', () => {
    const begin = '-----BEGIN PUBLIC KEY-----';
    const body = (length: number) =>
      'A'.repeat(length).padEnd(2 * limits.publicKeyOctets - begin.length, '\n');
    const read = (inside: string) => parsePemPublicKeys(`${begin}${inside}-----END PUBLIC KEY-----`);
    assert.ok(read(body(400)).ok);
    const long = read(`${body(400)}\n`);
    assert.match(long.ok ? 'it was read' : long.error.reason, /too long/);
  });
});
