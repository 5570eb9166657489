import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import type { IkeConfig } from '../../../core/ike/config.ts';
import { processGatewayClaim } from '../../../core/ike/tasks/authenticate-gateway.ts';
import { buildFirstAuth } from '../../../core/ike/tasks/first-auth.ts';
import type { IkeMessage, Payload } from '../../../core/wire/ike/payload.ts';
import { certEncoding } from '../../../core/wire/registry/authentication.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { testConfig } from './scenario.ts';

const octets = (...values: number[]) => Uint8Array.from(values);
const sha1 = new Uint8Array(20).fill(7);
const address = new TextEncoder().encode('http://a.example/b');

function claimOf(...certificates: readonly Payload[]) {
  const claim = processGatewayClaim({
    header,
    payloads: [
      { kind: 'IDr', type: 2, data: octets(97) },
      ...certificates,
      { kind: 'AUTH', method: 14, data: octets(1) },
    ],
  });
  assert.ok(claim.ok && claim.value.kind === 'signed');
  return claim.value;
}

const header: IkeMessage['header'] = {
  initiatorSpi: 1n,
  responderSpi: 2n,
  majorVersion: 2,
  minorVersion: 0,
  exchange: 35,
  fromInitiator: false,
  isResponse: true,
  messageId: 1,
};

const certificate = (encoding: number, data: Uint8Array): Payload => ({ kind: 'CERT', encoding, data });

test('a certificate that is named by hash and address keeps its place, and OCSP responses are kept', () => {
  const claim = claimOf(
    certificate(certEncoding.X509_SIGNATURE, octets(1)),
    certificate(certEncoding.OCSP_CONTENT, octets(9)),
    certificate(certEncoding.HASH_URL_X509, Uint8Array.from([...sha1, ...address])),
    certificate(certEncoding.X509_SIGNATURE, octets(2)),
    certificate(certEncoding.CRL, octets(3)),
  );
  assert.deepEqual(claim.chain, [octets(1), octets(2)]);
  assert.deepEqual(claim.ocspResponses, [octets(9)]);
  assert.deepEqual(claim.lookups, [{ position: 1, sha1, url: 'http://a.example/b' }]);
});

test('a hash without an address is none', () =>
  assert.deepEqual(claimOf(certificate(certEncoding.HASH_URL_X509, sha1)).lookups, []));

test('the gateway is asked for what the profile wishes', () => {
  const asked = (wishes: NonNullable<IkeConfig['certificateWishes']>, trustAnchors: readonly Uint8Array[]) =>
    buildFirstAuth(
      { ...testConfig, trustAnchors, certificateWishes: wishes },
      nodeCryptoProvider(),
      undefined,
      { identity: { type: 2, data: octets(97) }, anotherFollows: false },
      { eapOnly: false, severalRounds: false },
    );
  const requests = (payloads: readonly Payload[]) =>
    payloads.flatMap((each) => (each.kind === 'CERTREQ' ? [[each.encoding, each.authorities.length]] : []));
  const key = seededRandom(1).octets(80);
  assert.deepEqual(requests(asked({}, [key, key])), [[certEncoding.X509_SIGNATURE, 20]]);
  assert.deepEqual(requests(asked({}, [])), []);
  const all = asked({ anyAuthority: true, ocsp: true, lookups: true }, [key]);
  assert.deepEqual(requests(all), [
    [certEncoding.X509_SIGNATURE, 0],
    [certEncoding.OCSP_CONTENT, 0],
  ]);
  assert.ok(all.some((each) => each.kind === 'N' && each.type === notifyType.HTTP_CERT_LOOKUP_SUPPORTED));
});
