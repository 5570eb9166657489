import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ViciSection } from '../../support/peers/vici.ts';
import type { Issued } from '../../support/pki.ts';
import type { ClientConfig, GatewayConfig, InteropCase, UpExpectation } from '../case.ts';
import {
  type Certificates,
  gatewayName,
  loginServerName,
  type UserCertificateName,
  userMail,
} from '../certificates.ts';

/** Of the account and of the key files: what the client is asked for, it answers with this. */
const password = 'correct horse battery staple';
const secondPassword = 'another horse, another staple';
const psk = 'a key that is long enough to be safe';
const ppk = 'a key against the computers of tomorrow';

function up(
  name: string,
  gateway: GatewayConfig,
  client: ClientConfig,
  expect: Omit<UpExpectation, 'up'> = {},
): InteropCase {
  return { name, theme: 'authentication', gateway, client, expect: { up: true, ...expect } };
}

function down(
  name: string,
  gateway: GatewayConfig,
  client: ClientConfig,
  failure: string,
  says: readonly string[] = [],
): InteropCase {
  return { name, theme: 'authentication', gateway, client, expect: { up: false, failure, says } };
}

/** The gateway proves itself by a key as well, or by its certificate. */
function pskGateway(key = psk, users: readonly string[] = ['carol@example.org']): GatewayConfig {
  return {
    local: () => ({ auth: 'psk', id: gatewayName }),
    remote: () => ({ auth: 'psk', id: '%any' }),
    load: async (gateway) => {
      for (const user of users) await gateway.loadShared('IKE', key, [user]);
    },
  };
}

function pskClient(user = 'carol@example.org', key = psk, trust: 'none' | 'ca' = 'none'): ClientConfig {
  return {
    profile: () => ({
      authentication: { method: 'psk' },
      localIdentity: user,
      ...(trust === 'none' ? { trust: undefined } : {}),
    }),
    sharedKeys: { psk: key },
  };
}

/** Takes every certificate of the test's CAs. */
function certificateGateway(remote: ViciSection = {}, further: Partial<GatewayConfig> = {}): GatewayConfig {
  return {
    remote: ({ roots }) => ({
      auth: 'pubkey',
      id: '%any',
      cacerts: [roots.ec.der, roots.rsa.der, roots.short.der],
      ...remote,
    }),
    load: async (gateway, { roots }) => {
      for (const root of [roots.ec, roots.rsa, roots.short]) await gateway.loadCertificate(root, 'CA');
    },
    ...further,
  };
}

/** `further`: other certificates that go along. */
function certificateClient(
  name: UserCertificateName,
  settings: Readonly<Record<string, unknown>> = {},
  further: (certificates: Certificates) => string = () => '',
): ClientConfig {
  return {
    profile: (certificates) => {
      const own = certificates.user(name);
      const pem = own.privateKeyPem + own.pem + further(certificates);
      return { authentication: { method: 'certificate', certificate: { pem, name }, ...settings } };
    },
  };
}

/** The certificate in a file that `password` opens. */
function keyFileClient(
  file: (own: Issued, certificates: Certificates) => Readonly<Record<string, string>>,
): ClientConfig {
  return {
    profile: (certificates) => {
      const certificate = { ...file(certificates.user('rsa-3072'), certificates), name: 'alice' };
      return { authentication: { method: 'certificate', certificate } };
    },
  };
}

/** Base64. */
function pkcs12Of(own: Issued, ca: Issued): string {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-p12-'));
  try {
    writeFileSync(join(folder, 'own.pem'), own.privateKeyPem + own.pem);
    writeFileSync(join(folder, 'ca.pem'), ca.pem);
    const files = ['-in', 'own.pem', '-certfile', 'ca.pem', '-out', 'own.p12'];
    execFileSync('openssl', ['pkcs12', '-export', ...files, '-passout', 'stdin'], {
      cwd: folder,
      input: `${password}\n`,
    });
    return readFileSync(join(folder, 'own.p12')).toString('base64');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** As the user reads it. */
const expiredOn = `valid until ${new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)}`;

const ofKinds: readonly (readonly [UserCertificateName, string])[] = [
  ['rsa', 'RSA PKCS#1 with SHA-256'],
  ['rsa-3072', 'RSA PKCS#1 with SHA-384'],
  ['ec-p256', 'ECDSA P-256 with SHA-256'],
  ['ec-p384', 'ECDSA P-384 with SHA-384'],
  ['ec-p521', 'ECDSA P-521 with SHA-512'],
  ['ed25519', 'Ed25519'],
];

export const authenticationCases: readonly InteropCase[] = [
  up('a pre-shared key on both sides, found by the name of the user', pskGateway(), pskClient(), {
    user: 'carol@example.org',
    shows: {
      remoteAuthentication: 'a pre-shared key',
      localAuthentication: 'a pre-shared key',
      weaknesses: [],
    },
  }),
  up(
    'another user has another pre-shared key',
    {
      ...pskGateway(),
      load: async (gateway) => {
        await gateway.loadShared('IKE', psk, ['carol@example.org']);
        await gateway.loadShared('IKE', 'the key of dave is another one', ['dave@example.org']);
      },
    },
    pskClient('dave@example.org', 'the key of dave is another one'),
    { user: 'dave@example.org' },
  ),
  up('a short pre-shared key works, and is warned of', pskGateway('short'), pskClient(undefined, 'short'), {
    user: 'carol@example.org',
    shows: { weaknesses: ['short-psk'] },
  }),
  up(
    'a pre-shared key for the user, a certificate for the gateway',
    { ...pskGateway(), local: undefined, further: () => ({ send_certreq: 'no' }) },
    pskClient(undefined, undefined, 'ca'),
    {
      user: 'carol@example.org',
      shows: { remoteAuthentication: 'ECDSA P-256 with SHA-256', localAuthentication: 'a pre-shared key' },
    },
  ),
  down(
    'a wrong pre-shared key',
    pskGateway(),
    pskClient(undefined, 'the wrong key, also long'),
    'auth.refused-psk',
    ['The gateway refused the pre-shared key of carol@example.org.'],
  ),
  down(
    'a pre-shared key that the gateway answers with a certificate, where the profile wants the key',
    { ...pskGateway(), local: undefined },
    pskClient(),
    'auth.method-refused',
  ),
  down(
    'a gateway with a pre-shared key, where the profile wants a certificate',
    pskGateway(),
    pskClient(undefined, undefined, 'ca'),
    'auth.method-refused',
  ),
  up(
    'a gateway with a pre-shared key and users with EAP, where the profile allows it',
    {
      local: () => ({ auth: 'psk', id: gatewayName }),
      load: (gateway) => gateway.loadShared('IKE', psk, ['alice', gatewayName]),
    },
    { profile: () => ({ gatewayAuthentication: 'psk', trust: undefined }), sharedKeys: { psk } },
    { shows: { remoteAuthentication: 'a pre-shared key', weaknesses: ['psk-gateway'] } },
  ),
  down(
    'a gateway with a pre-shared key and users with EAP, where the profile does not',
    {
      local: () => ({ auth: 'psk', id: gatewayName }),
      load: (gateway) => gateway.loadShared('IKE', psk, ['alice', gatewayName]),
    },
    {},
    'auth.method-refused',
  ),

  ...ofKinds.map(([name, localAuthentication]) =>
    up(`a certificate of one's own: ${name}`, certificateGateway(), certificateClient(name), {
      user: userMail,
      shows: { localAuthentication },
    }),
  ),
  up(
    "a certificate of one's own: rsa, signing with PSS",
    certificateGateway(),
    certificateClient('rsa', { rsaPss: true }),
    { user: userMail, shows: { localAuthentication: 'RSA-PSS with SHA-256' } },
  ),
  up(
    'SHA-384 one way and SHA-512 the other',
    certificateGateway({ auth: 'ike:rsa-sha384' }, { certificate: 'rsa', auth: 'rsa-sha512' }),
    certificateClient('rsa-3072'),
    {
      user: userMail,
      shows: {
        localAuthentication: 'RSA PKCS#1 with SHA-384',
        remoteAuthentication: 'RSA PKCS#1 with SHA-512',
      },
    },
  ),
  ...(['ec-p256', 'ec-p384', 'ec-p521'] as const).map((name) =>
    up(
      `a certificate of one's own with the classic method: ${name}`,
      certificateGateway({}, { classicSignatures: true }),
      certificateClient(name),
      { user: userMail },
    ),
  ),
  down(
    "an RSA certificate of one's own and a gateway without RFC 7427",
    certificateGateway({}, { classicSignatures: true }),
    certificateClient('rsa'),
    'auth.signature-unsupported',
  ),
  up(
    "an RSA certificate of one's own and a gateway without RFC 7427, where the profile allows SHA-1",
    certificateGateway({}, { classicSignatures: true }),
    { ...certificateClient('rsa'), allowSha1Signatures: true },
    { user: userMail, shows: { weaknesses: ['sha1-signature'] } },
  ),
  up(
    "a certificate of one's own without names: the subject is who one is",
    certificateGateway(),
    certificateClient('subject-only'),
    { user: 'O=Godwit Test, CN=Alice' },
  ),
  up(
    "a certificate of one's own under an intermediate that the gateway does not know",
    certificateGateway(),
    certificateClient('under-intermediate', {}, ({ intermediate }) => intermediate.pem),
    { user: userMail },
  ),
  up(
    "a certificate of one's own that is valid for long",
    certificateGateway(),
    certificateClient('after-2049'),
    {
      user: userMail,
    },
  ),
  ...(['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc'] as const).map((cipher) =>
    up(
      `a certificate of one's own, its key encrypted with ${cipher}`,
      certificateGateway(),
      keyFileClient(({ privateKey, pem }) => ({
        pem: pem + privateKey.export({ type: 'pkcs8', format: 'pem', cipher, passphrase: password }),
      })),
      { user: userMail },
    ),
  ),
  up(
    "a certificate of one's own, its key encrypted as OpenSSL did of old",
    certificateGateway(),
    keyFileClient(({ privateKey, pem }) => ({
      pem:
        pem +
        privateKey.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: password }),
    })),
    { user: userMail },
  ),
  up(
    "a certificate of one's own out of a PKCS#12 file with its CA",
    certificateGateway(),
    keyFileClient((own, { roots }) => ({ pkcs12: pkcs12Of(own, roots.rsa) })),
    { user: userMail },
  ),
  down(
    'an intermediate that is not sent',
    certificateGateway(),
    certificateClient('under-intermediate'),
    'auth.refused-certificate',
  ),
  down(
    'a chain longer than its root allows',
    certificateGateway(),
    certificateClient('too-deep', {}, ({ tooDeep }) => tooDeep.pem),
    'auth.refused-certificate',
  ),
  down(
    "an expired certificate of one's own",
    certificateGateway(),
    certificateClient('expired'),
    'auth.refused-certificate',
    ['your certificate, that of O=Godwit Test, CN=Alice from O=Godwit Test, CN=Godwit Test Root', expiredOn],
  ),
  down(
    "a certificate of one's own from a CA that the gateway does not know",
    certificateGateway(),
    certificateClient('unknown-ca'),
    'auth.refused-certificate',
    ['from O=Godwit Test, CN=Somebody Else Root', 'from a CA that the gateway does not know'],
  ),
  down(
    'an identity that the certificate does not have',
    certificateGateway(),
    {
      profile: (certificates) => ({
        ...certificateClient('ec-p256').profile?.(certificates),
        localIdentity: 'mallory@example.org',
      }),
    },
    'auth.refused-certificate',
  ),
  down('a certificate, and the gateway wants EAP', {}, certificateClient('ec-p256'), 'auth.wants-eap'),
  down('a pre-shared key, and the gateway wants EAP', {}, pskClient(undefined, psk, 'ca'), 'auth.wants-eap'),
  down('EAP, and the gateway wants a certificate', certificateGateway(), {}, 'auth.refused-early'),
  up(
    'a certificate, and otherwise EAP, which the gateway wants',
    {},
    {
      profile: (certificates) => ({
        ...certificateClient('ec-p256').profile?.(certificates),
        otherwise: [{ method: 'eap-mschapv2', username: 'alice' }],
      }),
    },
  ),
  up(
    'EAP, and otherwise a certificate, which the gateway wants',
    certificateGateway(),
    {
      profile: (certificates) => ({
        otherwise: [certificateClient('ec-p256').profile?.(certificates)['authentication']],
      }),
    },
    { user: userMail },
  ),

  up(
    'two rounds: a certificate, then EAP',
    certificateGateway(
      { round: '1' },
      {
        further: () => ({ 'remote-2': { auth: 'eap-mschapv2', id: '%any', eap_id: '%any', round: '2' } }),
      },
    ),
    {
      profile: (certificates) => ({
        ...certificateClient('ec-p256').profile?.(certificates),
        secondAuthentication: { method: 'eap-mschapv2', username: 'alice' },
      }),
    },
    { shows: { localAuthentication: 'ECDSA P-256 with SHA-256, then EAP-MSCHAPv2' } },
  ),
  up(
    'two rounds: EAP, then EAP',
    {
      remote: () => ({ auth: 'eap-mschapv2', id: 'alice', eap_id: 'alice', round: '1' }),
      further: () => ({ 'remote-2': { auth: 'eap-mschapv2', id: 'bob', eap_id: 'bob', round: '2' } }),
      load: (gateway) => gateway.loadUser('bob', password),
    },
    { profile: () => ({ secondAuthentication: { method: 'eap-mschapv2', username: 'bob' } }) },
    { user: 'bob', shows: { localAuthentication: 'EAP-MSCHAPv2, then EAP-MSCHAPv2' } },
  ),
  up(
    'two rounds: a certificate, then TTLS at a login server with a name and a CA of its own',
    certificateGateway(
      { round: '1' },
      {
        radius: 'freeradius',
        further: () => ({ 'remote-2': { auth: 'eap-radius', id: '%any', eap_id: '%any', round: '2' } }),
      },
    ),
    {
      profile: (certificates) => ({
        ...certificateClient('ec-p256').profile?.(certificates),
        secondAuthentication: {
          method: 'eap-ttls',
          username: 'alice',
          innerMethods: ['pap'],
          server: { name: loginServerName, ca: certificates.login.ca.pem },
        },
      }),
    },
    { shows: { localAuthentication: 'ECDSA P-256 with SHA-256, then EAP-TTLS' } },
  ),
  up(
    'two rounds of a stored profile, each with the password in a file of its own',
    {
      remote: () => ({ auth: 'eap-mschapv2', id: 'alice', eap_id: 'alice', round: '1' }),
      further: () => ({ 'remote-2': { auth: 'eap-mschapv2', id: 'bob', eap_id: 'bob', round: '2' } }),
      load: (gateway) => gateway.loadUser('bob', secondPassword),
    },
    {
      profile: () => ({
        authentication: { method: 'eap-mschapv2', username: 'alice', passwordFile: 'alice.password' },
        secondAuthentication: { method: 'eap-mschapv2', username: 'bob', passwordFile: 'bob.password' },
      }),
      storedWith: { 'alice.password': password, 'bob.password': secondPassword },
    },
    { user: 'bob', shows: { localAuthentication: 'EAP-MSCHAPv2, then EAP-MSCHAPv2' } },
  ),
  down(
    'two rounds: the certificate is good, the password is not',
    certificateGateway(
      { round: '1' },
      {
        further: () => ({ 'remote-2': { auth: 'eap-mschapv2', id: '%any', eap_id: '%any', round: '2' } }),
      },
    ),
    {
      password: 'not the password',
      profile: (certificates) => ({
        ...certificateClient('ec-p256').profile?.(certificates),
        secondAuthentication: { method: 'eap-mschapv2', username: 'alice' },
      }),
    },
    'auth.password',
  ),

  ...ppkCases(),
];

function ppkCases(): readonly InteropCase[] {
  const withKey = (further: Partial<GatewayConfig> = {}): GatewayConfig => ({
    load: (gateway) => gateway.loadShared('PPK', ppk, ['office-ppk']),
    ...further,
  });
  const client = (required: boolean, id = 'office-ppk'): ClientConfig => ({
    profile: () => ({ ppk: { id, required } }),
    sharedKeys: { ppk },
  });
  const withCertificate = (required: boolean, id?: string): ClientConfig => ({
    ...client(required, id),
    profile: (certificates) => ({
      ...client(required, id).profile?.(certificates),
      ...certificateClient('rsa').profile?.(certificates),
    }),
  });
  const certified = certificateGateway(
    {},
    {
      load: async (gateway, certificates) => {
        await certificateGateway().load?.(gateway, certificates);
        await gateway.loadShared('PPK', ppk, ['office-ppk']);
      },
    },
  );
  return [
    up('a PPK beside EAP, required', withKey(), client(true), { shows: { ppk: true, weaknesses: [] } }),
    up('a PPK beside EAP, possible', withKey(), client(false), { shows: { ppk: true } }),
    up('a PPK beside EAP that the gateway does not know', withKey(), client(false, 'another-ppk'), {
      shows: { ppk: false, weaknesses: ['no-ppk'] },
    }),
    down('a PPK that is required and unknown', withKey(), client(true, 'another-ppk'), 'auth.refused-ppk', [
      'in which the post-quantum pre-shared key another-ppk took part',
    ]),
    down('a PPK that is required, and the gateway has none', {}, client(true), 'auth.ppk-missing'),
    up(
      'a PPK that the gateway insists on',
      withKey({ further: () => ({ ppk_id: 'office-ppk', ppk_required: 'yes' }) }),
      client(false),
      {
        shows: { ppk: true },
      },
    ),
    up('a PPK beside a certificate, required', certified, withCertificate(true), {
      user: userMail,
      shows: { ppk: true },
    }),
    up(
      'a PPK beside a certificate that the gateway does not know',
      certified,
      withCertificate(false, 'another-ppk'),
      {
        user: userMail,
        shows: { ppk: false },
      },
    ),
  ];
}
