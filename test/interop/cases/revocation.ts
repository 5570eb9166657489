import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Namespace } from '../../support/net/lab.ts';
import type { Issued } from '../../support/pki.ts';
import type { ClientConfig, InteropCase } from '../case.ts';
import { type CertificateName, type Certificates, web } from '../certificates.ts';
import { pause, type Stage } from '../stage.ts';

const program = fileURLToPath(new URL('../ca-server.ts', import.meta.url));
const serving = new WeakSet<Namespace>();

/** Certificates that the CA has revoked, and those that it has never heard of. */
const revoked: readonly CertificateName[] = ['ocsp-revoked', 'crl-revoked'];
const known: readonly CertificateName[] = ['ocsp-good', 'ocsp-delegated', 'ocsp-late', 'crl-good'];

/** Starts the CA's web server beside the gateway; once in each lane. */
async function startCa({ topology: { gateway }, certificates }: Stage): Promise<void> {
  if (serving.has(gateway)) return;
  serving.add(gateway);
  const folder = join(gateway.folder, 'ca');
  mkdirSync(folder, { recursive: true });
  const put = (name: string, issued: Issued): void => {
    writeFileSync(join(folder, `${name}.pem`), issued.pem);
    writeFileSync(join(folder, `${name}.key`), issued.privateKeyPem);
    writeFileSync(join(folder, `${name}.der`), issued.der);
  };
  put('root', certificates.roots.ec);
  put('signer', certificates.ocspSigner);
  put('intermediate', certificates.intermediate);
  put('gateway', certificates.get('ec-p256'));
  const sha1 = createHash('sha1').update(certificates.get('ec-p256').der).digest('hex');
  writeFileSync(join(folder, 'by-hash.txt'), sha1);
  const line = (name: CertificateName, isRevoked: boolean): string => {
    const serial = new X509Certificate(Buffer.from(certificates.get(name).der)).serialNumber;
    return `${isRevoked ? 'R' : 'V'}\t350101000000Z\t${isRevoked ? '260102030405Z,keyCompromise' : ''}\t${serial}\tunknown\t/CN=${name}\n`;
  };
  const good = known.map((name) => line(name, false)).join('');
  for (const name of ['good', 'delegated']) writeFileSync(join(folder, `${name}.txt`), good);
  writeFileSync(join(folder, 'unknown.txt'), '');
  writeFileSync(join(folder, 'revoked.txt'), revoked.map((name) => line(name, true)).join(''));
  gateway.spawn([process.execPath, program, folder, '192.0.2.3', '8080']);
  for (let tries = 0; tries < 100; tries++) {
    const { status } = await gateway.run(['sh', '-c', 'ss -ltn | grep -q 192.0.2.3:8080']);
    if (status === 0) return;
    await pause(50);
  }
  throw new Error('the web server of the CA does not start');
}

type Trust = ReturnType<NonNullable<ClientConfig['trust']>>;

function row(
  name: string,
  certificate: CertificateName,
  trust: Trust | ((certificates: Certificates) => Trust),
  failure?: string,
  fetches = true,
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
        : { up: false, failure },
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

export const revocationCases: readonly InteropCase[] = [
  row('OCSP says good', 'ocsp-good', strict),
  row('OCSP says revoked', 'ocsp-revoked', soft, 'certificate.revoked'),
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
  row('a missing intermediate CA', 'issuer-named', {}, 'certificate.unknown-ca'),
  row('a missing intermediate CA, fetched', 'issuer-named', { fetchCertificates: true }),
  byHash('hash and URL in place of the certificate', { fetchCertificates: true }, true),
  byHash('hash and URL, which the profile does not allow', {}, false),
];
