import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '../../../core/base/octets.ts';
import { type Certificate, parseCertificate } from '../../../core/pki/certificate.ts';
import type { Made } from './certificate-maker.ts';

/** What a CA knows of a certificate: `undefined` is good. */
export interface Entry {
  readonly of: Made;
  readonly revoked?: { readonly reason?: string };
}

/** A CA's database with `openssl ca` and `openssl ocsp` on it. */
export function authority(issuer: Made, entries: readonly Entry[]) {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-ca-'));
  const path = (name: string) => join(folder, name);
  const openssl = (...command: string[]) => execFileSync('openssl', command, { stdio: 'pipe' });
  const lines = entries.map(({ of, revoked }) => {
    const serial = toHex(read(of).serial).toUpperCase();
    const reason = revoked?.reason === undefined ? '' : `,${revoked.reason}`;
    return revoked === undefined
      ? `V\t350101000000Z\t\t${serial}\tunknown\t/CN=any`
      : `R\t350101000000Z\t260102030405Z${reason}\t${serial}\tunknown\t/CN=any`;
  });
  writeFileSync(path('index.txt'), lines.map((line) => `${line}\n`).join(''));
  writeFileSync(path('crlnumber'), '01\n');
  return {
    /** A CRL in DER; `extensions` are lines of openssl's syntax. */
    crl(options: { days?: number; extensions?: readonly string[]; signer?: Made } = {}): Uint8Array {
      const { days = 7, extensions = [], signer = issuer } = options;
      writeFileSync(
        path('ca.cnf'),
        `[ca]\ndefault_ca=a\n[a]\ndatabase=${path('index.txt')}\ncrlnumber=${path('crlnumber')}\ndefault_md=sha256\n` +
          `${extensions.length > 0 ? 'crl_extensions=e\n' : ''}[e]\n${extensions.join('\n')}\n`,
      );
      openssl(
        ...['ca', '-gencrl', '-config', path('ca.cnf'), '-cert', signer.certificateFile],
        ...['-keyfile', signer.keyFile, '-crldays', String(days), '-out', path('crl.pem')],
      );
      openssl('crl', '-in', path('crl.pem'), '-outform', 'DER', '-out', path('crl.der'));
      return new Uint8Array(readFileSync(path('crl.der')));
    },
    /** The answer (DER) to an OCSP request; `minutes` until the next update, which is left out by default. */
    ocsp(
      request: Uint8Array,
      options: { signer?: Made; minutes?: number; more?: readonly string[] } = {},
    ): Uint8Array {
      const { signer = issuer, minutes, more = [] } = options;
      writeFileSync(path('request.der'), request);
      openssl(
        ...['ocsp', '-index', path('index.txt'), '-CA', issuer.certificateFile],
        ...['-rsigner', signer.certificateFile, '-rkey', signer.keyFile],
        ...['-reqin', path('request.der'), '-respout', path('response.der')],
        ...(minutes === undefined ? [] : ['-nmin', String(minutes)]),
        ...more,
      );
      return new Uint8Array(readFileSync(path('response.der')));
    },
    clean: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** @throws Error for an unreadable certificate: it was just made. */
export function read({ der }: Made): Certificate {
  const parsed = parseCertificate(der);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}
