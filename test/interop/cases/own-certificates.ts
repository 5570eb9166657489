import type { ViciSection } from '../../support/peers/vici.ts';
import { startCa } from '../ca.ts';
import type { ClientConfig, GatewayConfig, InteropCase, UpExpectation } from '../case.ts';
import { type Certificates, type UserCertificateName, userMail } from '../certificates.ts';
import { again } from './revocation.ts';

/*
 * Certificates of the user's own: when the gateway looks whether they were revoked, and which of them it wants.
 */

const theme = 'authentication' as const;

function gateway(remote: ViciSection = {}): GatewayConfig {
  return {
    remote: ({ roots }) => ({
      auth: 'pubkey',
      id: '%any',
      cacerts: [roots.ec.der, roots.rsa.der],
      ...remote,
    }),
    load: async (peer, { roots }) => {
      for (const root of [roots.ec, roots.rsa]) await peer.loadCertificate(root, 'CA');
    },
  };
}

/** `further`: other certificates that go along. */
function settings(
  name: UserCertificateName,
  certificates: Certificates,
  further = '',
): Readonly<Record<string, unknown>> {
  const own = certificates.user(name);
  const pem = own.privateKeyPem + own.pem + further;
  return { authentication: { method: 'certificate', certificate: { pem, name } } };
}

/** Two certificates of different CAs, each with its own: the gateway says whose it wants. */
function twoCertificates(first: UserCertificateName, second: UserCertificateName): ClientConfig {
  const pemOf = (name: UserCertificateName, { user, roots }: Certificates): object => {
    const { privateKeyPem, pem } = user(name);
    return { pem: privateKeyPem + pem + (name === 'rsa' ? roots.rsa : roots.ec).pem, name };
  };
  return {
    profile: (certificates) => ({
      authentication: {
        method: 'certificate',
        certificate: pemOf(first, certificates),
        otherCertificates: [pemOf(second, certificates)],
      },
    }),
  };
}

/** It knows, and asks for, this CA alone. */
function oneCa(root: 'ec' | 'rsa'): GatewayConfig {
  return {
    remote: ({ roots }) => ({ auth: 'pubkey', id: '%any', cacerts: [roots[root].der] }),
    load: (peer, { roots }) => peer.loadCertificate(roots[root], 'CA'),
  };
}

function client(name: UserCertificateName): ClientConfig {
  return { profile: (certificates) => settings(name, certificates) };
}

const strict = gateway({ revocation: 'strict' });

function up(name: string, own: UserCertificateName, expect: Omit<UpExpectation, 'up'> = {}): InteropCase {
  return {
    name,
    theme,
    gateway: strict,
    client: client(own),
    before: startCa,
    expect: { up: true, user: userMail, ...expect },
  };
}

function refused(name: string, own: UserCertificateName, where: GatewayConfig): InteropCase {
  const says = ['The gateway refused your certificate, that of O=Godwit Test, CN=Alice', 'it may be revoked'];
  return {
    name,
    theme,
    gateway: where,
    client: client(own),
    before: startCa,
    expect: { up: false, failure: 'auth.refused-certificate', says },
  };
}

export const ownCertificateCases: readonly InteropCase[] = [
  ...(['ec', 'rsa'] as const).map(
    (root): InteropCase => ({
      name: `two certificates in one profile: the gateway asks for the CA of ${root === 'ec' ? 'the first' : 'the second'}`,
      theme,
      gateway: oneCa(root),
      client: twoCertificates('subject-only', 'rsa'),
      expect: {
        up: true,
        user: root === 'ec' ? 'O=Godwit Test, CN=Alice' : userMail,
        shows: {
          localAuthentication: root === 'ec' ? 'ECDSA P-256 with SHA-256' : 'RSA PKCS#1 with SHA-256',
        },
      },
    }),
  ),
  up("a certificate of one's own that the gateway finds good by its CRL", 'crl-good'),
  up("a certificate of one's own that the gateway finds good by OCSP", 'ocsp-good'),
  refused("a certificate of one's own that a CRL revokes", 'crl-revoked', gateway()),
  refused("a certificate of one's own that OCSP says is revoked", 'ocsp-revoked', gateway()),
  refused("a certificate of one's own that the gateway cannot find good", 'ec-p256', strict),
  {
    name: "a certificate of one's own with the only kind of name that its CA may give out",
    theme,
    gateway: gateway(),
    client: {
      profile: (certificates) => settings('inside-of-its-ca', certificates, certificates.elsewhere.pem),
    },
    expect: { up: true, user: 'alice@other.example.net' },
  },
  {
    name: "a certificate of one's own with a name that its CA may not give out",
    theme,
    gateway: gateway(),
    client: {
      profile: (certificates) => settings('outside-of-its-ca', certificates, certificates.elsewhere.pem),
    },
    expect: { up: false, failure: 'auth.refused-certificate' },
  },
  {
    name: 'one identity with two certificates, each in a profile of its own, one connection after the other',
    theme,
    gateway: gateway(),
    client: client('rsa'),
    expect: { up: true, user: userMail, shows: { localAuthentication: 'RSA PKCS#1 with SHA-256' } },
    endsTunnel: true,
    during: async (stage) => {
      const profile = { ...stage.profile, profile: settings('ec-p256', stage.certificates) };
      const problems = await again(stage, profile);
      const by = (await stage.tunnel())?.localAuthentication;
      if (by !== 'ECDSA P-256 with SHA-256') problems.push(`the second time by ${by}`);
      return [...problems, ...(await stage.agree())];
    },
  },
];
