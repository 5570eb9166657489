import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Issued, issueCrl } from '../../support/pki.ts';
import { startCa } from '../ca.ts';
import type { ClientConfig, InteropCase } from '../case.ts';
import { type CertificateName, type Certificates, web } from '../certificates.ts';
import type { Stage } from '../stage.ts';

type Trust = ReturnType<NonNullable<ClientConfig['trust']>>;

function row(
  name: string,
  certificate: CertificateName,
  trust: Trust | ((certificates: Certificates) => Trust),
  failure?: string,
  fetches = true,
  says: readonly string[] = [],
): InteropCase {
  return {
    name,
    theme: 'certificates',
    gateway: { certificate },
    client: { trust: typeof trust === 'function' ? trust : () => trust },
    before: startCa,
    expect:
      failure === undefined
        ? { up: true, ...(fetches ? { fetches: true as const } : {}) }
        : { up: false, failure, says },
  };
}

/** charon sends an address where the client says that it looks there. @rfc 7296 3.6 */
function byHash(name: string, trust: Trust, fetches: boolean): InteropCase {
  const plain = row(name, 'ec-p256', trust, undefined, fetches);
  return {
    ...plain,
    before: async (stage) => {
      await startCa(stage);
      await stage.gateway.loadAuthority('ca', stage.certificates.roots.ec, {
        cert_uri_base: `${web}/by-hash/`,
      });
    },
    during: async (stage) => {
      await stage.gateway.unloadAuthority('ca');
      return [];
    },
  };
}

const soft = { revocation: { fetch: true } };
const strict = { revocation: { mode: 'strict', fetch: true } };
const unknown = 'certificate.revocation-unknown';

function pinOf({ der }: Issued): string {
  return `certificate-sha256:${createHash('sha256').update(der).digest('hex')}`;
}

/** The user disconnects and connects again, with the same profile or with another. */
export async function again(stage: Stage, profile = stage.profile): Promise<string[]> {
  await stage.client.disconnect();
  const login = await stage.client.connect(profile);
  return login.ok ? [] : [`the second time: ${login.failure} ${login.detail}`];
}

/** As update-ca-certificates does it on Debian. */
function trustInSystem({ topology: { client }, certificates }: Stage): void {
  const folder = join(client.folder, 'etc/ssl');
  rmSync(folder);
  mkdirSync(join(folder, 'certs'), { recursive: true });
  const { otherCa, roots } = certificates;
  writeFileSync(join(folder, 'certs/ca-certificates.crt'), otherCa.pem + roots.ec.pem);
}

function distrustInSystem({ topology: { client } }: Stage): void {
  const folder = join(client.folder, 'etc/ssl');
  rmSync(folder, { recursive: true });
  symlinkSync('/run/etc/ssl', folder);
}

export const revocationCases: readonly InteropCase[] = [
  row('OCSP says good', 'ocsp-good', strict),
  row('OCSP says revoked', 'ocsp-revoked', soft, 'certificate.revoked', true, [
    'The certificate of O=Godwit Test, CN=vpn.example.org was revoked on 2026-01-02 03:04 UTC: ',
    'Do not connect.',
  ]),
  row('OCSP does not know it, strict', 'ocsp-unknown', strict, unknown),
  row('OCSP does not know it, soft', 'ocsp-unknown', soft),
  row('OCSP by one whom the CA named', 'ocsp-delegated', strict),
  row('OCSP, two dead addresses before a good one', 'ocsp-late', strict),
  row('OCSP, nobody answers, strict', 'ocsp-dead', strict, unknown),
  row('a CRL without the certificate', 'crl-good', strict),
  row('a CRL with the certificate', 'crl-revoked', soft, 'certificate.revoked'),
  row('a CRL that is out of date, strict', 'crl-old', strict, unknown),
  row('no CRL to be had, strict', 'crl-missing', strict, unknown),
  row('no CRL to be had, soft', 'crl-missing', soft),
  {
    ...row('a CRL that was fetched before, and is not there any more, strict', 'crl-once', strict),
    endsTunnel: true,
    during: (stage) => again(stage),
  },
  row(
    'a CRL in the profile, strict',
    'ec-p256',
    ({ roots }) => ({ revocation: { mode: 'strict', crl: issueCrl(roots.ec, []) } }),
    undefined,
    false,
  ),
  row(
    'a CRL in the profile that names the certificate',
    'ec-p256',
    ({ roots, get }) => ({ revocation: { crl: issueCrl(roots.ec, [get('ec-p256')]) } }),
    'certificate.revoked',
  ),
  row(
    'a CRL in the profile, of another CA, strict',
    'ec-p256',
    ({ otherCa }) => ({ revocation: { mode: 'strict', crl: issueCrl(otherCa, []) } }),
    unknown,
  ),
  row('OCSP by one whom nobody named, strict', 'ocsp-local', strict, unknown),
  row('OCSP by one whom the profile names, strict', 'ocsp-local', ({ localSigner }) => ({
    revocation: { mode: 'strict', fetch: true, ocspSigner: localSigner.pem },
  })),
  row('a certificate that names nobody to ask, strict', 'ec-p256', strict, unknown),
  row(
    'the certificate is pinned',
    'ec-p256',
    (made) => ({ ca: undefined, pins: [pinOf(made.get('ec-p256'))] }),
    undefined,
    false,
  ),
  row(
    'another certificate is pinned',
    'ec-p256',
    (made) => ({ pins: [pinOf(made.otherCa)] }),
    'certificate.pin',
  ),
  row(
    "the system's CAs, which do not know the gateway's",
    'ec-p256',
    { ca: undefined, system: true },
    'certificate.unknown-ca',
  ),
  {
    ...row(
      "the system's CAs, to which the gateway's was added",
      'ec-p256',
      { ca: undefined, system: true },
      undefined,
      false,
    ),
    before: async (stage) => trustInSystem(stage),
    during: async (stage) => {
      distrustInSystem(stage);
      return [];
    },
  },
  row('a missing intermediate CA', 'issuer-named', {}, 'certificate.unknown-ca'),
  row('a missing intermediate CA, fetched', 'issuer-named', { fetchCertificates: true }),
  byHash('hash and URL in place of the certificate', { fetchCertificates: true }, true),
  byHash('hash and URL, which the profile does not allow', {}, false),
];
