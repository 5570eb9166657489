import { X509Certificate } from 'node:crypto';
import { limits } from '../../base/limits.ts';
import { formatPem } from '../../base/pem.ts';
import type { CertificateFacts } from '../../rpc/key-files.ts';
import { toPipe } from './pipe-octets.ts';

/** What people want to know of a certificate. `der` may be a stranger's; it has been read as X.509 before. */
export function factsOf(der: Uint8Array): CertificateFacts {
  const certificate = new X509Certificate(der);
  const { subject, issuer, validFromDate, validToDate, ca } = certificate;
  const names = certificate.subjectAltName ?? '';
  const commonName = /^CN=(.+)$/m.exec(subject)?.[1];
  // A name in quotes holds characters that would be taken for the next name.
  const email = /(?:^|, )email:([^",\s]+@[^",\s]+)(?=,|$)/.exec(names)?.[1];
  return {
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    notBefore: Math.max(0, validFromDate.getTime()),
    notAfter: Math.max(0, validToDate.getTime()),
    names: names.slice(0, limits.rpcTextCharacters),
    ...(commonName === undefined ? {} : { commonName: commonName.slice(0, limits.rpcTextCharacters) }),
    ...(email === undefined ? {} : { email: email.slice(0, limits.rpcTextCharacters) }),
    authority: ca,
    pem: formatPem('CERTIFICATE', toPipe(der)),
  };
}

/** Node writes a name one part a line. */
export function oneLine(name: string): string {
  return name.split('\n').join(', ').slice(0, 1_024);
}
