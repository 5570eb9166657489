import type { GatewayConfig, InteropCase } from '../case.ts';

function good(name: string, gateway: GatewayConfig, client: InteropCase['client'] = {}): InteropCase {
  return { name, theme: 'certificates', gateway, client, expect: { up: true } };
}

function bad(
  name: string,
  gateway: GatewayConfig,
  failure: string,
  client: InteropCase['client'] = {},
  says: readonly string[] = [],
): InteropCase {
  return { name, theme: 'certificates', gateway, client, expect: { up: false, failure, says } };
}

export const certificateCases: readonly InteropCase[] = [
  good('RSA, PKCS#1 with SHA-256', { certificate: 'rsa', auth: 'rsa-sha256' }),
  good('RSA, PKCS#1 with SHA-384', { certificate: 'rsa', auth: 'rsa-sha384' }),
  good('RSA, PKCS#1 with SHA-512', { certificate: 'rsa', auth: 'rsa-sha512' }),
  good('RSA, PSS with SHA-256', { certificate: 'rsa', auth: 'rsa/pss-sha256' }),
  good('RSA, PSS with SHA-384', { certificate: 'rsa', auth: 'rsa/pss-sha384' }),
  good('RSA, PSS with SHA-512', { certificate: 'rsa', auth: 'rsa/pss-sha512' }),
  good('RSA, a certificate that is itself signed with PSS', { certificate: 'rsa-signed-pss' }),
  good('ECDSA P-256', { certificate: 'ec-p256' }),
  good('ECDSA P-384', { certificate: 'ec-p384' }),
  good('ECDSA P-521', { certificate: 'ec-p521' }),
  good('ECDSA P-256 with SHA-512', { certificate: 'ec-p256', auth: 'ecdsa-sha512' }),
  good('ECDSA P-256, the classic method 9', { certificate: 'ec-p256', classicSignatures: true }),
  good('ECDSA P-384, the classic method 10', { certificate: 'ec-p384', classicSignatures: true }),
  good('ECDSA P-521, the classic method 11', { certificate: 'ec-p521', classicSignatures: true }),
  good('Ed25519', { certificate: 'ed25519' }),
  good('an intermediate CA between', { certificate: 'under-intermediate' }),

  bad('a CA that the profile does not name', {}, 'certificate.unknown-ca', { wrongCa: true }, [
    "The gateway's certificate was issued by O=Godwit Test, CN=Godwit Test Root, which this profile does not trust.",
  ]),
  // charon signs so with SHA-1 and nothing else.
  bad(
    'RSA, the classic method 1 over SHA-1',
    { certificate: 'rsa', classicSignatures: true },
    'auth.weak-signature',
  ),
  good(
    'RSA, the classic method 1 over SHA-1, where the profile allows it',
    { certificate: 'rsa', classicSignatures: true },
    { allowSha1Signatures: true },
  ),
  bad('a chain longer than its root allows', { certificate: 'too-deep' }, 'certificate.chain', {}, [
    "The gateway's certificate chain is broken: ",
    'Godwit Short Root',
  ]),
  bad('a name that its CA may not give out', { certificate: 'outside-of-its-ca' }, 'certificate.chain', {}, [
    "The gateway's certificate chain is broken: ",
    'Godwit Test Elsewhere',
  ]),
  bad('expired', { certificate: 'expired' }, 'certificate.expired', {}, [
    'The certificate of O=Godwit Test, CN=vpn.example.org expired on ',
    "Check this computer's date",
  ]),
  bad('not yet valid', { certificate: 'not-yet-valid' }, 'certificate.not-yet-valid'),
  bad('another name', { certificate: 'other-name' }, 'certificate.name', { remoteIdentity: null }, [
    'The gateway was expected to be 192.0.2.2, but its certificate says other.example.org',
  ]),
  bad('its name only in the subject', { certificate: 'common-name-only' }, 'certificate.name', {
    remoteIdentity: null,
  }),
  bad('without serverAuth', { certificate: 'no-server-auth' }, 'certificate.usage', {}, [
    "The gateway's certificate may not be used for a server: it lacks the extended key usage serverAuth.",
  ]),
  {
    name: 'a gateway that is not the one that the profile asks for',
    theme: 'certificates',
    gateway: { certificate: 'other-name' },
    client: {},
    expect: { up: false, failure: 'auth.refused-early' },
  },
];
