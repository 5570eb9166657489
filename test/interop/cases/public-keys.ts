import { createHash, createPublicKey } from 'node:crypto';
import type { Issued } from '../../support/pki.ts';
import type { ClientConfig, GatewayConfig, InteropCase } from '../case.ts';
import {
  type CertificateName,
  type Certificates,
  gatewayName,
  type UserCertificateName,
} from '../certificates.ts';

/*
 * Keys without certificates. @rfc 7670
 *
 * charon finds a key by its hash, or by whatever identity its certificate has: it sends no key, and takes none from the network.
 */

const theme = 'authentication' as const;

const publicPem = ({ privateKey }: Issued): string =>
  createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();

/** It has the public keys of these users. */
function gateway(
  users: readonly UserCertificateName[],
  certificate: CertificateName = 'ec-p256',
): GatewayConfig {
  return {
    certificate,
    local: ({ get }) => ({ auth: 'pubkey', pubkeys: [publicPem(get(certificate))], id: gatewayName }),
    remote: ({ user }) => ({
      auth: 'pubkey',
      id: '%any',
      pubkeys: users.map((name) => publicPem(user(name))),
    }),
  };
}

/** `none`: the CA of the gateway is trusted. */
function client(name: UserCertificateName, gatewayKey: CertificateName | 'none' = 'ec-p256'): ClientConfig {
  return {
    profile: ({ user, get }) => ({
      authentication: { method: 'public-key', key: { pem: user(name).privateKeyPem, name } },
      ...(gatewayKey === 'none' ? {} : { trust: { publicKey: publicPem(get(gatewayKey)) } }),
    }),
  };
}

/** As charon writes it. */
const keyIdOf =
  (name: UserCertificateName) =>
  ({ user }: Certificates): string => {
    const spki = createPublicKey(user(name).privateKey).export({ type: 'spki', format: 'der' });
    return createHash('sha1')
      .update(spki)
      .digest('hex')
      .replace(/..(?=.)/g, '$&:');
  };

const byKey = 'ECDSA P-256 with SHA-256, by its raw public key';

export const publicKeyCases: readonly InteropCase[] = [
  {
    name: 'public keys without certificates on both sides',
    theme,
    gateway: gateway(['rsa', 'ec-p256']),
    client: client('ec-p256'),
    expect: {
      up: true,
      user: keyIdOf('ec-p256'),
      shows: {
        localAuthentication: 'ECDSA P-256 with SHA-256',
        remoteAuthentication: byKey,
      },
    },
  },
  {
    name: 'a public key of RSA for the user, a certificate for the gateway',
    theme,
    gateway: { ...gateway(['rsa']), local: undefined },
    client: client('rsa', 'none'),
    expect: {
      up: true,
      user: keyIdOf('rsa'),
      shows: {
        localAuthentication: 'RSA PKCS#1 with SHA-256',
        remoteAuthentication: 'ECDSA P-256 with SHA-256',
      },
    },
  },
  {
    name: 'a public key that the gateway does not have',
    theme,
    gateway: gateway(['rsa']),
    client: client('ec-p256'),
    expect: {
      up: false,
      failure: 'auth.refused-key',
      says: ['The gateway refused your public key, key-sha256:', 'whether the gateway has this key'],
    },
  },
  {
    name: 'a gateway with another public key than the profile says',
    theme,
    gateway: gateway(['ec-p256'], 'ec-p384'),
    client: client('ec-p256'),
    expect: {
      up: false,
      failure: 'auth.unknown-key',
      says: ['The gateway has another public key than the one in this profile.'],
    },
  },
];
