import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Namespace } from '../support/net/lab.ts';
import type { Issued } from '../support/pki.ts';
import type { CertificateName, UserCertificateName } from './certificates.ts';
import type { Stage } from './stage.ts';

const program = fileURLToPath(new URL('./ca-server.ts', import.meta.url));
const serving = new WeakSet<Namespace>();

/** Certificates that the CA has revoked, and those that it has never heard of. */
const revoked: readonly CertificateName[] = ['ocsp-revoked', 'crl-revoked'];
const known: readonly CertificateName[] = [
  'ocsp-good',
  'ocsp-delegated',
  'ocsp-late',
  'ocsp-local',
  'crl-good',
];
/** The same of the user's. */
const revokedUsers: readonly UserCertificateName[] = ['ocsp-revoked', 'crl-revoked'];
const knownUsers: readonly UserCertificateName[] = ['ocsp-good', 'crl-good'];

/** Starts the CA's web server beside the gateway; once in each lane. */
export async function startCa({ topology: { gateway }, certificates }: Stage): Promise<void> {
  if (serving.has(gateway)) return;
  const folder = join(gateway.folder, 'ca');
  mkdirSync(folder, { recursive: true });
  const put = (name: string, issued: Issued): void => {
    writeFileSync(join(folder, `${name}.pem`), issued.pem);
    writeFileSync(join(folder, `${name}.key`), issued.privateKeyPem);
    writeFileSync(join(folder, `${name}.der`), issued.der);
  };
  put('root', certificates.roots.ec);
  put('signer', certificates.ocspSigner);
  put('local-signer', certificates.localSigner);
  put('intermediate', certificates.intermediate);
  put('gateway', certificates.get('ec-p256'));
  const sha1 = createHash('sha1').update(certificates.get('ec-p256').der).digest('hex');
  writeFileSync(join(folder, 'by-hash.txt'), sha1);
  const line = ({ der }: Issued, isRevoked: boolean): string => {
    const serial = new X509Certificate(Buffer.from(der)).serialNumber;
    return `${isRevoked ? 'R' : 'V'}\t350101000000Z\t${isRevoked ? '260102030405Z,keyCompromise' : ''}\t${serial}\tunknown\t/CN=${serial}\n`;
  };
  const lines = (
    names: readonly CertificateName[],
    users: readonly UserCertificateName[],
    isRevoked: boolean,
  ): string =>
    [...names.map(certificates.get), ...users.map(certificates.user)]
      .map((each) => line(each, isRevoked))
      .join('');
  const good = lines(known, knownUsers, false);
  for (const name of ['good', 'delegated', 'local']) writeFileSync(join(folder, `${name}.txt`), good);
  writeFileSync(join(folder, 'unknown.txt'), '');
  writeFileSync(join(folder, 'revoked.txt'), lines(revoked, revokedUsers, true));
  const server = gateway.spawn([process.execPath, program, folder, '192.0.2.3', '8080']);
  await server.waitFor(/listening/, 40_000);
  serving.add(gateway);
}

/** From where each request for `path` came, in order. */
export function askersOf({ topology: { gateway } }: Stage, path: string): readonly string[] {
  const lines = readFileSync(join(gateway.folder, 'ca/requests.txt'), 'utf8').split('\n');
  return lines.filter((line) => line.startsWith(`${path} `)).map((line) => line.slice(path.length + 1));
}
