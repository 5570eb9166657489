import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import type { IkeAnswer, IkeAsk } from '../../../core/ike/io.ts';
import { parseIdentity } from '../../../core/pki/identity.ts';
import { judgeServer } from '../../../core/pki/judge-server.ts';
import { RevocationCache } from '../../../core/pki/revocation-cache.ts';
import { readTrust } from '../../../core/pki/trust.ts';
import { ca, certificate, Network } from './network.ts';

/*
 * OCSP responses inside IKE_AUTH, from the gateway that sends them to the verdict. strongSwan does that from 5.9.14 on, which is
 * newer than what the interop rows run against; openssl makes the responses. @rfc 4806
 */

const own = certificate('ec-p256');
const expected = parseIdentity('vpn.example');
assert.ok(expected.ok);
const identity = expected.value;

/** What the CA's responder says of the gateway's certificate (DER). */
function responseOf(status: 'good' | 'revoked'): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-ocsp-'));
  const path = (name: string): string => join(folder, name);
  const serial = new X509Certificate(own.der).serialNumber;
  const line =
    status === 'good' ? `V\t350101000000Z\t\t${serial}` : `R\t350101000000Z\t260102030405Z\t${serial}`;
  writeFileSync(path('index.txt'), `${line}\tunknown\t/CN=vpn.example\n`);
  writeFileSync(path('ca.pem'), ca.pem);
  writeFileSync(path('ca.key'), ca.privateKeyPem);
  writeFileSync(path('own.pem'), own.pem);
  execFileSync(
    'openssl',
    [
      ...['ocsp', '-index', path('index.txt'), '-CA', path('ca.pem'), '-resp_no_certs', '-nmin', '60'],
      ...['-rsigner', path('ca.pem'), '-rkey', path('ca.key'), '-issuer', path('ca.pem')],
      ...['-cert', path('own.pem'), '-respout', path('response.der')],
    ],
    { stdio: 'pipe' },
  );
  const response = new Uint8Array(readFileSync(path('response.der')));
  rmSync(folder, { recursive: true });
  return response;
}

/** A client that insists on knowing, and may fetch nothing. `seen`: how many responses came with the certificate. */
function login(ocspResponses: readonly Uint8Array[], asks: boolean) {
  let seen = 0;
  const judge = (ask: Extract<IkeAsk, { kind: 'certificate-verdict' }>): IkeAnswer => {
    seen = ask.ocspResponses.length;
    const verdict = judgeServer(
      {
        ...ask,
        trust: readTrust([ca.der]),
        expected: identity,
        at: Date.now(),
        fetchCertificates: false,
        revocation: { mode: 'strict', fetch: false, ocspUrl: undefined, crls: [], ocspSigners: [] },
      },
      { crypto: nodeCryptoProvider(), random: seededRandom(1), cache: new RevocationCache() },
    ).next();
    assert.ok(verdict.done === true, 'the verdict wants to fetch');
    return verdict.value.ok
      ? { kind: 'certificate-verdict', verdict: { ok: true, spki: verdict.value.value.spki } }
      : { kind: 'certificate-verdict', verdict: verdict.value };
  };
  const network = new Network({ gateway: { ocspResponses }, judge });
  const client = network.login(network.client({ config: { certificateWishes: { ocsp: asks } } }));
  const { end } = client;
  return { seen, end: end === undefined || end === 'clean' ? client.ike.state : end.code };
}

test('a gateway that sends what its OCSP responder says is let through by a client that insists on it', () => {
  assert.deepEqual(login([responseOf('good')], true), { seen: 1, end: 'established' });
});

test('a gateway that sends that it was revoked is refused', () => {
  assert.deepEqual(login([responseOf('revoked')], true), { seen: 1, end: 'certificate.revoked' });
});

// Its end is the signature.
test('a response that was changed on its way to the gateway counts for nothing', () => {
  const response = responseOf('good');
  response[response.length - 1] = (response.at(-1) ?? 0) ^ 1;
  assert.deepEqual(login([response], true), { seen: 1, end: 'certificate.revocation-unknown' });
});

test('a client that does not ask gets none', () => {
  assert.deepEqual(login([responseOf('good')], false), { seen: 0, end: 'certificate.revocation-unknown' });
});
