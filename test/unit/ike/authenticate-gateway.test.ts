import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import { failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { concat, fromHex } from '../../../core/base/octets.ts';
import type { IkeConfig } from '../../../core/ike/config.ts';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import type { Payload } from '../../../core/wire/ike/payload.ts';
import { exchangeType } from '../../../core/wire/registry/exchange-types.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { Scenario } from './scenario.ts';
import { gatewayKey, notify } from './scripted-responder.ts';

/** A login in which the gateway signs in this way; ends where the engine has judged the signature. */
function signedBy(
  method: number,
  makeData: (octets: Uint8Array) => Uint8Array,
  key: KeyObject,
  config: Partial<IkeConfig> = {},
): Scenario {
  const scenario = new Scenario(
    {
      gateway: (payloads, responder) =>
        payloads.map(
          (payload): Payload =>
            payload.kind === 'AUTH'
              ? { kind: 'AUTH', method, data: makeData(responder.octetsToSign()) }
              : payload,
        ),
    },
    config,
  ).to('judging-gateway');
  if (scenario.ike.state === 'judging-gateway') scenario.giveVerdict(key);
  return scenario;
}

/** Method 14: length, AlgorithmIdentifier, signature. */
function digital(algorithm: string, signature: Uint8Array): Uint8Array {
  const der = fromHex(algorithm);
  return concat(Uint8Array.of(der.length), der, signature);
}

/** The last message tells the gateway AUTHENTICATION_FAILED, and EAP never saw a packet. */
function assertRefused(scenario: Scenario, code: string): void {
  assert.equal(scenario.error?.code, code);
  assert.deepEqual(scenario.eap.seen, []);
  const last = scenario.responder.open(scenario.sent());
  assert.equal(last.header.exchange, exchangeType.INFORMATIONAL);
  assert.equal(payloadOf(last, 'N')?.type, notifyType.AUTHENTICATION_FAILED);
}

const rsa = gatewayKey();
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' });
const ed25519 = generateKeyPairSync('ed25519');

const rsaSha256 = '300d06092a864886f70d01010b0500';
const rsaSha1 = '300d06092a864886f70d0101050500';
const ecdsaSha256 = '300a06082a8648ce3d040302';
const ecdsaSha384 = '300a06082a8648ce3d040303';
const sha256 = '300d06096086480165030402010500';
const pssSha256 = `304106092a864886f70d01010a3034a00f${sha256}a11c301a06092a864886f70d010108${sha256}a203020120`;
/** With trailerField [3] 1 spelled out, as FortiGate does. */
const pssTrailer = `304606092a864886f70d01010a3039a00f${sha256}a11c301a06092a864886f70d010108${sha256}a203020120a303020101`;

const pkcs1 = (hash: string) => (octets: Uint8Array) => sign(hash, octets, rsa.privateKey);
const p1363 = (hash: string, key: KeyObject) => (octets: Uint8Array) =>
  sign(hash, octets, { key, dsaEncoding: 'ieee-p1363' });
const pss = (octets: Uint8Array) =>
  sign('sha256', octets, { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });

const accepted: [string, () => Scenario, string][] = [
  [
    'method 1, RSA with SHA-256',
    () => signedBy(1, pkcs1('sha256'), rsa.publicKey),
    'RSA PKCS#1 with SHA-256',
  ],
  [
    'method 1, RSA with SHA-512',
    () => signedBy(1, pkcs1('sha512'), rsa.publicKey),
    'RSA PKCS#1 with SHA-512',
  ],
  [
    'method 1, RSA with SHA-1 where the profile says so',
    () => signedBy(1, pkcs1('sha1'), rsa.publicKey, { acceptSha1Signatures: true }),
    'RSA PKCS#1 with SHA-1',
  ],
  [
    'method 9, ECDSA P-256',
    () => signedBy(9, p1363('sha256', p256.privateKey), p256.publicKey),
    'ECDSA P-256 with SHA-256',
  ],
  [
    'method 10, ECDSA P-384',
    () => signedBy(10, p1363('sha384', p384.privateKey), p384.publicKey),
    'ECDSA P-384 with SHA-384',
  ],
  [
    'method 11, ECDSA P-521',
    () => signedBy(11, p1363('sha512', p521.privateKey), p521.publicKey),
    'ECDSA P-521 with SHA-512',
  ],
  [
    'method 14, RSA PKCS#1',
    () => signedBy(14, (octets) => digital(rsaSha256, pkcs1('sha256')(octets)), rsa.publicKey),
    'RSA PKCS#1 with SHA-256',
  ],
  [
    'method 14, RSA-PSS',
    () => signedBy(14, (octets) => digital(pssSha256, pss(octets)), rsa.publicKey),
    'RSA-PSS with SHA-256',
  ],
  [
    'method 14, RSA-PSS with a trailer field',
    () => signedBy(14, (octets) => digital(pssTrailer, pss(octets)), rsa.publicKey),
    'RSA-PSS with SHA-256',
  ],
  [
    'method 14, ECDSA P-384 with SHA-256',
    () =>
      signedBy(14, (octets) => digital(ecdsaSha256, sign('sha256', octets, p384.privateKey)), p384.publicKey),
    'ECDSA P-384 with SHA-256',
  ],
  [
    'method 14, Ed25519',
    () =>
      signedBy(
        14,
        (octets) => digital('300506032b6570', sign(null, octets, ed25519.privateKey)),
        ed25519.publicKey,
      ),
    'Ed25519',
  ],
];

for (const [name, run, shown] of accepted) {
  test(`AUTH is good: ${name}`, () => {
    const scenario = run();
    assert.equal(scenario.ike.state, 'awaiting-credential');
    scenario.givePassword();
    const { responder } = scenario;
    scenario.deliver(responder.respond(scenario.sent(), [{ kind: 'EAP', packet: Buffer.from('success') }]));
    scenario.deliver(responder.respond(scenario.sent(), responder.finish(scenario.sent())));
    assert.equal(scenario.all('established')[0]?.summary.remoteAuthentication, shown);
  });
}

const refused: [string, () => Scenario, string][] = [
  [
    'over other octets',
    () => signedBy(1, (octets) => pkcs1('sha256')(octets.slice(1)), rsa.publicKey),
    'auth.signature',
  ],
  [
    'with another key',
    () => signedBy(1, pkcs1('sha256'), generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey),
    'auth.signature',
  ],
  ['RSA with SHA-1 by method 1', () => signedBy(1, pkcs1('sha1'), rsa.publicKey), 'auth.weak-signature'],
  [
    'RSA with SHA-1 by method 14, even where a profile takes SHA-1',
    () =>
      signedBy(14, (octets) => digital(rsaSha1, pkcs1('sha1')(octets)), rsa.publicKey, {
        acceptSha1Signatures: true,
      }),
    'auth.method-refused',
  ],
  [
    'method 9 with a key on P-384',
    () => signedBy(9, p1363('sha256', p384.privateKey), p384.publicKey),
    'auth.signature',
  ],
  [
    'method 9 with a DER signature',
    () => signedBy(9, (octets) => sign('sha256', octets, p256.privateKey), p256.publicKey),
    'auth.signature',
  ],
  [
    'method 14 that says another hash than it used',
    () =>
      signedBy(14, (octets) => digital(ecdsaSha384, sign('sha256', octets, p256.privateKey)), p256.publicKey),
    'auth.signature',
  ],
  [
    'method 14 with ECDSA for an RSA key',
    () => signedBy(14, (octets) => digital(ecdsaSha256, pkcs1('sha256')(octets)), rsa.publicKey),
    'auth.signature',
  ],
  [
    'method 14 of an algorithm that nobody knows',
    () => signedBy(14, () => digital('300506032b6999', new Uint8Array(64)), rsa.publicKey),
    'auth.method-refused',
  ],
  [
    'method 14 that is no ASN.1',
    () => signedBy(14, () => digital('ffff', new Uint8Array(64)), rsa.publicKey),
    'auth.method-refused',
  ],
  [
    'method 2, a pre-shared key',
    () => signedBy(2, () => new Uint8Array(48), rsa.publicKey),
    'auth.method-refused',
  ],
  ['method 13, NULL', () => signedBy(13, () => new Uint8Array(48), rsa.publicKey), 'auth.method-refused'],
  ['an empty signature', () => signedBy(1, () => new Uint8Array(0), rsa.publicKey), 'auth.signature'],
];

for (const [name, run, code] of refused) {
  test(`AUTH is refused before EAP begins: ${name}`, () => assertRefused(run(), code));
}

test('method 14 with a length beyond its end is malformed', () => {
  const scenario = signedBy(14, () => Uint8Array.of(200, 1, 2), rsa.publicKey);
  assert.equal(scenario.error?.code, 'malformed');
  assert.deepEqual(scenario.eap.seen, []);
});

test('the driver judges the chain and the claimed identity as the gateway sent them', () => {
  const scenario = new Scenario({
    gateway: (payloads) => [
      ...payloads,
      { kind: 'CERT', encoding: 4, data: Buffer.from('an intermediate') },
      { kind: 'CERT', encoding: 12, data: Buffer.from('a hash and URL') },
    ],
  }).to('judging-gateway');
  const { ask } = scenario.only('ask');
  assert.ok(ask.kind === 'certificate-verdict');
  assert.deepEqual(
    ask.chain.map((octets) => Buffer.from(octets).toString()),
    ['a certificate', 'an intermediate'],
  );
  assert.equal(Buffer.from(ask.claimed.data).toString(), 'vpn.example');
});

test('a bad verdict ends the login before EAP begins, and the gateway is told', () => {
  const scenario = new Scenario().to('judging-gateway');
  const error = failure('certificate.unknown-ca', { issuer: 'Somebody' });
  scenario.answerAsk(1, { kind: 'certificate-verdict', verdict: { ok: false, error } });
  assertRefused(scenario, 'certificate.unknown-ca');
});

for (const [name, change, code] of [
  ['no CERT', (all: Payload[]) => all.filter(({ kind }) => kind !== 'CERT'), 'auth.no-certificate'],
  ['no AUTH', (all: Payload[]) => all.filter(({ kind }) => kind !== 'AUTH'), 'auth.gateway-unproven'],
  ['no IDr', (all: Payload[]) => all.filter(({ kind }) => kind !== 'IDr'), 'peer.misbehaved'],
  ['no EAP', (all: Payload[]) => all.filter(({ kind }) => kind !== 'EAP'), 'auth.wants-no-eap'],
  [
    'a certificate beyond the bound',
    (all: Payload[]) => [
      ...all,
      { kind: 'CERT', encoding: 4, data: new Uint8Array(limits.certificateOctets + 1) } as const,
    ],
    'malformed',
  ],
  [
    'more certificates than the bound',
    (all: Payload[]) => [
      ...all,
      ...new Array<Payload>(limits.certificatesPerMessage).fill({
        kind: 'CERT',
        encoding: 4,
        data: new Uint8Array(9),
      }),
    ],
    'peer.misbehaved',
  ],
  ['N(AUTHENTICATION_FAILED)', () => [notify(notifyType.AUTHENTICATION_FAILED)], 'auth.refused-early'],
  ['N(NO_PROPOSAL_CHOSEN)', () => [notify(notifyType.NO_PROPOSAL_CHOSEN)], 'peer.no-proposal-chosen'],
  [
    'N(12345) of Windows',
    () => [notify(notifyType.MS_STATUS, Uint8Array.of(0, 0, 0x36, 0x2c))],
    'peer.refused',
  ],
] as const) {
  test(`<-- SK {${name}}: ${code}, and nobody is asked anything`, () => {
    const scenario = new Scenario({ gateway: (payloads) => change(payloads) }).to('judging-gateway');
    assert.equal(scenario.error?.code, code);
    assert.equal(scenario.all('ask').length, 0);
  });
}

test('the Win32 code of a Windows gateway is in the evidence', () => {
  const notifyPayload = notify(notifyType.MS_STATUS, Uint8Array.of(0, 0, 0x36, 0x2c));
  const scenario = new Scenario({ gateway: () => [notifyPayload] }).to('judging-gateway');
  assert.deepEqual(scenario.error?.detail, {
    notify: 'MS_STATUS 13868 (no proposal of this client is one of its policy)',
    code: 13868,
  });
});

test('the first IKE_AUTH request: IDi, CERTREQ with the hash of the CA, IDr, CP, SAi2, TSi, TSr, N(MOBIKE_SUPPORTED), no AUTH', () => {
  const scenario = new Scenario().to('authenticating-gateway');
  const message = scenario.responder.open(scenario.sent());
  const kinds = message.payloads.map(({ kind }) => kind);
  assert.deepEqual(kinds, ['IDi', 'CERTREQ', 'IDr', 'CP', 'SA', 'TSi', 'TSr', 'N']);
  assert.equal(payloadOf(message, 'CERTREQ')?.authorities.length, 20);
});

test('INITIAL_CONTACT goes out only where the profile says that nobody else uses the identity', () => {
  const scenario = new Scenario({}, { initialContact: true }).to('authenticating-gateway');
  const message = scenario.responder.open(scenario.sent());
  assert.equal(payloadOf(message, 'N')?.type, notifyType.INITIAL_CONTACT);
});
